package engine

import (
	"context"
	"fmt"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/pushback/pushback/detector"
	"github.com/pushback/pushback/internal/gather"
	"github.com/pushback/pushback/internal/store"
	"github.com/pushback/pushback/rules"
	"github.com/pushback/pushback/sources"
	"github.com/pushback/pushback/watch"
)

// gather asks the metric stores what a watch needs to know now. It gives nil
// while there is nothing to see: before the change, and while it settles.
// The watch it returns has its inputs resolved, where the store has told them.
func (e *Engine) gather(ctx context.Context, w watch.Watch, c store.Change, b rules.Bound) (watch.Watch, *detector.Observation) {
	var fault error
	if len(w.Inputs) == 0 || w.From.IsZero() {
		w, fault = e.resolve(ctx, w, b)
	}
	ranger := e.ranger(w)
	v, ok := gather.See(w, c.Change, ranger.Resolution(), e.Now().Add(-ranger.Latency()))
	if !ok {
		return w, nil
	}
	once := e.asking(w)
	o := v.Observation(w, c.Change)
	o.Readings = make([]detector.Reading, len(w.Plan.Signals))
	g, gctx := errgroup.WithContext(ctx)
	for i, s := range w.Plan.Signals {
		g.Go(func() error {
			if i < len(w.Inputs) {
				o.Readings[i] = e.read(gctx, once, w.ID, w.Inputs[i], v.On(w, s, c.Change))
			} else {
				o.Readings[i] = gather.Unread(fault)
			}
			o.Readings[i].Signal = s.Name
			return nil
		})
	}
	_ = g.Wait() // a reading that failed says so itself
	return w, &o
}

// read takes the reading of one signal from the store of its watch, and
// remembers how the store did.
func (e *Engine) read(ctx context.Context, ranger gather.Ranger, watchID string, in watch.Input, v gather.View) detector.Reading {
	asked := e.Now()
	if _, err := e.storeOf(in); err != nil {
		e.broken(in, err, asked)
		return gather.Broken(detector.Reading{Rolling: v.Rolling, Query: in.Expr(v.After.Tick)}, err)
	}
	r, alive, err := gather.Read(ctx, ranger, in, v, func() (detector.Raw, error) {
		return e.befores.get(watchID+"/"+in.Signal, func() (detector.Raw, error) {
			return gather.FetchBefore(ctx, ranger, in, v.Before)
		})
	})
	switch {
	case err != nil:
		e.broken(in, err, asked)
	case alive:
		e.answered(ctx, in.Store)
	}
	return r
}

// broken notes that the store failed, which says nothing about the change. It
// failed when it was asked: one that hangs is not well until the time-out.
func (e *Engine) broken(in watch.Input, err error, asked time.Time) {
	e.Telemetry.fault(in.Store, faultOf(err))
	e.stores.failed(in.Store, err, asked)
}

// storeOf is the metric store of an input that was resolved in an earlier
// run, perhaps under another pushback.yml.
func (e *Engine) storeOf(in watch.Input) (MetricStore, error) {
	ranger, ok := e.Metrics[in.Store]
	if !ok {
		return nil, &sources.Fault{Kind: sources.SourceError, Store: in.Store, Err: fmt.Errorf("no such metric store in pushback.yml")}
	}
	return ranger, nil
}

func (e *Engine) ranger(w watch.Watch) MetricStore {
	if len(w.Inputs) > 0 {
		if r, ok := e.Metrics[w.Inputs[0].Store]; ok {
			return r
		}
	}
	return e.Metrics[""]
}

// shareFor is how long an answer serves: watches that are due together begin
// within a moment of each other.
const shareFor = 2 * time.Second

// atOnce is how many questions a store is asked at once.
const atOnce = 16

// sharing lets watches that ask a store the same at the same time ask it once.
func sharing(stores map[string]MetricStore, now func() time.Time) map[string]gather.Ranger {
	shared := map[string]gather.Ranger{}
	for name, r := range stores {
		shared[name] = gather.Brief(gather.Bounded(r, atOnce), shareFor, now)
	}
	return shared
}

// asking is the store of a watch, shared with the others.
func (e *Engine) asking(w watch.Watch) gather.Ranger {
	if len(w.Inputs) > 0 {
		if r, ok := e.shared[w.Inputs[0].Store]; ok {
			return r
		}
	}
	return e.shared[""]
}
