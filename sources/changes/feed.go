package changes

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/pushback/pushback/sources"
)

// A tool that reports changes is a Source, to which it sends deliveries, or a Feed, which
// fetches them. Both may do more:
//
//	Source     VerifyHeader, Verify, Parse   a webhook
//	Completer  Complete                      asks the tool for what a webhook leaves out
//	Lister     Recent                        lists what the tool did, to find deliveries that were lost
//	Handshaker AllowsOrigin                  is asked by the tool whether it may send deliveries
//	Feed       Run                           reads a message bus, a cluster, another system's API
//	Rememberer Remember                      compares what it reads with what was stored before a restart

// Feed is a source that nobody sends anything to: it reads changes where they are.
//
// With several replicas each runs every feed, so the ids of its events must come from
// what it reads and not from the process that reads it.
type Feed interface {
	// Run reads until ctx ends, and gives what it finds to take. It goes on after every
	// error of the other side, which it logs and names in its Trouble; it returns only what
	// must end the daemon.
	Run(ctx context.Context, take Take) error
	// Trouble says what keeps the feed from reading now; "" if nothing does.
	Trouble() string
}

// Take admits and stores the events of one delivery, all or none. When it returns nil they are
// on disk, and only then may a feed acknowledge them. After an error for which Refused holds,
// the same delivery can never be stored, and is not to be sent again.
type Take func(ctx context.Context, d Delivery) error

// Delivery is the events of one message, and the message as it came.
type Delivery struct {
	Events []sources.Event
	Raw    []byte
	// Refused is why the message has no events, if it cannot be read. Take counts the message
	// and returns this error.
	Refused error
}

// Completer is a Source whose tool can be asked for what its deliveries leave out, such as
// the version before. The server waits CompleteWithin for it, and stores the events as they
// were if it fails: what is missing must never cost the event.
type Completer interface {
	Complete(ctx context.Context, events []sources.Event) ([]sources.Event, error)
}

// CompleteWithin is how long a delivery waits for its Completer. Tools give up after
// five seconds (CircleCI) or ten (GitHub).
const CompleteWithin = 3 * time.Second

// CompleteBy asks from, if it is a Completer, for what the events leave out, for at most
// CompleteWithin. Beside an error it returns the events as they were.
func CompleteBy(ctx context.Context, from any, events []sources.Event) ([]sources.Event, error) {
	c, can := from.(Completer)
	if !can {
		return events, nil
	}
	ctx, cancel := context.WithTimeout(ctx, CompleteWithin)
	defer cancel()
	whole, err := c.Complete(ctx, events)
	if err != nil {
		return events, err
	}
	return whole, nil
}

// Lister is a Source whose tool can list the changes that it made, so that deliveries which were
// lost are found. An event that was delivered has the same EventID here.
type Lister interface {
	Recent(ctx context.Context, since time.Time) ([]Delivery, error)
}

// ErrNoAPI is returned by the Recent of a source whose settings do not say how its tool is
// asked. It is not asked again.
var ErrNoAPI = errors.New("the settings of this source do not say how its tool can be asked")

// RateLimited is the error of a tool that must not be asked for a while.
type RateLimited struct {
	Tool  string
	After time.Duration // from now
}

// Error names the tool and the time.
func (r *RateLimited) Error() string {
	return fmt.Sprintf("%s takes no more requests for %s: its rate limit is used up", r.Tool, r.After.Round(time.Second))
}

// ErrNotAllowed is returned for an event about a service that its source may not speak for.
var ErrNotAllowed = errors.New("this source may not speak for that service")

// Refused reports whether a delivery can never be stored: it reports no change, is malformed,
// or is about a service of somebody else. All other errors are worth another try.
func Refused(err error) bool {
	bad := (*sources.BadEvent)(nil)
	return errors.Is(err, ErrIgnored) || errors.Is(err, ErrNotAllowed) || errors.As(err, &bad)
}

// Rememberer is a Feed that must know what was stored of it before the process started. Remember
// is called once, before Run.
type Rememberer interface {
	Remember(m Memory)
}

// Memory is what the store knows of a feed, across restarts and replicas.
//
// See adr/0119.
type Memory interface {
	// Reads returns when a part of the feed, such as one namespace, was read for the first and
	// for the last time; zero times for never.
	Reads(ctx context.Context, part string) (first, last time.Time, err error)
	// NoteRead stores that everything of a part that happened until at was read and stored.
	NoteRead(ctx context.Context, part string, at time.Time) error
	// Told reports whether the change that an event names was stored, and how it stands.
	Told(ctx context.Context, e sources.Event) (status sources.Status, told bool, err error)
}

// NoMemory knows nothing: each start is the first one.
type NoMemory struct{}

// Reads returns zero times.
func (NoMemory) Reads(context.Context, string) (first, last time.Time, err error) {
	return first, last, nil
}

// NoteRead stores nothing.
func (NoMemory) NoteRead(context.Context, string, time.Time) error { return nil }

// Told knows no change.
func (NoMemory) Told(context.Context, sources.Event) (sources.Status, bool, error) {
	return "", false, nil
}
