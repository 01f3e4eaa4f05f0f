package gather

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"github.com/pushback/pushback/sources"
)

const (
	// firstAtOnce is how many questions a store is asked at once before it is known.
	firstAtOnce = 8
	// mostAtOnce is how many it is asked at once at most, unless pushback.yml says.
	mostAtOnce = 64
	// slowAnswer is how long an answer takes that counts as a sign of too many questions. A
	// store that answers most within milliseconds takes seconds only under load.
	slowAnswer = 5 * time.Second
)

// Bounded asks a store so many questions at once as it takes well, and at most most; others
// wait. Answers raise the number by one in the time that as many of them take, and a failure
// or a slow answer takes a third away, once for all that were asked together (AIMD: Chiu and
// Jain 1989). Each store has a bound of its own, so that one which hangs delays no other.
func Bounded(r Ranger, most int, now func() time.Time) Ranger {
	if limited, ok := r.(interface{ MaxQueries() int }); ok && limited.MaxQueries() > 0 {
		most = limited.MaxQueries()
	}
	return &bounded{Ranger: r, now: now, most: float64(most), limit: float64(min(firstAtOnce, most))}
}

type bounded struct {
	Ranger
	now     func() time.Time
	most    float64
	mu      sync.Mutex
	limit   float64
	asked   int             // questions under way
	waiting []chan struct{} // longest first; closed when it is its turn
	lowered time.Time       // when limit was lowered last
}

// Range waits for its turn, or for the end of ctx.
func (b *bounded) Range(ctx context.Context, q sources.Query, w sources.Window) (series []sources.Series, err error) {
	err = b.inTurn(ctx, func() error { series, err = b.Ranger.Range(ctx, q, w); return err })
	return series, err
}

// Instant waits as Range does.
func (b *bounded) Instant(ctx context.Context, expr string, at time.Time) (series []sources.Series, err error) {
	err = b.inTurn(ctx, func() error { series, err = b.Ranger.Instant(ctx, expr, at); return err })
	return series, err
}

// Heartbeat waits as Range does.
func (b *bounded) Heartbeat(ctx context.Context, at time.Time) (beat time.Time, err error) {
	err = b.inTurn(ctx, func() error { beat, err = b.Ranger.Heartbeat(ctx, at); return err })
	return beat, err
}

func (b *bounded) inTurn(ctx context.Context, ask func() error) error {
	if err := b.begin(ctx); err != nil {
		return err
	}
	began := b.now()
	err := ask()
	b.end(began, err)
	return err
}

// begin waits for its turn.
func (b *bounded) begin(ctx context.Context) error {
	b.mu.Lock()
	if b.asked < int(b.limit) {
		b.asked++
		b.mu.Unlock()
		return nil
	}
	turn := make(chan struct{})
	b.waiting = append(b.waiting, turn)
	b.mu.Unlock()
	select {
	case <-turn:
		return nil
	case <-ctx.Done():
		b.giveUp(turn)
		return ctx.Err()
	}
}

// giveUp leaves the queue, or passes on a turn that has just come.
func (b *bounded) giveUp(turn chan struct{}) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if i := slices.Index(b.waiting, turn); i >= 0 {
		b.waiting = slices.Delete(b.waiting, i, i+1)
		return
	}
	b.asked--
	b.next()
}

// end learns from an answer, and lets the next ones ask.
func (b *bounded) end(began time.Time, err error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	full := b.asked >= int(b.limit)
	b.asked--
	switch now := b.now(); {
	case failedUnderLoad(err) || now.Sub(began) > slowAnswer:
		if began.After(b.lowered) || b.lowered.IsZero() {
			b.limit, b.lowered = max(1, b.limit*2/3), now
		}
	case err == nil && full:
		b.limit = min(b.most, b.limit+1/b.limit)
	}
	b.next()
}

// next gives turns to those who have waited longest.
func (b *bounded) next() {
	for len(b.waiting) > 0 && b.asked < int(b.limit) {
		close(b.waiting[0])
		b.waiting = b.waiting[1:]
		b.asked++
	}
}

// failedUnderLoad reports whether a failure may come from too many questions. What the store
// cannot evaluate, and what nobody waits for any more, says nothing of its load.
func failedUnderLoad(err error) bool {
	var fault *sources.Fault
	if errors.As(err, &fault) && fault.Refused {
		return false
	}
	return err != nil && !errors.Is(err, context.Canceled)
}
