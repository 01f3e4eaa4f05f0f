package engine

import (
	"context"
	"fmt"

	"github.com/pushback/pushback/internal/situation"
	"github.com/pushback/pushback/internal/store"
	"github.com/pushback/pushback/rules"
	"github.com/pushback/pushback/watch"
)

// planner begins the watches of new changes.
type planner struct {
	*core
	rules     *ruleBook
	looks     *dueLooks
	annotator *annotator
	wake      chan struct{} // a change may want watches
}

// wakeUp has new changes planned soon. It does not block.
func (p *planner) wakeUp() {
	select {
	case p.wake <- struct{}{}:
	default:
	}
}

// run begins watches until ctx ends. A change is planned once: the store marks it in the
// transaction that inserts its watches.
func (p *planner) run(ctx context.Context) error {
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-p.wake:
			if err := p.planAll(ctx); err != nil && ctx.Err() == nil {
				p.Log.Error("cannot begin the watches of new changes; trying again in a moment", "error", err)
			}
		}
	}
}

func (p *planner) planAll(ctx context.Context) error {
	changes, err := p.Store.UnplannedChanges(ctx)
	if err != nil {
		return fmt.Errorf("reading new changes: %w", err)
	}
	for _, c := range changes {
		if err := p.plan(ctx, c); err != nil {
			return fmt.Errorf("change %s: %w", c.Key, err)
		}
	}
	return p.looks.reload(ctx)
}

// plan begins a watch for every rule that watches the change, and marks the change on
// Grafana whether one does or not.
func (p *planner) plan(ctx context.Context, c store.Change) error {
	service, err := p.catalogue.Service(ctx, c.Service, p.Now())
	if err != nil {
		// Every look of the watch asks for the service again.
		p.Log.Warn("cannot discover a service yet; its watch begins without labels", "service", c.Service, "error", err)
	}
	before, err := p.situation.Predecessor(ctx, c)
	if err != nil {
		return err
	}
	var ws []watch.Watch
	for _, b := range p.rules.set().For(c.Change, service) {
		ws = append(ws, p.begin(c, b, before))
	}
	if err := p.Store.PlanChange(ctx, c.Key, ws); err != nil {
		return fmt.Errorf("beginning watches: %w", err)
	}
	p.Telemetry.planned(len(ws))
	return p.annotator.annotate(ctx, c)
}

// begin makes the watch of one change under one rule.
func (p *planner) begin(c store.Change, b rules.Bound, before situation.Predecessor) watch.Watch {
	r := b.Rule()
	now := p.Now()
	return watch.Watch{
		ID: c.Key + "." + r.Name, ChangeKey: c.Key,
		Team: r.Team, Rule: r.Name, RuleHash: r.Hash, RuleText: r.Text, Runbook: r.Runbook,
		State: watch.Waiting, BaseAt: before.Baseline(c, r),
		Settle: r.Settle, Bake: r.Bake, Every: r.Every,
		Next: now, Acts: !r.Site && !before.IsEcho(c),
	}
}
