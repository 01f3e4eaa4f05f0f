package gather

import (
	"context"
	"time"

	"github.com/pushback/pushback/sources"
)

// Bounded asks a store at most so many questions at once; others wait. Each store has a
// bound of its own, so that one which hangs delays no other.
func Bounded(r Ranger, atOnce int) Ranger {
	return &bounded{Ranger: r, slots: make(chan struct{}, atOnce)}
}

type bounded struct {
	Ranger
	slots chan struct{}
}

// Range waits for its turn, or for the end of ctx.
func (b *bounded) Range(ctx context.Context, q sources.Query, w sources.Window) (series []sources.Series, err error) {
	err = b.withSlot(ctx, func() error { series, err = b.Ranger.Range(ctx, q, w); return err })
	return series, err
}

// Instant waits as Range does.
func (b *bounded) Instant(ctx context.Context, expr string, at time.Time) (series []sources.Series, err error) {
	err = b.withSlot(ctx, func() error { series, err = b.Ranger.Instant(ctx, expr, at); return err })
	return series, err
}

// Heartbeat waits as Range does.
func (b *bounded) Heartbeat(ctx context.Context, at time.Time) (beat time.Time, err error) {
	err = b.withSlot(ctx, func() error { beat, err = b.Ranger.Heartbeat(ctx, at); return err })
	return beat, err
}

func (b *bounded) withSlot(ctx context.Context, ask func() error) error {
	select {
	case b.slots <- struct{}{}:
	case <-ctx.Done():
		return ctx.Err()
	}
	defer func() { <-b.slots }()
	return ask()
}
