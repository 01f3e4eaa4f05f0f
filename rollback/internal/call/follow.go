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
	// firstInterval is the time to the second read.
	firstInterval = 2 * time.Second
	// maxInterval is the longest time between two reads.
	maxInterval = 15 * time.Second
)

// FailedError says that something which was started and followed has failed.
type FailedError struct{ Why string }

// Error says how it failed.
func (e *FailedError) Error() string { return e.Why }

// Follow calls read until it is done, at growing intervals. The intervals are
// randomised, so that several rollbacks do not read at the same time. If read gives
// an error that wraps rollback.ErrNotSent, there was no answer, and it is called
// again. Follow returns a *FailedError unchanged; any other error wraps
// rollback.ErrOutcomeUnknown, because what was started may still succeed.
func Follow(ctx context.Context, read func(context.Context) (done bool, err error)) error {
	for wait := firstInterval; ; wait = min(wait*3/2, maxInterval) {
		done, err := read(ctx)
		var failed *FailedError
		if done || errors.As(err, &failed) {
			return err
		}
		if err != nil && !errors.Is(err, rollback.ErrNotSent) {
			return WrapUnknown(err)
		}
		if over := sleep(ctx, nextInterval(wait, err)); over != nil {
			return wrapUnfinished(err, over)
		}
	}
}

// nextInterval is the time to the next read: wait, up to a fifth longer or shorter,
// or the delay that the tool asked for.
func nextInterval(wait time.Duration, err error) time.Duration {
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

func wrapUnfinished(last, over error) error {
	if last != nil {
		return fmt.Errorf("%w: how it ended could not be read: %s", rollback.ErrOutcomeUnknown, last.Error())
	}
	return fmt.Errorf("%w: it had not ended in time: %w", rollback.ErrOutcomeUnknown, over)
}
