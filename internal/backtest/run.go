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

// Options is what a backtest stands on.
type Options struct {
	Rules   *rules.Set
	Stores  map[string]gather.Ranger // metric stores by name
	Default string                   // the store of rules that name none
	Service func(ctx context.Context, name string, at time.Time) (rules.Service, error)
	History time.Duration // at most so much is learned from; 0: as much as each rule says
	Mask    Mask          // nil: nothing is left out of the history
	Pace    Pace          // nil: not known, and the thresholds are the defaults
	Now     time.Time     // nothing later is replayed
	Workers int           // 0: one a processor
}

// Run replays every moment under every rule that watches it, on all
// processors, and hands on the replays of one moment at a time, in the order
// of moments and of the rules: none where no rule watches it. Where each
// fails, the run ends with that error. The other errors are a rule's store
// that is not configured, and ctx's.
//
// A metric store or a catalogue that fails ends nothing: the replay is blind,
// as the daemon would have been.
func Run(ctx context.Context, o Options, moments []Moment, each func(m Moment, replays []Replay) error) error {
	workers := cmp.Or(o.Workers, runtime.GOMAXPROCS(0))
	g, ctx := errgroup.WithContext(ctx)
	queue := make(chan chan result, 4*workers) // bounds how far replays run ahead of each
	g.Go(func() error { return o.spread(ctx, workers, moments, queue) })
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

// result is what came of one moment.
type result struct {
	replays []Replay
	err     error
}

// spread hands the moments to so many workers. Every pending result in the
// queue is given, whatever happens.
func (o Options) spread(ctx context.Context, workers int, moments []Moment, queue chan<- chan result) error {
	var g errgroup.Group
	g.SetLimit(workers)
	defer func() { _ = g.Wait() }() // errors travel with the results
	for _, m := range moments {
		bound, err := o.bind(ctx, m)
		if err != nil {
			return err
		}
		pending := make(chan result, 1)
		select {
		case queue <- pending:
		case <-ctx.Done():
			return ctx.Err()
		}
		g.Go(func() error {
			pending <- o.replayAll(ctx, bound, m)
			return nil
		})
	}
	return nil
}

// bind asks the catalogue for the service as it was at the moment. Like the
// daemon it goes on without an answer.
func (o Options) bind(ctx context.Context, m Moment) ([]rules.Bound, error) {
	service, err := o.Service(ctx, m.Service, m.StartedAt)
	if err != nil && ctx.Err() != nil {
		return nil, fmt.Errorf("finding service %s: %w", m.Service, ctx.Err())
	}
	return o.Rules.For(m.Change, service), nil
}

func (o Options) replayAll(ctx context.Context, bound []rules.Bound, m Moment) result {
	var all []Replay
	for _, b := range bound {
		r, err := o.replay(ctx, b, m)
		if err != nil {
			return result{err: err}
		}
		all = append(all, r)
	}
	return result{replays: all}
}

// Apart is how far a placebo must be from any change, so that neither lies in
// the other's before window or bake under any rule.
func (o Options) Apart() time.Duration {
	apart := time.Duration(0)
	for _, r := range o.Rules.Rules() {
		tick := cmp.Or(r.Tick, r.Bake/ticks)
		if store, ok := o.Stores[cmp.Or(r.Store, o.Default)]; ok {
			tick = max(tick, store.Resolution())
		}
		apart = max(apart, time.Duration(r.Before)*tick+r.Rollout+r.Settle+r.Bake)
	}
	return apart
}

// ticks is into how many a bake is cut where the rule does not say.
const ticks = 30
