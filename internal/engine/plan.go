package engine

import (
	"context"
	"fmt"
	"time"

	"github.com/pushback/pushback/detector"
	"github.com/pushback/pushback/internal/gather"
	"github.com/pushback/pushback/internal/store"
	"github.com/pushback/pushback/rollback"
	"github.com/pushback/pushback/rules"
	"github.com/pushback/pushback/watch"
)

// planChanges gives every new change its watches. A change is planned once:
// the store marks it in the transaction that inserts them.
func (e *Engine) planChanges(ctx context.Context) error {
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-e.wake:
			if err := e.planAll(ctx); err != nil && ctx.Err() == nil {
				e.Log.Error("planning watches", "error", err)
			}
		}
	}
}

func (e *Engine) planAll(ctx context.Context) error {
	changes, err := e.Store.Unplanned(ctx)
	if err != nil {
		return fmt.Errorf("reading new changes: %w", err)
	}
	for _, c := range changes {
		if err := e.plan(ctx, c); err != nil {
			return fmt.Errorf("change %s: %w", c.Key, err)
		}
	}
	return e.looks.reload(ctx)
}

// plan begins a watch for every rule that wants the change, and marks the
// change on Grafana whether one does or not.
func (e *Engine) plan(ctx context.Context, c store.Change) error {
	service, err := e.catalogue.Service(ctx, c.Service, e.Now())
	if err != nil {
		// The watch resolves the service again at every look.
		e.Log.Warn("service not discovered yet", "service", c.Service, "error", err)
	}
	before, err := e.precedent(ctx, c)
	if err != nil {
		return err
	}
	var ws []watch.Watch
	for _, b := range e.rules.set().For(c.Change, service) {
		ws = append(ws, e.begin(c, b, before))
	}
	if err := e.Store.Plan(ctx, c.Key, ws); err != nil {
		return fmt.Errorf("beginning watches: %w", err)
	}
	e.Telemetry.planned(len(ws))
	return e.annotate(ctx, c)
}

// precedent is what came before a change in its slot.
type precedent struct {
	known   bool
	change  store.Change
	watches map[string]watch.Watch // by rule
	order   *rollback.Order
}

func (e *Engine) precedent(ctx context.Context, c store.Change) (precedent, error) {
	p, known, err := e.Store.Predecessor(ctx, c)
	if err != nil || !known {
		return precedent{}, err
	}
	ws, err := e.Store.WatchesOf(ctx, p.Key)
	if err != nil {
		return precedent{}, fmt.Errorf("reading the predecessor's watches: %w", err)
	}
	byRule := map[string]watch.Watch{}
	for _, w := range ws {
		if w.After.IsZero() {
			byRule[w.Rule] = w
		}
	}
	o, err := e.orderOf(ctx, p.Key)
	return precedent{known: true, change: p, watches: byRule, order: o}, err
}

// begin makes the watch of one change under one rule.
func (e *Engine) begin(c store.Change, b rules.Bound, before precedent) watch.Watch {
	r := b.Rule()
	now := e.Now()
	return watch.Watch{
		ID: c.Key + "." + r.Name, ChangeKey: c.Key,
		Team: r.Team, Rule: r.Name, RuleHash: r.Hash, RuleText: r.Text, Runbook: r.Runbook,
		State: watch.Waiting, BaseAt: before.base(c, r),
		Settle: r.Settle, Bake: r.Bake, Every: r.Every,
		Next: now, Acts: !r.Site && !before.undoneBy(c),
	}
}

// undoneBy says whether c is the echo of our own rollback: the deploy tool
// telling us of what our hook made it do. A tool that passes our key on says
// so itself; of any other, it is the same version in the same slot after an
// order was sent.
func (p precedent) undoneBy(c store.Change) bool {
	if c.RollbackOf != "" {
		return true
	}
	return p.order != nil && !p.order.SentAt.IsZero() && p.order.Target == c.Version &&
		!c.StartedAt.Before(p.order.SentAt.Add(-clockSkew))
}

// clockSkew is how far a deploy tool's clock may lag behind ours.
const clockSkew = 2 * time.Minute

// inheritAge is how long a predecessor must have run without suspicion for
// its own time to be a clean before (docs/architecture.md, good versions).
const inheritAge = 10 * time.Minute

// base is where before ends. A successor that lands inside the watch of a
// suspect predecessor, or soon after it began, inherits the last clean before:
// a bad v2 must not become v3's baseline.
func (p precedent) base(c store.Change, r rules.Rule) time.Time {
	own := gather.Base(c.Change, r)
	w, ok := p.watches[r.Name]
	if !p.known || !ok || p.clean(w, c.StartedAt) {
		return own
	}
	return w.BaseAt
}

// clean says whether the predecessor's own time may serve as a before.
func (p precedent) clean(w watch.Watch, at time.Time) bool {
	if p.change.Standing == store.Condemned || w.Grade >= detector.Suspect {
		return false
	}
	if w.State == watch.Healthy || p.change.Standing == store.Good {
		return true
	}
	return !w.From.IsZero() && at.Sub(w.From) >= inheritAge
}
