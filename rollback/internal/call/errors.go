package call

import (
	"errors"
	"fmt"
	"net/http"

	"github.com/pushback/pushback/internal/outbound"
	"github.com/pushback/pushback/rollback"
)

// RefusedError is an answer whose status is not 2xx.
type RefusedError struct {
	Code int
	Text string // the status line and the first line of the body
}

// Error says what the tool answered.
func (r *RefusedError) Error() string { return "it answered " + r.Text }

// StatusCode is the HTTP status of a RefusedError that err wraps; 0 if it wraps none.
func StatusCode(err error) int {
	var r *RefusedError
	if errors.As(err, &r) {
		return r.Code
	}
	return 0
}

// CheckActAnswer returns what the answer to a changing request means: nil for done,
// an error that wraps rollback.ErrOutcomeUnknown for 502 and 504, because a proxy
// answered and the tool may have acted, and a plain error for a failure.
func CheckActAnswer(a outbound.Answer) error {
	if a.OK() {
		return nil
	}
	err := newRefusedError(a)
	if a.Code == http.StatusBadGateway || a.Code == http.StatusGatewayTimeout {
		err = fmt.Errorf("%w: %w", rollback.ErrOutcomeUnknown, err)
	}
	return withRetryAfter(a, err)
}

// CheckReadAnswer returns what the answer to a read means: nil for success. An
// answer that may change by itself, such as 503 or 429, wraps rollback.ErrNotSent,
// like a read without an answer.
func CheckReadAnswer(a outbound.Answer) error {
	if a.OK() {
		return nil
	}
	err := newRefusedError(a)
	if a.Code >= 500 || a.Code == http.StatusTooManyRequests || a.Code == http.StatusRequestTimeout {
		err = fmt.Errorf("%w: %w", rollback.ErrNotSent, err)
	}
	return withRetryAfter(a, err)
}

func newRefusedError(a outbound.Answer) error {
	text := a.Status
	if line := a.FirstLine(); line != "" {
		text += ": " + line
	}
	return &RefusedError{Code: a.Code, Text: text}
}

// withRetryAfter adds the delay that the answer asks for to err.
func withRetryAfter(a outbound.Answer, err error) error {
	if a.RetryAfter > 0 {
		return &rollback.RetryAfter{After: a.RetryAfter, Err: err}
	}
	return err
}

// ClassifySendError says whether a changing request that got no answer may have
// reached the tool: rollback.ErrNotSent if not, else rollback.ErrOutcomeUnknown.
func ClassifySendError(err error) error {
	if outbound.IsNotSent(err) {
		return rollback.ErrNotSent
	}
	return rollback.ErrOutcomeUnknown
}

// WrapUnknown returns err as an error whose outcome is unknown. It is for a read
// that failed after something was changed: the read's ErrNotSent, which would say
// that nothing was changed, is dropped.
func WrapUnknown(err error) error {
	if err == nil || errors.Is(err, rollback.ErrOutcomeUnknown) {
		return err
	}
	return fmt.Errorf("%w: %s", rollback.ErrOutcomeUnknown, err.Error())
}

// IsTemporary reports whether err may go away by itself.
func IsTemporary(err error) bool { return errors.Is(err, rollback.ErrNotSent) }

// WrapAfterAct returns the error of a later request after an earlier one succeeded.
// If the later one was not sent, the rollback is half done, so that its outcome is
// unknown and not "not sent".
func WrapAfterAct(err error) error {
	if IsTemporary(err) {
		return WrapUnknown(err)
	}
	return err
}
