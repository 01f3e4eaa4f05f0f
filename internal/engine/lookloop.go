package engine

import (
	"context"
	"sync"
	"time"
)

// run looks at every watch when it is due. A look mostly waits for a metric store, and the
// gatherer bounds how many wait for each store. A bound here as well would let one store
// that hangs delay the looks at all others.
func (k *looker) run(ctx context.Context) error {
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
			return nil
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
