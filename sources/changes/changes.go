// Package changes holds what every change source shares: how a delivery is
// refused, how its JSON is opened, and which services a source may report.
//
// A delivery comes from outside and may be forged until its signature is verified. Every Source therefore has three steps, VerifyHeader before the
// body is read, Verify before it is parsed, and Parse, and three ways to refuse, which the server turns into a status code:
//
//	ErrUnauthorized   401  the signature is missing, wrong, or too old
//	*sources.BadEvent 400  signed, but not a delivery we understand; Reason is one line
//	ErrIgnored        202  understood, and it reports no change
//
// Reasons name fields and never repeat their values: a refused body may hold
// what must not stand in a log. Package changestest holds a source to all this.
package changes

import (
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"time"

	"github.com/pushback/pushback/sources"
)

// Source authenticates and reads the deliveries of one tool.
type Source interface {
	// VerifyHeader refuses a delivery that Verify would refuse whatever its body, so that
	// nothing is read of it: without a signature, with one that is too old, or with a wrong token.
	VerifyHeader(h http.Header, now time.Time) error
	// Verify checks the signature over the raw bytes, before anything is parsed.
	// now is the moment of arrival, for signatures that end with time.
	Verify(h http.Header, body []byte, now time.Time) error
	// Parse reads a verified delivery. Its events go through sources.Admit.
	Parse(h http.Header, body []byte) ([]sources.Event, error)
}

// Parser reads what was verified, or what came by a way that needs no signature.
type Parser interface {
	Parse(h http.Header, body []byte) ([]sources.Event, error)
}

// Options are what New gets beside the adapter's own Config.
type Options struct {
	Name      string                      // in pushback.yml, and in events
	Canonical func(service string) string // our name of a service that the tool may call otherwise
	Log       *slog.Logger                // of feeds, and of what the tool is asked for; nil: nothing is logged
	// Reader returns what reads the messages of a bus: another source of pushback.yml by its
	// name, or Pushback's own format for "". Its error begins with "read_as".
	Reader func(name string) (Parser, error)
}

// ErrUnauthorized is returned for a delivery that does not prove where it comes
// from. It says nothing more, so that nobody learns how near a guess was.
var ErrUnauthorized = errors.New("delivery is not signed with a known secret")

// ErrIgnored is wrapped by the errors for valid deliveries that report no
// change, such as a ping. Their text gives the reason.
var ErrIgnored = errors.New("this delivery reports no change")

// Bad makes a *sources.BadEvent. Arguments must be names of fields and limits,
// not values out of the delivery.
func Bad(format string, args ...any) error {
	return &sources.BadEvent{Reason: fmt.Sprintf(format, args...)}
}

// Ignored makes an error that wraps ErrIgnored and says why.
func Ignored(reason string) error {
	return fmt.Errorf("%w: %s", ErrIgnored, reason)
}
