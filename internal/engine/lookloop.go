package engine

import (
	"context"
	"sync"
	"time"

	"github.com/pushback/pushback/internal/due"
)

// run looks at every watch when it is due. A look mostly waits for a metric store, and due.Looks
// bounds how many wait for each store. A bound here for all of them would let one store that
// hangs delay the looks at all others.
func (k *looker) run(ctx context.Context) error {
	if err := k.replica.Look(ctx, k.looks.Open); err != nil {
		return err
	}
	if err := k.looks.Reload(ctx); err != nil {
		return err
	}
	var under sync.WaitGroup
	defer under.Wait()
	for {
		due, next := k.looks.Take(k.Now())
		for _, w := range due {
			under.Go(func() { k.looks.Put(k.look(ctx, w)) })
		}
		if !k.pause(ctx, next) {
			k.replica.StopLooking(ctx)
			return nil
		}
	}
}

// followShares takes over watches, and leaves others, when replicas join and are lost. What
// it cannot read, the planner reads with its next sweep.
func (k *looker) followShares(ctx context.Context) error {
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-k.replica.Changed():
			if err := k.looks.Reload(ctx); err != nil && ctx.Err() == nil {
				k.Log.Warn("cannot read the watches of this replica; trying again in a moment", "error", err)
			}
		}
	}
}

// idle is how long the loop sleeps when nothing is due. News wakes it.
const idle = time.Minute

// pause waits for the next look or for news, and reports false where ctx ended first.
func (k *looker) pause(ctx context.Context, next time.Time) bool {
	wait := idle
	if !next.IsZero() {
		wait = max(0, next.Sub(k.Now()))
	}
	t := time.NewTimer(wait)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-t.C:
	case <-k.looks.News():
	}
	return true
}

// newLooks has the watches looked at here that are this replica's.
func (e *Engine) newLooks() *due.Looks {
	o := due.Options{Store: e.Store, Forget: func(id string) { e.looker.gatherer.Forget(id) }}
	if e.Store.Shared() {
		o.Shares = e.replica
	}
	return due.New(o)
}
