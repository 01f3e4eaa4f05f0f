package call

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/pushback/pushback/rollback"
)

const (
	// first is how soon something set going is looked at again.
	first = 2 * time.Second
	// longest is the longest between two looks.
	longest = 15 * time.Second
)

// Ended is the end of something that was set going, and that came out badly.
type Ended struct{ Why string }

// Error says how it ended.
func (e *Ended) Error() string { return e.Why }

// Follow looks until done, at growing intervals that are not quite regular, so
// that many followers do not step together. Its errors: *Ended as it came, and
// anything else as unknown, because what was set going may end well unseen.
// look may wrap rollback.ErrNotSent for an answer that did not come; it is
// asked again.
func Follow(ctx context.Context, look func(context.Context) (done bool, err error)) error {
	for wait := first; ; wait = min(wait*3/2, longest) {
		done, err := look(ctx)
		var ended *Ended
		if done || errors.As(err, &ended) {
			return err
		}
		if err != nil && !errors.Is(err, rollback.ErrNotSent) {
			return Uncertain(err)
		}
		if over := sleep(ctx, pause(wait, err)); over != nil {
			return unseen(err, over)
		}
	}
}

// pause is the time to the next look: as long as the answerer asked for, or
// wait, a fifth more or less.
func pause(wait time.Duration, err error) time.Duration {
	var after *rollback.RetryAfter
	if errors.As(err, &after) {
		return max(after.After, wait)
	}
	return wait*4/5 + rand.N(wait*2/5)
}

func sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}

func unseen(last, over error) error {
	if last != nil {
		return fmt.Errorf("%w: its end was not seen: %s", rollback.ErrOutcomeUnknown, last.Error())
	}
	return fmt.Errorf("%w: it had not ended in time: %w", rollback.ErrOutcomeUnknown, over)
}
