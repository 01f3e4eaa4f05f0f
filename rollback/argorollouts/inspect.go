package argorollouts

import (
	"context"
	"fmt"

	"github.com/pushback/pushback/rollback"
	"github.com/pushback/pushback/rollback/internal/cluster"
)

// Preflight checks that we may change the Rollout, and that it can be rolled back.
func (h *Hook) Preflight(ctx context.Context, p rollback.Plan) []rollback.Check {
	rights := []cluster.Right{
		{Verb: "get", Resource: rollouts}, {Verb: "patch", Resource: rollouts, Subresource: "status"}, {Verb: "list", Resource: cluster.ReplicaSets},
	}
	if !h.config.AbortOnly {
		rights = append(rights, cluster.Right{Verb: "patch", Resource: rollouts})
	}
	return h.cluster.Preflight(ctx, p, rights, h.config.Namespace, func() (cluster.Object, error) {
		a, err := h.inspect(ctx, p)
		return a.object, err
	})
}

// DryRun reads the Rollout and lets the server validate the patch of its template. The
// abort is not validated.
func (h *Hook) DryRun(ctx context.Context, p rollback.Plan) (rollback.Preview, error) {
	a, err := h.inspect(ctx, p)
	if err != nil {
		return rollback.Preview{}, fmt.Errorf("%s: %w", a.object, err)
	}
	if a.alreadyLive() {
		return rollback.Preview{AlreadyLive: true}, nil
	}
	var preview rollback.Preview
	if a.abort {
		preview.Steps = append(preview.Steps, fmt.Sprintf("patch the status of %s: abort", a.object))
	}
	if a.undo {
		if err := h.cluster.TryPatch(ctx, a.holderRef, a.templatePatch()); err != nil {
			return rollback.Preview{}, fmt.Errorf("the server would refuse the patch: %w", err)
		}
		preview.Steps = append(preview.Steps, fmt.Sprintf("patch %s: /spec/template of revision %d, %s", a.holderRef, a.revision.Number, cluster.ImageNames(a.revision.Template, h.config.Container)))
		preview.Notes = append(preview.Notes, "the server validated the patch and accepted it (dryRun=All)")
	}
	preview.Steps = append(preview.Steps, "follow the Rollout until it has finished")
	if h.config.AbortOnly {
		preview.Notes = append(preview.Notes, "the spec keeps the new version: revert it in git")
	}
	return preview, nil
}

// Verify reads the Rollout's template and its phase. With abort_only it reads the
// stable pods of a rollout in progress, which get all traffic after an abort.
func (h *Hook) Verify(ctx context.Context, p rollback.Plan) (rollback.RunningVersion, error) {
	o, err := h.object(p)
	if err != nil {
		return rollback.RunningVersion{}, err
	}
	found, err := h.cluster.Get(ctx, o)
	if err != nil {
		return rollback.RunningVersion{}, err
	}
	a := action{object: o, current: rollout{found}}
	now, err := h.readTemplate(ctx, &a)
	if err != nil {
		return rollback.RunningVersion{}, err
	}
	s := rollback.RunningVersion{At: h.now().UTC(), Version: cluster.ImageNames(now, h.config.Container), Detail: "the Rollout is " + rollback.Output(a.current.phase())}
	matches, err := h.target(p).Matches(now)
	if err != nil {
		return rollback.RunningVersion{}, err
	}
	if h.config.AbortOnly && !a.current.fullyPromoted() {
		return h.verifyAborted(ctx, p, a, s), nil
	}
	end, ended := a.finished(a.current)
	s.TargetRuns = matches && (end && ended == nil || h.config.AbortOnly)
	return s, nil
}

// verifyAborted says whether a rollout in progress was aborted and its stable pods have
// the target version: they get all traffic after an abort.
func (h *Hook) verifyAborted(ctx context.Context, p rollback.Plan, a action, s rollback.RunningVersion) rollback.RunningVersion {
	if err := h.planAbort(ctx, p, &a); err != nil {
		s.Detail = rollback.Output(err.Error())
	} else if s.TargetRuns, _ = abortTakenUp(a.current); s.TargetRuns {
		s.Version = cluster.ImageNames(a.revision.Template, h.config.Container)
	}
	return s
}
