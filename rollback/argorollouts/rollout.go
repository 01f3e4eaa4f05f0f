package argorollouts

import (
	"context"
	"errors"
	"fmt"
	"strconv"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/pushback/pushback/rollback"
	"github.com/pushback/pushback/rollback/internal/call"
	"github.com/pushback/pushback/rollback/internal/cluster"
)

// rollouts is the resource of Argo Rollouts.
var rollouts = schema.GroupVersionResource{Group: "argoproj.io", Version: "v1alpha1", Resource: "rollouts"}

const (
	revisionAnnotation = "rollout.argoproj.io/revision"
	hashLabel          = "rollouts-pod-template-hash"
)

// rollout reads a Rollout's fields under their names.
type rollout struct{ *unstructured.Unstructured }

func (r rollout) text(fields ...string) string {
	s, _, _ := unstructured.NestedString(r.Object, fields...)
	return s
}

func (r rollout) yes(fields ...string) bool {
	b, _, _ := unstructured.NestedBool(r.Object, fields...)
	return b
}

func (r rollout) phase() string { return r.text("status", "phase") }

// promoted says whether nothing is under way: all pods are of one template.
func (r rollout) promoted() bool {
	return r.text("status", "stableRS") == r.text("status", "currentPodHash")
}

// seen says whether the controller has taken up the spec as it is, and that
// of the Deployment it refers to, which is of the generation workload at least.
// It writes generations as texts.
func (r rollout) seen(workload int64) bool {
	if !r.observed("observedGeneration", r.GetGeneration()) {
		return false
	}
	return r.text("spec", "workloadRef", "name") == "" || r.observed("workloadObservedGeneration", workload)
}

func (r rollout) observed(field string, generation int64) bool {
	n, err := strconv.ParseInt(r.text("status", field), 10, 64)
	return err == nil && n >= generation
}

// template is the pod template, of the Rollout itself or of the Deployment
// that it refers to.
func template(o *unstructured.Unstructured) (cluster.Template, bool) {
	t, found, _ := unstructured.NestedMap(o.Object, "spec", "template")
	return cluster.Clean(t, hashLabel), found
}

// back is what going back comes to.
type back struct {
	object cluster.Object // the Rollout
	host   cluster.Object // what holds the template: the Rollout, or its Deployment
	holder *unstructured.Unstructured
	now    rollout
	here   bool // the template is of the wanted version
	abort  bool
	undo   bool
	to     cluster.Revision
}

// settled says whether there is nothing to do and nothing to wait for.
func (b back) settled() bool {
	end, err := b.well(b.now)
	return b.here && !b.abort && end && err == nil
}

// patch puts the template back. kubectl's plugin leaves the annotations alone.
func (b back) patch() []cluster.Operation {
	return []cluster.Operation{cluster.Unchanged(b.holder), {Op: "replace", Path: "/spec/template", Value: b.to.Template}}
}

func (h *Hook) object(p rollback.Plan) (cluster.Object, error) {
	return cluster.Name(rollouts, h.config.Namespace, h.config.Rollout, "rollout", p)
}

func (h *Hook) wanted(p rollback.Plan) cluster.Wanted {
	return cluster.Wanted{Version: p.Target, Left: p.Change.Version, Container: h.config.Container}
}

func (h *Hook) look(ctx context.Context, p rollback.Plan) (b back, err error) {
	if b.object, err = h.object(p); err != nil {
		return b, fmt.Errorf("%w: %w", rollback.ErrNotSent, err)
	}
	found, err := h.cluster.Get(ctx, b.object)
	if err != nil {
		return b, err
	}
	b.now = rollout{found}
	now, err := h.hold(ctx, &b)
	if err != nil {
		return b, err
	}
	if b.here, err = h.wanted(p).Here(now); err != nil || b.here {
		return b, err
	}
	if h.config.AbortOnly {
		return b, h.abortion(ctx, p, &b)
	}
	if err := refuse(b); err != nil {
		return b, err
	}
	history, err := h.cluster.History(ctx, found, revisionAnnotation, hashLabel)
	if err != nil {
		return b, err
	}
	b.undo, b.abort = true, !b.now.promoted() && !b.now.yes("status", "abort")
	b.to, err = h.wanted(p).Find(history, now)
	return b, err
}

// hold finds what holds the template, and reads it.
func (h *Hook) hold(ctx context.Context, b *back) (cluster.Template, error) {
	b.host, b.holder = b.object, b.now.Unstructured
	if now, found := template(b.holder); found {
		return now, nil
	}
	if kind, name := b.now.text("spec", "workloadRef", "kind"), b.now.text("spec", "workloadRef", "name"); kind == "Deployment" {
		b.host = cluster.Object{Resource: cluster.Deployments, Namespace: b.object.Namespace, Name: name}
	} else {
		return nil, fmt.Errorf("its template is neither in it nor in a Deployment: workloadRef is of kind %q", rollback.Output(kind))
	}
	if err := b.host.Check(); err != nil {
		return nil, err
	}
	var err error
	if b.holder, err = h.cluster.Get(ctx, b.host); err != nil {
		return nil, err
	}
	now, _ := template(b.holder)
	return now, nil
}

// refuse says why a Rollout must not be undone by us.
func refuse(b back) error {
	if b.now.yes("spec", "paused") {
		return errors.New("it is paused: nothing would roll out until a person resumes it")
	}
	if keeper := cluster.Keeper(b.holder); keeper != "" {
		return fmt.Errorf("%s keeps it as git says and would undo the undoing: set abort_only, and revert in git (kind github, does: revert)", keeper)
	}
	return nil
}

// abortion is going back without touching the spec: to the stable pods, which
// must be those of the wanted version.
func (h *Hook) abortion(ctx context.Context, p rollback.Plan, b *back) error {
	if b.now.promoted() {
		return errors.New("it is fully promoted, and with abort_only there is nothing to abort: revert in git (kind github, does: revert)")
	}
	history, err := h.cluster.History(ctx, b.now.Unstructured, revisionAnnotation, hashLabel)
	if err != nil {
		return err
	}
	for _, r := range history {
		if r.Hash != b.now.text("status", "stableRS") {
			continue
		}
		if here, err := h.wanted(p).Here(r.Template); err != nil || !here {
			return errors.Join(err, fmt.Errorf("its stable pods are not of version %q but of %s", p.Target, r.Template.Running(h.config.Container)))
		}
		b.to, b.abort = r, !b.now.yes("status", "abort")
		return nil
	}
	return errors.New("the ReplicaSet of its stable pods is not among its own")
}

// generation is the one that the template will have when all is done.
func (b back) generation() int64 {
	if b.undo {
		return b.holder.GetGeneration() + 1
	}
	return b.holder.GetGeneration()
}

// well says whether the Rollout, looked at now, has arrived at what its spec
// asks for.
func (b back) well(r rollout) (bool, error) {
	if !r.seen(b.generation()) || !r.promoted() {
		return false, nil
	}
	switch phase := r.phase(); {
	case phase == "Healthy":
		return true, nil
	case phase == "Degraded" && !r.yes("status", "abort"):
		return false, &call.Ended{Why: rollback.Output("the Rollout is degraded: " + r.text("status", "message"))}
	}
	return false, nil
}

// aborted says whether the controller has taken the abort up: it writes down
// when, and calls the Rollout degraded, which it then is on purpose.
func aborted(r rollout) (bool, error) {
	return r.yes("status", "abort") && r.text("status", "abortedAt") != "", nil
}
