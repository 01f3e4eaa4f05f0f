package rollback

import (
	"errors"
	"fmt"
	"time"
)

// The errors that a Hook wraps, from which the engine decides whether to try again.
var (
	// ErrNoWarrant says that Permit did not make the warrant. Nothing was sent.
	ErrNoWarrant = errors.New("no warrant: only rollback.Permit makes one")
	// ErrNotSent says that the call certainly did not reach the deploy tool, and
	// that nothing has changed there.
	ErrNotSent = errors.New("not sent")
	// ErrOutcomeUnknown says that the rollback may or may not have run. Only a hook
	// declared idempotent is tried again; otherwise a person is paged.
	ErrOutcomeUnknown = errors.New("outcome unknown")
)

// RetryAfter is a failed call whose answer said how long to wait before the next
// one. It does not allow another call of a hook that is not declared idempotent.
type RetryAfter struct {
	After time.Duration
	Err   error
}

// Error says what failed and how long to wait.
func (r *RetryAfter) Error() string { return fmt.Sprintf("%v (retry after %s)", r.Err, r.After) }

// Unwrap returns the failure itself.
func (r *RetryAfter) Unwrap() error { return r.Err }
