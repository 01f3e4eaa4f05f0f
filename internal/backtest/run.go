package backtest

import (
	"cmp"
	"context"
	"fmt"
	"runtime"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/pushback/pushback/internal/gather"
	"github.com/pushback/pushback/rules"
)

// Options is everything that a backtest needs.
type Options struct {
	Rules   *rules.Set
	Stores  map[string]gather.Ranger // metric stores by name
	Default string                   // the store of rules that name none
	Service func(ctx context.Context, name string, at time.Time) (rules.Service, error)
	History time.Duration // the longest history to learn from; 0: what each rule says
	Mask    Mask          // nil: nothing is left out of the history
	Good    Good          // nil: none is known, so that no shape is learned
	Pace    Pace          // nil: unknown, and the thresholds are the defaults
	Now     time.Time     // nothing later is replayed
	Workers int           // 0: one for each processor
}

// Run replays every moment under every rule that watches it, on Options.Workers
// goroutines. It calls each once for every moment, in their order, with the replays
// in the order of the rules; there are none if no rule watches the moment. It returns
// the first error of each, an error if a rule's store is not configured, or ctx's.
//
// A metric store or catalogue that fails is no error of Run: the replay is blind, as the
// daemon would have been, and has the failure as its Fault.
func Run(ctx context.Context, o Options, moments []Moment, each func(m Moment, replays []Replay) error) error {
	workers := cmp.Or(o.Workers, runtime.GOMAXPROCS(0))
	g, ctx := errgroup.WithContext(ctx)
	queue := make(chan chan result, 4*workers) // bounds how far replays get ahead of the calls of each
	g.Go(func() error { return o.dispatch(ctx, workers, moments, queue) })
	g.Go(func() error {
		for i := range moments {
			var pending chan result
			select {
			case pending = <-queue:
			case <-ctx.Done():
				return ctx.Err()
			}
			done := <-pending
			if done.err != nil {
				return done.err
			}
			if err := each(moments[i], done.replays); err != nil {
				return err
			}
		}
		return nil
	})
	return g.Wait()
}

// result is the replays of one moment, or an error.
type result struct {
	replays []Replay
	err     error
}

// dispatch replays the moments on the given number of workers. It puts a channel
// into the queue for every moment, in order; each gets one result, whatever happens.
func (o Options) dispatch(ctx context.Context, workers int, moments []Moment, queue chan<- chan result) error {
	var g errgroup.Group
	g.SetLimit(workers)
	defer func() { _ = g.Wait() }() // errors travel with the results
	for _, m := range moments {
		bound, fault := o.bind(ctx, m)
		if ctx.Err() != nil {
			return ctx.Err()
		}
		pending := make(chan result, 1)
		select {
		case queue <- pending:
		case <-ctx.Done():
			return ctx.Err()
		}
		g.Go(func() error {
			pending <- o.replayAll(ctx, bound, m, fault)
			return nil
		})
	}
	return nil
}

// bind returns the rules that watch the moment, for the service as the catalogue
// had it then. Like the daemon it goes on if the catalogue fails, whose error it returns.
func (o Options) bind(ctx context.Context, m Moment) ([]rules.Bound, error) {
	service, err := o.Service(ctx, m.Service, m.StartedAt)
	if err != nil {
		err = fmt.Errorf("the catalogue cannot say what service %s is: %w", m.Service, err)
	}
	return o.Rules.For(m.Change, service), err
}

func (o Options) replayAll(ctx context.Context, bound []rules.Bound, m Moment, fault error) result {
	var all []Replay
	for _, b := range bound {
		r, err := o.replay(ctx, b, m)
		if err != nil {
			return result{err: err}
		}
		if fault != nil {
			r.Fault = fault
		}
		all = append(all, r)
	}
	return result{replays: all}
}

// MinDistance returns how far a placebo must be from every change, so that under
// no rule the one is in the other's before window or bake.
func (o Options) MinDistance() time.Duration {
	distance := time.Duration(0)
	for _, r := range o.Rules.Rules() {
		tick := cmp.Or(r.Tick, r.Bake/defaultTicks)
		if store, ok := o.Stores[cmp.Or(r.Store, o.Default)]; ok {
			tick = max(tick, store.Resolution())
		}
		distance = max(distance, time.Duration(r.Before)*tick+r.Rollout+r.Settle+r.Bake)
	}
	return distance
}

// defaultTicks is the number of ticks of a bake if the rule sets no tick.
const defaultTicks = 30
