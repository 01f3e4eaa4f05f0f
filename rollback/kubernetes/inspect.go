package kubernetes

import (
	"context"
	"fmt"

	"github.com/pushback/pushback/rollback"
	"github.com/pushback/pushback/rollback/internal/cluster"
)

// Preflight checks that we may patch the workload, and that it can be rolled back.
func (h *Hook) Preflight(ctx context.Context, p rollback.Plan) []rollback.Check {
	rights := []cluster.Right{
		{Verb: "get", Resource: h.kind.resource}, {Verb: "patch", Resource: h.kind.resource}, {Verb: "list", Resource: h.kind.revisions},
	}
	return h.cluster.Preflight(ctx, p, rights, h.config.Namespace, func() (cluster.Object, error) {
		i, err := h.inspect(ctx, p)
		return i.object, err
	})
}

// DryRun reads the workload and lets the server validate the patch without storing it.
func (h *Hook) DryRun(ctx context.Context, p rollback.Plan) (rollback.Preview, error) {
	i, err := h.inspect(ctx, p)
	if err != nil {
		return rollback.Preview{}, fmt.Errorf("%s: %w", i.object, err)
	}
	if i.alreadyLive {
		return rollback.Preview{AlreadyLive: true}, nil
	}
	const follow = "follow the rollout until it is complete"
	if i.templateMatches {
		return rollback.Preview{Steps: []string{"the template has this version already: " + follow}}, nil
	}
	if err := h.cluster.TryPatch(ctx, i.object, h.kind.patch(i.found, i.revision)); err != nil {
		return rollback.Preview{}, fmt.Errorf("the server would refuse the patch: %w", err)
	}
	return rollback.Preview{
		Steps: []string{
			fmt.Sprintf("patch %s: /spec/template of revision %d, %s", i.object, i.revision.Number, cluster.ImageNames(i.revision.Template, h.config.Container)),
			follow,
		},
		Notes: []string{"the server validated the patch and accepted it (dryRun=All)"},
	}, nil
}

// Verify reads the version of the workload's template, and whether all pods have it.
func (h *Hook) Verify(ctx context.Context, p rollback.Plan) (rollback.RunningVersion, error) {
	o, err := h.object(p)
	if err != nil {
		return rollback.RunningVersion{}, err
	}
	found, err := h.cluster.Get(ctx, o)
	if err != nil {
		return rollback.RunningVersion{}, err
	}
	now := podTemplate(found)
	matches, err := h.target(p).Matches(now)
	if err != nil {
		return rollback.RunningVersion{}, err
	}
	complete, err := h.kind.complete(found)
	s := rollback.RunningVersion{At: h.now().UTC(), TargetRuns: matches && complete, Version: cluster.ImageNames(now, h.config.Container), Detail: "all pods have this version"}
	if err != nil {
		s.Detail = err.Error()
	} else if !complete {
		s.Detail = "the rollout is not complete"
	}
	return s, nil
}
