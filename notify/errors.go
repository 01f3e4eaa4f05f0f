package notify

import (
	"errors"
	"fmt"
	"time"
)

// ErrPermanent is wrapped where trying again cannot help: the receiver
// understood the message and refused it, or the receiver's configuration is wrong.
var ErrPermanent = errors.New("permanent")

// RetryAfter is a failure whose receiver said when to come back.
type RetryAfter struct {
	After time.Duration
	Err   error
}

// Error says what failed and how long the receiver asked us to wait.
func (r *RetryAfter) Error() string { return fmt.Sprintf("%v (retry after %s)", r.Err, r.After) }

// Unwrap gives errors.Is and errors.As the failure.
func (r *RetryAfter) Unwrap() error { return r.Err }
