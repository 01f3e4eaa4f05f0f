package gather

import (
	"context"
	"errors"
	"fmt"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/pushback/pushback/detector"
	"github.com/pushback/pushback/rules"
	"github.com/pushback/pushback/sources"
	"github.com/pushback/pushback/watch"
)

const (
	// shareFor is how long an answer is shared: watches that are due together look
	// within a moment of each other.
	shareFor = 2 * time.Second
	// linger is how long a question waits for others that it can be asked with. A look waits so
	// about twice, one time after the other.
	linger = 10 * time.Millisecond
)

// Health is told how the metric stores answer.
type Health interface {
	Failed(store string, err error, asked time.Time)
	Answered(ctx context.Context, store string)
}

// Gatherer asks the metric stores what looks need to know. Watches that ask a store the
// same at the same time ask it once.
type Gatherer struct {
	stores       map[string]Ranger // by name; "" is the default store
	shared       map[string]Ranger
	defaultStore string
	befores      *befores
	health       Health
	now          func() time.Time
}

// NewGatherer returns a gatherer over metric stores by name; "" is the default one,
// which defaultStore names.
func NewGatherer(stores map[string]Ranger, defaultStore string, h Health, now func() time.Time) *Gatherer {
	shared := map[string]Ranger{}
	for name, r := range stores {
		shared[name] = ShareRecent(together(Bounded(r, mostAtOnce, now), r), shareFor, now)
	}
	return &Gatherer{stores: stores, shared: shared, defaultStore: defaultStore, befores: &befores{kept: map[string]map[string]*Before{}}, health: h, now: now}
}

// together merges questions where the store's language can.
func together(r Ranger, store any) Ranger {
	speaking, ok := store.(interface{ Language() sources.Language })
	if !ok {
		return r
	}
	if language, ok := speaking.Language().(sources.Merging); ok {
		return Merged(r, language, linger)
	}
	return r
}

// Observe asks the metric stores what a watch of a change needs to know now. The
// observation is nil while there is nothing to observe: before the change, and while it
// settles. The watch that it returns has its inputs resolved as far as the store could
// tell; until judging begins they are resolved at every look. thresholds are asked for
// once a watch.
func (g *Gatherer) Observe(ctx context.Context, w watch.Watch, c sources.Change, b rules.Bound, thresholds func() detector.Thresholds) (watch.Watch, *detector.Observation) {
	var fault error
	if len(w.Inputs) == 0 || w.From.IsZero() {
		w, fault = g.resolve(ctx, w, b, thresholds)
	}
	ranger := storeOf(g.stores, w)
	v, ok := ViewAt(w, c, ranger.Resolution(), g.now().Add(-ranger.Latency()))
	if !ok {
		return w, nil
	}
	once := storeOf(g.shared, w)
	o := v.Observation(w, c)
	o.Readings = make([]detector.Reading, len(w.Plan.Signals))
	all, ctx := errgroup.WithContext(ctx)
	for i, s := range w.Plan.Signals {
		all.Go(func() error {
			if i < len(w.Inputs) {
				o.Readings[i] = g.read(ctx, once, w.ID, w.Inputs[i], v.On(w, s, c))
			} else {
				o.Readings[i] = Unread(fault)
			}
			o.Readings[i].Signal = s.Name
			return nil
		})
	}
	_ = all.Wait() // a reading that failed says so itself
	return w, &o
}

// resolve finds out where each signal's numbers come from, by asking the store which of
// the rule's expressions has data. The error is the store's. It leaves a plan without
// inputs, and the look is blind.
func (g *Gatherer) resolve(ctx context.Context, w watch.Watch, b rules.Bound, thresholds func() detector.Thresholds) (watch.Watch, error) {
	name := b.Rule().Store
	if name == "" {
		name = g.defaultStore
	}
	ranger, ok := g.shared[name]
	if !ok {
		return w, fmt.Errorf("no metric store %q in pushback.yml", name)
	}
	asked, fixed := g.now(), w.Plan.Thresholds
	if fixed == (detector.Thresholds{}) {
		fixed = thresholds()
	}
	var err error
	w.Plan, w.Inputs, err = Resolve(ctx, ranger, name, b, w.BaseAt.Truncate(ranger.Resolution()))
	w.Plan.Thresholds = fixed
	if err != nil {
		g.health.Failed(name, err, asked)
	}
	return w, err
}

// read takes the reading of one signal, and reports how the store answered.
func (g *Gatherer) read(ctx context.Context, ranger Ranger, watchID string, in watch.Input, v View) detector.Reading {
	asked := g.now()
	if _, ok := g.stores[in.Store]; !ok {
		err := &sources.Fault{Kind: sources.SourceError, Store: in.Store, Err: errors.New("no such metric store in pushback.yml")}
		g.health.Failed(in.Store, err, asked)
		return Broken(detector.Reading{Rolling: v.Rolling, Query: in.Expr(v.After.Tick)}, err)
	}
	r, alive, err := Read(ctx, ranger, in, v, func() (*Before, error) {
		return g.befores.get(watchID, in.Signal, func() (*Before, error) {
			return FetchBefore(ctx, ranger, in, v.Before)
		})
	})
	switch {
	case err != nil:
		g.health.Failed(in.Store, err, asked)
	case alive:
		g.health.Answered(ctx, in.Store)
	}
	return r
}

// Forget drops what is kept for a watch that nobody looks at any more here.
func (g *Gatherer) Forget(watchID string) { g.befores.forget(watchID) }

// storeOf is the metric store of a watch, the default one until its inputs are known.
func storeOf(stores map[string]Ranger, w watch.Watch) Ranger {
	if r, ok := stores[w.Store()]; ok {
		return r
	}
	return stores[""]
}
