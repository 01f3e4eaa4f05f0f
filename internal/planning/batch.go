package planning

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/pushback/pushback/internal/gather"
	"github.com/pushback/pushback/internal/situation"
	"github.com/pushback/pushback/internal/store"
	"github.com/pushback/pushback/rules"
	"github.com/pushback/pushback/watch"
)

const (
	maxBatch     = 256                    // changes that one transaction plans, so that none waits long for the others
	batchTimeout = 30 * time.Second       // of one transaction with its reads
	lockedRetry  = 200 * time.Millisecond // until a change is tried again whose row was locked
)

// planBatch plans up to maxBatch changes in one transaction, and hands over those that
// it planned. If the batch fails, each change is tried alone, so that one which cannot be
// planned holds no other up; it stays in the store, and every pass over the backlog logs
// it again.
func (p *Planner) planBatch(ctx context.Context, changes []store.Change) error {
	ctx, cancel := context.WithTimeout(ctx, batchTimeout)
	defer cancel()
	plans, err := p.prepare(ctx, changes)
	if err != nil || len(plans) == 0 {
		return err
	}
	stored, locked, err := p.Store.PlanChanges(ctx, plans)
	if err != nil {
		stored, locked, err = p.planEach(ctx, plans)
	}
	if len(stored) > 0 {
		p.Begun(ctx, stored)
	}
	if locked > 0 {
		time.AfterFunc(lockedRetry, p.WakeUp)
	}
	return err
}

// planEach plans every change in a transaction of its own, and logs those that it cannot
// plan. Its error is the database's, not one change's.
func (p *Planner) planEach(ctx context.Context, plans []store.Plan) (stored []store.Plan, locked int, err error) {
	for _, plan := range plans {
		one, n, err := p.Store.PlanChanges(ctx, []store.Plan{plan})
		stored, locked = append(stored, one...), locked+n
		if err != nil {
			if err := p.blame(ctx, plan.Change, err); err != nil {
				return stored, locked, err
			}
		}
	}
	return stored, locked, nil
}

// blame logs that a change cannot be planned, unless the database does not answer at
// all: then it returns the error.
func (p *Planner) blame(ctx context.Context, c store.Change, err error) error {
	if down := p.Store.Ping(ctx); down != nil {
		return errors.Join(err, down)
	}
	p.Log.Error("cannot begin the watches of a change; the others go on, and it is tried again", "change", c.Key, "service", c.Service, "error", err)
	return nil
}

// prepare makes the plans of changes, oldest first.
func (p *Planner) prepare(ctx context.Context, changes []store.Change) ([]store.Plan, error) {
	set, _ := p.Rules()
	batch := map[string][]watch.Watch{}
	plans := make([]store.Plan, 0, len(changes))
	for _, c := range inOrder(changes) {
		ws, err := p.watches(ctx, c, set, batch)
		if err != nil {
			if err := p.blame(ctx, c, err); err != nil {
				return nil, err
			}
			continue
		}
		plan := store.Plan{Change: c, Watches: ws}
		if p.Report != nil {
			plan.Reports = p.Report(c, ws)
		}
		batch[c.Key] = ws
		plans = append(plans, plan)
	}
	return plans, nil
}

// inOrder returns the changes oldest first, each once: a change may be offered again by
// its next event.
func inOrder(changes []store.Change) []store.Change {
	once := map[string]bool{}
	changes = slices.DeleteFunc(slices.Clone(changes), func(c store.Change) bool {
		twice := once[c.Key]
		once[c.Key] = true
		return twice
	})
	slices.SortStableFunc(changes, func(a, b store.Change) int {
		return cmp.Or(a.StartedAt.Compare(b.StartedAt), cmp.Compare(a.Sequence, b.Sequence))
	})
	return changes
}

// watches begins a watch for every rule that watches the change. Where none does, it asks
// the store nothing.
func (p *Planner) watches(ctx context.Context, c store.Change, set *rules.Set, batch map[string][]watch.Watch) ([]watch.Watch, error) {
	wanted := set.Watching(c.Change, p.Service(c.Service))
	if len(wanted) == 0 {
		return nil, nil
	}
	before, err := p.predecessor(ctx, c, set, batch)
	if err != nil {
		return nil, fmt.Errorf("reading what came before: %w", err)
	}
	var ws []watch.Watch
	for _, r := range wanted {
		ws = append(ws, p.begin(c, r, before))
	}
	return ws, nil
}

// predecessor reads what came before a change. Where that one is not planned yet, as in
// the same batch, its watches are taken as they will be: a change inherits the baseline
// of a suspect predecessor whichever of the two is planned first.
func (p *Planner) predecessor(ctx context.Context, c store.Change, set *rules.Set, batch map[string][]watch.Watch) (situation.Predecessor, error) {
	before, err := p.Situation.Predecessor(ctx, c)
	if err != nil || !before.Known || before.Change.Planned {
		return before, err
	}
	ws, ok := batch[before.Change.Key]
	if !ok {
		if ws, err = p.watches(ctx, before.Change, set, batch); err != nil {
			return before, err
		}
		batch[before.Change.Key] = ws
	}
	return before.WithWatches(ws), nil
}

// begin makes the watch of one change under one rule.
func (p *Planner) begin(c store.Change, r rules.Rule, before situation.Predecessor) watch.Watch {
	return watch.Watch{
		ID: c.Key + "." + r.Name, ChangeKey: c.Key,
		Team: r.Team, Rule: r.Name, RuleHash: r.Hash, RuleText: r.Text, Runbook: r.Runbook,
		State: watch.Waiting, BaseAt: before.Baseline(c, r), OwnBaseAt: gather.BeforeEnd(c.Change, r), PriorAt: before.SettledAt(c, r),
		Settle: r.Settle, Bake: r.Bake, Every: r.Every,
		Next: p.Now(), Acts: !r.Site && !before.GoesBack(c),
	}
}
