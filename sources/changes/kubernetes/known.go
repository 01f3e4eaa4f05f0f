package kubernetes

import (
	"context"
	"fmt"
	"time"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"

	"github.com/pushback/pushback/internal/kube"
	"github.com/pushback/pushback/sources"
)

// known is what was last told of a workload.
type known struct {
	uid      types.UID
	state    string        // the name of its template; "" before any was seen to run
	revision int64         // the number of the revision; 0 if it was not asked for
	rolling  sources.Event // the change whose end is to be told; the zero Event for none
	failed   bool          // that it failed is told; it may still succeed
	idle     bool          // it ran no pods when it was seen last
}

// see compares a workload with what is known of it, and tells what happened.
func (w *watcher) see(ctx context.Context, o *unstructured.Unstructured) error {
	k := w.known[key(o)]
	if k == nil || k.uid != o.GetUID() {
		k = &known{uid: o.GetUID()}
		w.known[key(o)] = k
	}
	if idle(o) {
		k.idle = true
		return nil
	}
	if !kube.Observed(o) {
		return nil // the controller writes the object again when it has
	}
	if state := w.kind.state(o); state != k.state {
		if moved, err := w.move(ctx, k, o, state); !moved || err != nil {
			return err
		}
	}
	k.idle = false
	return w.tellEnd(ctx, k, o)
}

// move takes note of a new template. False while the controller has made no revision of it.
func (w *watcher) move(ctx context.Context, k *known, o *unstructured.Unstructured, state string) (bool, error) {
	if k.state == "" && w.unchangedSince(o) {
		k.state = state
		return true, nil
	}
	history, err := w.history(ctx, o)
	if err != nil {
		return false, err
	}
	r, made := w.kind.find(o, history)
	if !made {
		return false, nil
	}
	start := w.kind.startedAt(o, r, w.feed.now())
	e := w.feed.event(w.kind, o, r, start)
	if k.state == "" && start.Before(w.horizon) {
		err = w.resume(ctx, k, e)
	} else {
		if k.idle && k.state != "" {
			e.At = w.feed.now() // its pods start now, whenever the template came
		}
		err = w.tellStart(ctx, k, o, r, e)
	}
	if err == nil {
		k.state, k.revision = state, r.revision().Number
	}
	return err == nil, err
}

// unchangedSince reports whether a workload has run as it does since before the horizon, as
// nearly all do, so that its revisions need not be asked for.
func (w *watcher) unchangedSince(o *unstructured.Unstructured) bool {
	_, set := setter(o)
	status, end := w.kind.end(o)
	if end.IsZero() {
		end = statusTime(o)
	}
	return status == sources.Succeeded && !set.IsZero() && set.Before(w.horizon) && !end.IsZero() && end.Before(w.horizon)
}

// resume continues a change that was told before this process started: its end is to be told.
// What was never told is the baseline, and stays so.
func (w *watcher) resume(ctx context.Context, k *known, e sources.Event) error {
	status, told, err := w.feed.told(ctx, e)
	if err != nil {
		return fmt.Errorf("reading what is stored of %s: %w", e.Labels["workload"], err)
	}
	if told && status != sources.Succeeded {
		k.rolling, k.failed = e, status == sources.Failed
	}
	return nil
}

// maxMissed bounds how many revisions of a workload that came and went unseen are told.
const maxMissed = 10

// tellStart tells that the rollout of a revision began, after those that came and went while
// nobody watched.
func (w *watcher) tellStart(ctx context.Context, k *known, o *unstructured.Unstructured, r rolled, e sources.Event) error {
	var missed []sources.Event
	for m, ok := r.older(); ok && len(missed) < maxMissed; m, ok = m.older() {
		made := m.revision().Created
		if m.revision().Number <= k.revision || made.Before(w.horizon) || made.After(e.At) {
			break
		}
		old := w.feed.event(w.kind, o, m, made)
		old.Actor = "" // who set the template since
		missed = append([]sources.Event{old}, missed...)
	}
	for _, m := range append(missed, e) {
		if err := w.tell(ctx, m, o); err != nil {
			return err
		}
	}
	k.rolling, k.failed = e, false
	return nil
}

// tellEnd tells how the change that is rolling ended, once it has.
func (w *watcher) tellEnd(ctx context.Context, k *known, o *unstructured.Unstructured) error {
	if k.rolling.EventID == "" {
		return nil
	}
	status, at := w.kind.end(o)
	if status == "" || status == sources.Failed && k.failed {
		return nil
	}
	if err := w.tell(ctx, ended(k.rolling, status, w.endTime(k, o, at)), o); err != nil {
		return err
	}
	if status == sources.Failed {
		k.failed = true
		return nil
	}
	k.rolling = sources.Event{}
	return nil
}

// endTime is when a rollout ended: as the condition says, else when the status was last
// written, else now. It is never before the start.
func (w *watcher) endTime(k *known, o *unstructured.Unstructured, at time.Time) time.Time {
	if at.IsZero() {
		at = statusTime(o)
	}
	if at.IsZero() {
		at = w.feed.now()
	}
	if at.Before(k.rolling.At) {
		return k.rolling.At
	}
	return at
}

func key(o *unstructured.Unstructured) string { return o.GetNamespace() + "/" + o.GetName() }
