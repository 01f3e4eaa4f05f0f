package notify

import (
	"errors"
	"fmt"
	"net/http"
	"time"
)

// ErrPermanent is wrapped where trying again cannot help: the receiver
// understood the message and refused it for what it is.
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

// StatusError sorts err, a receiver's answer that was no success, by its status.
//
// Only a status that finds fault with the message itself is permanent. A
// refused token (401, 403), a wrong address (404) or a redirect is for the
// operator to mend, and a page that was held back meanwhile should still
// arrive: those are tried again like any failure.
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
