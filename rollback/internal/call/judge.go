package call

import (
	"errors"
	"fmt"
	"net/http"

	"github.com/pushback/pushback/internal/outbound"
	"github.com/pushback/pushback/rollback"
)

// Refused is an answer that was no success.
type Refused struct {
	Code int
	Text string // the status and the first line of what was said
}

// Error says what was answered.
func (r *Refused) Error() string { return "it answered " + r.Text }

// Code is the status of a refusal; 0 where err is none.
func Code(err error) int {
	var r *Refused
	if errors.As(err, &r) {
		return r.Code
	}
	return 0
}

// Acted says what the answer to an act means; nil is done.
func Acted(a outbound.Answer) error {
	if a.OK() {
		return nil
	}
	err := refused(a)
	if a.Code == http.StatusBadGateway || a.Code == http.StatusGatewayTimeout {
		err = fmt.Errorf("%w: %w", rollback.ErrOutcomeUnknown, err)
	}
	return patient(a, err)
}

// Looked says what the answer to a look means. An answer that may be another
// one a moment later is as good as none.
func Looked(a outbound.Answer) error {
	if a.OK() {
		return nil
	}
	err := refused(a)
	if a.Code >= 500 || a.Code == http.StatusTooManyRequests || a.Code == http.StatusRequestTimeout {
		err = fmt.Errorf("%w: %w", rollback.ErrNotSent, err)
	}
	return patient(a, err)
}

func refused(a outbound.Answer) error {
	text := a.Status
	if line := a.FirstLine(); line != "" {
		text += ": " + line
	}
	return &Refused{Code: a.Code, Text: text}
}

// patient adds the time that the answerer asked for.
func patient(a outbound.Answer, err error) error {
	if a.RetryAfter > 0 {
		return &rollback.RetryAfter{After: a.RetryAfter, Err: err}
	}
	return err
}

// Fate says what an act without an answer leaves behind.
func Fate(err error) error {
	if outbound.IsNotSent(err) {
		return rollback.ErrNotSent
	}
	return rollback.ErrOutcomeUnknown
}

// Uncertain is err after something was done: whatever it says of not having
// been sent is about a look, and no longer true of the whole.
func Uncertain(err error) error {
	if err == nil || errors.Is(err, rollback.ErrOutcomeUnknown) {
		return err
	}
	return fmt.Errorf("%w: %s", rollback.ErrOutcomeUnknown, err.Error())
}

// Passing says whether err is of the kind that goes away by itself.
func Passing(err error) bool { return errors.Is(err, rollback.ErrNotSent) }

// Begun is err after an earlier act was done: that a later one was not sent
// leaves something half-way, which is unknown and not untouched.
func Begun(err error) error {
	if Passing(err) {
		return Uncertain(err)
	}
	return err
}
