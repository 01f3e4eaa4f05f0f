// Package reconcile finds deliveries that were lost: changes that a deploy tool made and that
// no webhook reported.
//
// At the times of a schedule it asks each source that can list what its tool did
// (changes.Lister) for what happened since it was last asked, and stores what the database does
// not know yet, by the way of every delivery. What it finds is counted, logged, written into the
// journal of its change, and told to the operators.
//
// The database knows when each source was last asked, and lets one replica ask at a time. Two
// that ask at once do no harm: an event has the same id each time, and is stored once.
//
// See adr/0115.
package reconcile

import (
	"context"
	"log/slog"
	"maps"
	"slices"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/pushback/pushback/rules"
	"github.com/pushback/pushback/sources"
	"github.com/pushback/pushback/sources/changes"
)

// Store is what the reconciler needs of the state database.
type Store interface {
	LastRun(ctx context.Context, name string) (time.Time, error)
	ClaimRun(ctx context.Context, name string, due, now, until time.Time) (bool, error)
	FinishRun(ctx context.Context, name string, began time.Time) error
	FailRun(ctx context.Context, name string, retry time.Time) error
	KnowsEvent(ctx context.Context, source, eventID string) (bool, error)
}

// Source is a change source that can be asked.
type Source struct {
	changes.Lister
	Fill Fill
}

// Fill stores the events of a delivery that was lost. It returns those that were not stored
// before, with their changes' keys in the same order.
type Fill func(ctx context.Context, d changes.Delivery) ([]Stored, error)

// Stored is an event that a lost delivery would have brought.
type Stored struct {
	Event     sources.Event
	ChangeKey string
}

// Found is what one run found of one source.
type Found struct {
	Source string
	At     time.Time // of the run
	Events []Stored  // oldest first; never none
}

// Options are what a reconciler works with. All are required.
type Options struct {
	Sources  map[string]Source // by name
	Schedule rules.Schedule
	Store    Store
	Now      func(ctx context.Context) (time.Time, error) // the time that the replicas share
	Count    func(source string, deliveries int)
	Tell     func(ctx context.Context, f Found) error // the journal and the operators
	Log      *slog.Logger
}

// Reconciler asks the sources. It is safe for concurrent use.
type Reconciler struct {
	o Options

	mu   sync.Mutex
	gaps map[string]Gap
}

// Gap is what is known of the deliveries that a source has lost, since this process began.
type Gap struct {
	Asked   time.Time // when its tool was last asked with success by this replica; zero: not yet
	Missed  int       // deliveries that were lost
	Last    time.Time // when the newest of them happened; zero: none was lost
	Trouble string    // why its tool cannot be asked; "": it can
}

// New returns a reconciler that asks nothing until Run is called.
func New(o Options) *Reconciler {
	return &Reconciler{o: o, gaps: map[string]Gap{}}
}

// Gaps returns what is known of each source that is asked.
func (r *Reconciler) Gaps() map[string]Gap {
	r.mu.Lock()
	defer r.mu.Unlock()
	return maps.Clone(r.gaps)
}

// checkEvery is how late a run may begin.
const checkEvery = 15 * time.Second

// Run asks every source at its times until ctx ends. One that hangs delays no other.
func (r *Reconciler) Run(ctx context.Context) error {
	var g errgroup.Group
	for _, name := range slices.Sorted(maps.Keys(r.o.Sources)) {
		g.Go(func() error {
			r.runSource(ctx, name)
			return nil
		})
	}
	return g.Wait()
}

// runSource asks one source until ctx ends, or until it says that it cannot be asked.
func (r *Reconciler) runSource(ctx context.Context, name string) {
	t := time.NewTicker(checkEvery)
	defer t.Stop()
	for {
		goesOn, err := r.runDue(ctx, name)
		if err != nil && ctx.Err() == nil {
			r.o.Log.Warn("cannot look for lost deliveries; trying it again later", "source", name, "error", err)
		}
		if !goesOn {
			return
		}
		select {
		case <-ctx.Done():
			return
		case <-t.C:
		}
	}
}

// note changes what is known of a source.
func (r *Reconciler) note(name string, change func(g *Gap)) {
	r.mu.Lock()
	defer r.mu.Unlock()
	g := r.gaps[name]
	change(&g)
	r.gaps[name] = g
}
