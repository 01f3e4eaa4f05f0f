package notify

import (
	"errors"
	"fmt"
	"net/http"
	"time"
)

// ErrPermanent is wrapped by an error for which another attempt cannot help,
// because the receiver refused the message itself.
var ErrPermanent = errors.New("permanent")

// RetryAfter is a failed attempt whose receiver said how long to wait before the
// next one.
type RetryAfter struct {
	After time.Duration
	Err   error
}

// Error says what failed and how long to wait.
func (r *RetryAfter) Error() string { return fmt.Sprintf("%v (retry after %s)", r.Err, r.After) }

// Unwrap returns the failure itself.
func (r *RetryAfter) Unwrap() error { return r.Err }

// StatusError wraps err, which describes an answer with an HTTP status other than
// 2xx, as ErrPermanent or as *RetryAfter. after is the answer's Retry-After, or 0.
//
// Only a status that refuses the message itself is permanent. A refused token
// (401, 403), a wrong address (404) and a redirect are not: the operator can
// repair them, and the message should arrive afterwards.
func StatusError(status int, after time.Duration, err error) error {
	switch status {
	case http.StatusBadRequest, http.StatusGone, http.StatusRequestEntityTooLarge,
		http.StatusUnsupportedMediaType, http.StatusUnprocessableEntity:
		return fmt.Errorf("%w: %w", ErrPermanent, err)
	}
	if after > 0 {
		return &RetryAfter{After: after, Err: err}
	}
	return err
}
