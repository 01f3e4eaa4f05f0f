package engine

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/pushback/pushback/sources"
)

// standbyEvery is how often every metric store is asked whether it is there,
// looks or no looks: readiness should not wait for a deploy to learn that
// Prometheus is gone.
const standbyEvery = 30 * time.Second

// measureRounds is how many rounds pass between two measurements of how often
// a store scrapes: that takes a query over all its targets.
const measureRounds = 10

// standby asks every metric store until ctx ends.
func (e *Engine) standby(ctx context.Context) error {
	t := time.NewTicker(standbyEvery)
	defer t.Stop()
	for round := 0; ; round++ {
		e.askStores(ctx, round%measureRounds == 0)
		select {
		case <-ctx.Done():
			return nil
		case <-t.C:
		}
	}
}

// askStores asks all stores at once: one that hangs is not waited for by the
// others.
func (e *Engine) askStores(ctx context.Context, measure bool) {
	var all sync.WaitGroup
	defer all.Wait()
	for name, s := range e.Metrics {
		if name != "" { // the default store stands under its own name too
			all.Go(func() { e.askStore(ctx, name, s, measure) })
		}
	}
}

// askStore takes an empty store for a working one: it is new, or fed by
// something that has not begun.
func (e *Engine) askStore(ctx context.Context, name string, s MetricStore, measure bool) {
	asked := e.Now()
	_, err := s.Heartbeat(ctx, asked)
	var f *sources.Fault
	switch {
	case ctx.Err() != nil:
		return
	case err != nil && (!errors.As(err, &f) || f.Kind != sources.NoData):
		e.stores.absent(name, err, asked)
		return
	case !e.stores.looksFail(name) || e.looks.open() == 0:
		e.answered(ctx, name)
	}
	if measure || !e.stores.measured(name) {
		e.measure(ctx, name, s)
	}
}

func (e *Engine) measure(ctx context.Context, name string, s MetricStore) {
	if err := s.Measure(ctx); err != nil {
		e.Log.Debug("cannot measure the scrape interval of a metric store; keeping the last one", "store", name, "error", err)
		return
	}
	e.stores.noteMeasured(name)
}
