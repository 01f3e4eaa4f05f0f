package rollback

import (
	"errors"
	"fmt"
	"time"
)

// What a Hook's error wraps, so that the engine knows what may follow.
var (
	// ErrNoWarrant: the warrant was not made by Permit. Nothing was sent.
	ErrNoWarrant = errors.New("no warrant: only rollback.Permit makes one")
	// ErrNotSent: the call certainly never reached the other side, and nothing
	// has changed there.
	ErrNotSent = errors.New("not sent")
	// ErrOutcomeUnknown: it may or may not have run. Only a hook declared
	// idempotent may be tried again; for any other, a person looks.
	ErrOutcomeUnknown = errors.New("outcome unknown")
)

// RetryAfter is a failure whose answerer said when to come back. It is a
// failure like any other for a hook not declared idempotent.
type RetryAfter struct {
	After time.Duration
	Err   error
}

// Error says what failed and how long the answerer asked us to wait.
func (r *RetryAfter) Error() string { return fmt.Sprintf("%v (retry after %s)", r.Err, r.After) }

// Unwrap gives errors.Is and errors.As the failure.
func (r *RetryAfter) Unwrap() error { return r.Err }
