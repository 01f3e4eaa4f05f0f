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
	"context"
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

// Options are what New gets beside the adapter's own Config. Events carry the source's own names of
// services: the server puts the catalogue's in their place, once, when it admits them.
type Options struct {
	Name string       // in pushback.yml, and in events
	Log  *slog.Logger // of feeds, and of what the tool is asked for; nil: nothing is logged

	// Reader returns what reads the messages of a bus: another source of pushback.yml by its
	// name, or Pushback's own format for "". Its error begins with "read_as".
	Reader func(name string) (Parser, error)

	// LastVersion is the version of the newest change of a slot that was not reported as failed; ""
	// where none is stored. The slot may have the source's own name of the service. For feeds: what
	// ran before a restart.
	LastVersion func(ctx context.Context, slot sources.Slot) (string, error)
	// CanonicalSlot puts the catalogue's name of the service into a slot of the source's own, as it stands
	// in changes that are stored.
	CanonicalSlot func(slot sources.Slot) sources.Slot
	// Reported are the changes that began since a time, of all sources, the newest first and at
	// most a few hundred.
	Reported func(ctx context.Context, since time.Time) ([]sources.Change, error)
	// Store returns a metric store by its name in pushback.yml, "" for the default one. It is
	// called while a feed runs, when every store is open.
	Store func(name string) (MetricStore, error)
	// Remark tells those who answer for a service about one of its changes, once per change and
	// topic, and notes it in the change's journal.
	Remark func(ctx context.Context, c sources.Change, topic, text string) error
}

// MetricStore is what a feed may ask of a metric store.
type MetricStore interface {
	Instant(ctx context.Context, expr string, at time.Time) ([]sources.Series, error)
	Range(ctx context.Context, q sources.Query, w sources.Window) ([]sources.Series, error)
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
