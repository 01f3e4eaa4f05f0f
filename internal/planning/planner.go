package planning

import (
	"context"
	"log/slog"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/pushback/pushback/internal/situation"
	"github.com/pushback/pushback/internal/store"
	"github.com/pushback/pushback/rules"
	"github.com/pushback/pushback/sources"
	"github.com/pushback/pushback/watch"
)

// Store is what a planner needs of the state database.
type Store interface {
	UnplannedChanges(ctx context.Context, after store.UnplannedPage, limit int) (store.UnplannedPage, error)
	PlanChanges(ctx context.Context, plans []store.Plan) (stored []store.Plan, locked int, err error)
	Ping(ctx context.Context) error
}

// Situation knows what came before a change.
type Situation interface {
	Predecessor(ctx context.Context, c store.Change) (situation.Predecessor, error)
}

// Options are what a planner works with. All but Report and ReportAll are required.
type Options struct {
	Store     Store
	Situation Situation
	Rules     func() (set *rules.Set, settled bool)                 // settled: the set is what it is going to be, and not yet to be restored
	Service   func(name string) rules.Service                       // its owner, without asking a metric store
	Report    func(c store.Change, ws []watch.Watch) []store.Report // nil: there is no tool to report to
	ReportAll bool                                                  // reports changes that no rule watches too
	Begun     func(ctx context.Context, stored []store.Plan)        // takes over what was planned
	Reload    func(ctx context.Context) error                       // takes over what other replicas planned
	Log       *slog.Logger
	Now       func() time.Time
}

// Planner begins the watches of new changes.
type Planner struct {
	Options
	waiting chan store.Change // watched, and just stored
	backlog chan struct{}     // the store may have changes that are not planned
	pages   int               // of changes without a rule that one pass plans
}

// maxWaiting bounds how many changes wait in memory. More are found in the store.
const maxWaiting = 4096

// New returns a planner. It reads nothing.
func New(o Options) *Planner {
	return &Planner{Options: o, waiting: make(chan store.Change, maxWaiting), backlog: make(chan struct{}, 1), pages: maxPages}
}

// Unwatched reports whether there is nothing to plan for the change that an event begins:
// no rule watches it, and it is marked on no dashboard. Until the rules are settled it
// reports false, and the change waits for them in the store.
func (p *Planner) Unwatched(e sources.Event) bool {
	set, settled := p.Rules()
	return settled && !p.ReportAll && !set.Watches(sources.Begin(e), p.Service(e.Service))
}

// Offer hands over a change that intake has stored. It does not block.
func (p *Planner) Offer(c store.Change) {
	if c.Planned {
		return
	}
	if set, settled := p.Rules(); settled && set.Watches(c.Change, p.Service(c.Service)) {
		select {
		case p.waiting <- c:
			return
		default:
		}
	}
	p.WakeUp()
}

// WakeUp has the changes planned soon that nobody offered. It does not block.
func (p *Planner) WakeUp() {
	select {
	case p.backlog <- struct{}{}:
	default:
	}
}

// Run plans until ctx ends. What was offered does not wait for the backlog: each has a
// loop of its own.
func (p *Planner) Run(ctx context.Context) error {
	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() error { return p.run(ctx, p.runOffered) })
	g.Go(func() error { return p.run(ctx, p.runBacklog) })
	return g.Wait()
}

// run repeats one step until ctx ends. What a failed step left is found by a later one.
func (p *Planner) run(ctx context.Context, step func(context.Context) error) error {
	for ctx.Err() == nil {
		if err := step(ctx); err != nil && ctx.Err() == nil {
			p.Log.Error("cannot begin the watches of new changes; trying again in a moment", "error", err)
		}
	}
	return nil
}

// runOffered waits for changes that were offered, and plans them.
func (p *Planner) runOffered(ctx context.Context) error {
	select {
	case <-ctx.Done():
		return nil
	case first := <-p.waiting:
		return p.planBatch(ctx, p.takeWaiting(first))
	}
}

// runBacklog waits to be woken up, and plans what the store has.
func (p *Planner) runBacklog(ctx context.Context) error {
	select {
	case <-ctx.Done():
		return nil
	case <-p.backlog:
		return p.planBacklog(ctx)
	}
}

// PlanNew does at once what Run would do now, for tests.
func (p *Planner) PlanNew(ctx context.Context) error {
	for {
		select {
		case first := <-p.waiting:
			if err := p.planBatch(ctx, p.takeWaiting(first)); err != nil {
				return err
			}
			continue
		default:
		}
		select {
		case <-p.backlog:
			return p.planBacklog(ctx)
		default:
			return nil
		}
	}
}

// takeWaiting returns first and the changes that wait at this moment, as many as one
// commit takes.
func (p *Planner) takeWaiting(first store.Change) []store.Change {
	batch := []store.Change{first}
	for len(batch) < maxBatch {
		select {
		case c := <-p.waiting:
			batch = append(batch, c)
		default:
			return batch
		}
	}
	return batch
}
