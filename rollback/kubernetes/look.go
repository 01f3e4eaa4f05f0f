package kubernetes

import (
	"context"
	"fmt"

	"github.com/pushback/pushback/rollback"
	"github.com/pushback/pushback/rollback/internal/cluster"
)

// Preflight looks whether we may patch the workload, and whether it is one
// that we change.
func (h *Hook) Preflight(ctx context.Context, p rollback.Plan) []rollback.Check {
	checks := h.cluster.Preflight(ctx, p, []cluster.Right{
		{Verb: "get", Resource: h.kind.resource}, {Verb: "patch", Resource: h.kind.resource}, {Verb: "list", Resource: h.kind.revisions},
	}, h.config.Namespace)
	if len(rollback.Problems(checks)) > 0 || !p.Known() {
		return checks
	}
	d, err := h.look(ctx, p)
	return append(checks, cluster.Found(d.object, p.Target, err))
}

// DryRun looks at the workload and lets the server try the patch, which it
// admits and validates and does not keep.
func (h *Hook) DryRun(ctx context.Context, p rollback.Plan) (rollback.Preview, error) {
	d, err := h.look(ctx, p)
	if err != nil {
		return rollback.Preview{}, fmt.Errorf("%s: %w", d.object, err)
	}
	if d.settled {
		return rollback.Preview{AlreadyLive: true}, nil
	}
	const follow = "follow the rollout to its end"
	if d.here {
		return rollback.Preview{Steps: []string{"the template is of this version already: " + follow}}, nil
	}
	if err := h.cluster.TryPatch(ctx, d.object, h.kind.undo(d.found, d.to)); err != nil {
		return rollback.Preview{}, fmt.Errorf("the server would refuse the patch: %w", err)
	}
	return rollback.Preview{
		Steps: []string{
			fmt.Sprintf("patch %s: /spec/template of revision %d, %s", d.object, d.to.Number, d.to.Template.Running(h.config.Container)),
			follow,
		},
		Notes: []string{"the server was asked to try the patch (dryRun=All), and took it"},
	}, nil
}

// Verify looks at the workload's template, and whether all of its pods are
// of it.
func (h *Hook) Verify(ctx context.Context, p rollback.Plan) (rollback.RunningVersion, error) {
	o, err := h.object(p)
	if err != nil {
		return rollback.RunningVersion{}, err
	}
	found, err := h.cluster.Get(ctx, o)
	if err != nil {
		return rollback.RunningVersion{}, err
	}
	now := template(found)
	here, err := h.wanted(p).Here(now)
	if err != nil {
		return rollback.RunningVersion{}, err
	}
	all, err := h.kind.complete(found)
	s := rollback.RunningVersion{At: h.now().UTC(), TargetRuns: here && all, Version: now.Running(h.config.Container), Detail: "all pods are of this version"}
	if err != nil {
		s.Detail = err.Error()
	} else if !all {
		s.Detail = "the rollout is not complete"
	}
	return s, nil
}
