package argorollouts

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strconv"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/pushback/pushback/internal/kube"
	"github.com/pushback/pushback/rollback"
	"github.com/pushback/pushback/rollback/internal/call"
	"github.com/pushback/pushback/rollback/internal/cluster"
)

// rollouts is the resource type of Rollouts.
var rollouts = kube.Rollouts

const (
	revisionAnnotation = kube.RolloutRevision
	hashLabel          = kube.RolloutHash
)

// rollout reads the fields of a Rollout.
type rollout struct{ *unstructured.Unstructured }

func (r rollout) stringField(fields ...string) string {
	s, _, _ := unstructured.NestedString(r.Object, fields...)
	return s
}

func (r rollout) boolField(fields ...string) bool {
	b, _, _ := unstructured.NestedBool(r.Object, fields...)
	return b
}

func (r rollout) phase() string { return r.stringField("status", "phase") }

// progress is how far the rollout has come: its pods and its phase.
func (r rollout) progress() string {
	updated, _, _ := unstructured.NestedInt64(r.Object, "status", "updatedReplicas")
	wanted, set, _ := unstructured.NestedInt64(r.Object, "spec", "replicas")
	if !set {
		wanted = 1
	}
	return fmt.Sprintf("%d of %d replicas updated, the Rollout is %s", updated, wanted, cmp.Or(r.phase(), "in an unknown phase"))
}

// fullyPromoted reports whether no rollout is in progress: the stable pods have the
// current template.
func (r rollout) fullyPromoted() bool {
	return r.stringField("status", "stableRS") == r.stringField("status", "currentPodHash")
}

// observedByController reports whether the controller has processed the present spec,
// and that of the Deployment it refers to, whose generation must be at least workload.
// The controller stores generations as strings.
func (r rollout) observedByController(workload int64) bool {
	if !r.observedGeneration("observedGeneration", r.GetGeneration()) {
		return false
	}
	return r.stringField("spec", "workloadRef", "name") == "" || r.observedGeneration("workloadObservedGeneration", workload)
}

func (r rollout) observedGeneration(field string, generation int64) bool {
	n, err := strconv.ParseInt(r.stringField("status", field), 10, 64)
	return err == nil && n >= generation
}

// podTemplate returns the pod template of a Rollout or a Deployment, and whether it has
// one.
func podTemplate(o *unstructured.Unstructured) (cluster.Template, bool) {
	t, found, _ := unstructured.NestedMap(o.Object, "spec", "template")
	return kube.CleanTemplate(t, hashLabel), found
}

// action is what a rollback of the Rollout has to do.
type action struct {
	object          cluster.Object             // the Rollout
	holderRef       cluster.Object             // the object with the template: the Rollout, or its Deployment
	holder          *unstructured.Unstructured // that object as it was read
	current         rollout                    // the Rollout as it was read
	templateMatches bool                       // the template has the target version
	abort           bool                       // the rollout in progress must be aborted
	undo            bool                       // the template of revision must be restored
	revision        cluster.Revision           // the revision with the target version
}

// alreadyLive reports whether there is nothing to do and nothing to wait for.
func (a action) alreadyLive() bool {
	end, err := a.finished(a.current)
	return a.templateMatches && !a.abort && end && err == nil
}

// templatePatch restores the template. It leaves the annotations alone, as kubectl's
// plugin does.
func (a action) templatePatch() []cluster.Operation {
	return []cluster.Operation{cluster.RequireUnchanged(a.holder), {Op: "replace", Path: "/spec/template", Value: a.revision.Template}}
}

func (h *Hook) object(p rollback.Plan) (cluster.Object, error) {
	return cluster.ResolveObject(rollouts, h.config.Namespace, h.config.Rollout, "rollout", p)
}

func (h *Hook) target(p rollback.Plan) cluster.Target {
	return cluster.Target{Version: p.Target, Leaving: p.Change.Version, Container: h.config.Container}
}

// inspect reads the Rollout and decides what a rollback to the plan's target has to do.
func (h *Hook) inspect(ctx context.Context, p rollback.Plan) (a action, err error) {
	if a.object, err = h.object(p); err != nil {
		return a, fmt.Errorf("%w: %w", rollback.ErrNotSent, err)
	}
	found, err := h.cluster.Get(ctx, a.object)
	if err != nil {
		return a, err
	}
	a.current = rollout{found}
	now, err := h.readTemplate(ctx, &a)
	if err != nil {
		return a, err
	}
	if a.templateMatches, err = h.target(p).Matches(now); err != nil || a.templateMatches {
		return a, err
	}
	if h.config.AbortOnly {
		return a, h.planAbort(ctx, p, &a)
	}
	if err := checkUndoAllowed(a); err != nil {
		return a, err
	}
	history, err := h.cluster.ReplicaSetRevisions(ctx, found, revisionAnnotation, hashLabel)
	if err != nil {
		return a, err
	}
	a.undo, a.abort = true, !a.current.fullyPromoted() && !a.current.boolField("status", "abort")
	a.revision, err = h.target(p).FindRevision(history, now)
	return a, err
}

// readTemplate finds the object that holds the template, and returns the template.
func (h *Hook) readTemplate(ctx context.Context, a *action) (cluster.Template, error) {
	a.holderRef, a.holder = a.object, a.current.Unstructured
	if now, found := podTemplate(a.holder); found {
		return now, nil
	}
	if kind, name := a.current.stringField("spec", "workloadRef", "kind"), a.current.stringField("spec", "workloadRef", "name"); kind == "Deployment" {
		a.holderRef = cluster.Object{Resource: cluster.Deployments, Namespace: a.object.Namespace, Name: name}
	} else {
		return nil, fmt.Errorf("its template is neither in the Rollout nor in a Deployment: workloadRef is of kind %q", rollback.Output(kind))
	}
	if err := a.holderRef.CheckNames(); err != nil {
		return nil, err
	}
	var err error
	if a.holder, err = h.cluster.Get(ctx, a.holderRef); err != nil {
		return nil, err
	}
	now, _ := podTemplate(a.holder)
	return now, nil
}

// checkUndoAllowed says why a Rollout must not be undone.
func checkUndoAllowed(a action) error {
	if a.current.boolField("spec", "paused") {
		return errors.New("it is paused: a person must resume it before anything rolls out")
	}
	if owner := kube.GitOpsOwner(a.holder); owner != "" {
		return fmt.Errorf("%s manages it and would revert the rollback: set abort_only, and revert in git (kind github, does: revert)", owner)
	}
	return nil
}

// planAbort completes an action that only aborts. The stable pods, which then get all
// traffic, must have the target version.
func (h *Hook) planAbort(ctx context.Context, p rollback.Plan, a *action) error {
	if a.current.fullyPromoted() {
		return errors.New("it is fully promoted, so that abort_only cannot roll it back: revert in git (kind github, does: revert)")
	}
	history, err := h.cluster.ReplicaSetRevisions(ctx, a.current.Unstructured, revisionAnnotation, hashLabel)
	if err != nil {
		return err
	}
	for _, r := range history {
		if r.Hash != a.current.stringField("status", "stableRS") {
			continue
		}
		if matches, err := h.target(p).Matches(r.Template); err != nil || !matches {
			return errors.Join(err, fmt.Errorf("its stable pods do not have version %q but %s", p.Target, cluster.ImageNames(r.Template, h.config.Container)))
		}
		a.revision, a.abort = r, !a.current.boolField("status", "abort")
		return nil
	}
	return errors.New("the Rollout does not own the ReplicaSet of its stable pods")
}

// wantedGeneration is the generation that the holder has after the rollback.
func (a action) wantedGeneration() int64 {
	if a.undo {
		return a.holder.GetGeneration() + 1
	}
	return a.holder.GetGeneration()
}

// finished reports whether the Rollout, read again, has reached what its spec asks
// for. A degraded Rollout is an error.
func (a action) finished(r rollout) (bool, error) {
	if !r.observedByController(a.wantedGeneration()) || !r.fullyPromoted() {
		return false, nil
	}
	switch phase := r.phase(); {
	case phase == "Healthy":
		return true, nil
	case phase == "Degraded" && !r.boolField("status", "abort"):
		return false, &call.FailedError{Why: rollback.Output("the Rollout is degraded: " + r.stringField("status", "message"))}
	}
	return false, nil
}

// abortTakenUp reports whether the controller has carried out the abort, which it shows
// by status.abortedAt. The phase is then Degraded, as intended.
func abortTakenUp(r rollout) (bool, error) {
	return r.boolField("status", "abort") && r.stringField("status", "abortedAt") != "", nil
}
