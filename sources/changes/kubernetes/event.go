package kubernetes

import (
	"cmp"
	"fmt"
	"time"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/pushback/pushback/internal/kube"
	"github.com/pushback/pushback/sources"
)

// rolled is the revision that a workload is to run, among its others.
type rolled struct {
	history []kube.Revision // newest first
	at      int             // of the revision, in history
}

// find returns the revision of the template that the workload is to run; false while the
// controller has not made it, as for a Deployment that is paused.
func (k kind) find(o *unstructured.Unstructured, history []kube.Revision) (rolled, bool) {
	for i, r := range history {
		if k.runs(o, r) {
			return rolled{history, i}, true
		}
	}
	return rolled{}, false
}

func (r rolled) revision() kube.Revision { return r.history[r.at] }

// older is the revision before it; false where there is none any more.
func (r rolled) older() (rolled, bool) {
	return rolled{r.history, r.at + 1}, r.at+1 < len(r.history)
}

// reused reports whether the revision was made by going back: its object is older than that
// of a revision before it.
func (r rolled) reused() bool {
	for _, before := range r.history[r.at+1:] {
		if before.Created.After(r.revision().Created) {
			return true
		}
	}
	return false
}

// startedAt is when the rollout to the revision began: when its object was made, or, for one
// that was used again, when the template was set. An end is never before it.
func (k kind) startedAt(o *unstructured.Unstructured, r rolled, now time.Time) time.Time {
	if !r.reused() {
		return r.revision().Created
	}
	at := now
	if _, set := setter(o); !set.IsZero() {
		at = set
	}
	if _, ended := k.end(o); !ended.IsZero() && ended.Before(at) {
		at = ended
	}
	return at
}

// event is the start of the rollout to a revision.
func (f *Feed) event(k kind, o *unstructured.Unstructured, r rolled, at time.Time) sources.Event {
	revision := r.revision()
	var before kube.Template
	if older, ok := r.older(); ok {
		before = older.revision().Template
	}
	id := fmt.Sprintf("%s/%d", o.GetUID(), revision.Number)
	e := sources.Event{
		Source: f.name, EventID: id + "/" + string(sources.Started), ChangeID: id, Status: sources.Started, At: at, Sequence: revision.Number,
		Service: f.config.service(o), Environment: f.config.environment(o.GetNamespace()), Kind: sources.Deploy,
		Version: f.config.version(revision.Template, before),
		Labels: map[string]string{
			"namespace": o.GetNamespace(), "workload": k.word + "/" + o.GetName(), "revision": fmt.Sprint(revision.Number),
		},
	}
	e.Actor, _ = setter(o)
	if older, ok := r.older(); ok {
		e.Previous = f.previous(older, e.Version)
	}
	addLabel(e.Labels, "image", f.config.image(revision.Template, before))
	addLabel(e.Labels, "managed_by", kube.GitOpsOwner(o))
	addLabel(e.Labels, "change_cause", cmp.Or(revision.Annotations[changeCause], o.GetAnnotations()[changeCause]))
	return e
}

// changeCause is the annotation in which people say why they deploy.
const changeCause = "kubernetes.io/change-cause"

// previous is the version of the revision before, "" if it is the same: a new setting brought
// no version, and none is to be gone back to.
func (f *Feed) previous(older rolled, version string) string {
	var before kube.Template
	if o, ok := older.older(); ok {
		before = o.revision().Template
	}
	if v := f.config.version(older.revision().Template, before); v != version {
		return v
	}
	return ""
}

// addLabel adds a label that is of use: a text that sources.Admit would refuse must not cost the
// event.
func addLabel(all map[string]string, name, value string) {
	if value != "" {
		all[name] = sources.OneLine(value, sources.MaxText)
	}
}

// ended is the end of the change that e started.
func ended(e sources.Event, status sources.Status, at time.Time) sources.Event {
	e.EventID, e.Status, e.At = e.ChangeID+"/"+string(status), status, at
	return e
}
