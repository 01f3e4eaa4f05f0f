package argorollouts

import (
	"context"
	"fmt"

	"github.com/pushback/pushback/rollback"
	"github.com/pushback/pushback/rollback/internal/cluster"
)

// Preflight looks whether we may change the Rollout, and whether it is one
// that we change.
func (h *Hook) Preflight(ctx context.Context, p rollback.Plan) []rollback.Check {
	rights := []cluster.Right{
		{Verb: "get", Resource: rollouts}, {Verb: "patch", Resource: rollouts, Subresource: "status"}, {Verb: "list", Resource: cluster.ReplicaSets},
	}
	if !h.config.AbortOnly {
		rights = append(rights, cluster.Right{Verb: "patch", Resource: rollouts})
	}
	checks := h.cluster.Preflight(ctx, p, rights, h.config.Namespace)
	if len(rollback.Problems(checks)) > 0 || !p.Known() {
		return checks
	}
	b, err := h.look(ctx, p)
	return append(checks, cluster.Found(b.object, p.Target, err))
}

// DryRun looks at the Rollout and lets the server try the patch of its
// template. The abort is not tried: it would be told by what it does.
func (h *Hook) DryRun(ctx context.Context, p rollback.Plan) (rollback.Preview, error) {
	b, err := h.look(ctx, p)
	if err != nil {
		return rollback.Preview{}, fmt.Errorf("%s: %w", b.object, err)
	}
	if b.settled() {
		return rollback.Preview{AlreadyLive: true}, nil
	}
	var preview rollback.Preview
	if b.abort {
		preview.Steps = append(preview.Steps, fmt.Sprintf("patch the status of %s: abort", b.object))
	}
	if b.undo {
		if err := h.cluster.TryPatch(ctx, b.host, b.patch()); err != nil {
			return rollback.Preview{}, fmt.Errorf("the server would refuse the patch: %w", err)
		}
		preview.Steps = append(preview.Steps, fmt.Sprintf("patch %s: /spec/template of revision %d, %s", b.host, b.to.Number, b.to.Template.Running(h.config.Container)))
		preview.Notes = append(preview.Notes, "the server was asked to try the patch (dryRun=All), and took it")
	}
	preview.Steps = append(preview.Steps, "follow the Rollout to its end")
	if h.config.AbortOnly {
		preview.Notes = append(preview.Notes, "the spec still asks for the new version: revert in git")
	}
	return preview, nil
}

// Verify looks at the Rollout's template and its phase; with abort_only at
// the stable pods, which take all traffic once the rest is aborted.
func (h *Hook) Verify(ctx context.Context, p rollback.Plan) (rollback.RunningVersion, error) {
	o, err := h.object(p)
	if err != nil {
		return rollback.RunningVersion{}, err
	}
	found, err := h.cluster.Get(ctx, o)
	if err != nil {
		return rollback.RunningVersion{}, err
	}
	b := back{object: o, now: rollout{found}}
	now, err := h.hold(ctx, &b)
	if err != nil {
		return rollback.RunningVersion{}, err
	}
	s := rollback.RunningVersion{At: h.now().UTC(), Version: now.Running(h.config.Container), Detail: "the Rollout is " + rollback.Output(b.now.phase())}
	here, err := h.wanted(p).Here(now)
	if err != nil {
		return rollback.RunningVersion{}, err
	}
	if h.config.AbortOnly && !b.now.promoted() {
		return h.sightAborted(ctx, p, b, s), nil
	}
	end, ended := b.well(b.now)
	s.TargetRuns = here && (end && ended == nil || h.config.AbortOnly)
	return s, nil
}

// sightAborted looks at the stable pods of a Rollout that is under way: they
// have all of the traffic once the rest is aborted.
func (h *Hook) sightAborted(ctx context.Context, p rollback.Plan, b back, s rollback.RunningVersion) rollback.RunningVersion {
	if err := h.abortion(ctx, p, &b); err != nil {
		s.Detail = rollback.Output(err.Error())
	} else if s.TargetRuns, _ = aborted(b.now); s.TargetRuns {
		s.Version = b.to.Template.Running(h.config.Container)
	}
	return s
}
