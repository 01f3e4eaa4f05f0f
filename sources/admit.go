package sources

import (
	"cmp"
	"errors"
	"fmt"
	"strings"
	"time"
)

// The bounds that Admit holds every event to. Lengths are in bytes.
const (
	MaxName = 200 // every name but an environment: service, version, actor, a label's key
	// MaxEnvironment is what GitHub allows an environment's name. GitLab allows the same.
	MaxEnvironment = 255
	MaxText        = 2000 // a URL, a label's value
	MaxLabels      = 64
	MaxRiders      = 100
	// MaxPaths is how many changed files an event may name, and MaxPath how long one may be. GitHub
	// lists at most 300 files of a comparison, and a merge of a release branch changes thousands.
	MaxPaths = 3000
	MaxPath  = 1000
	// MaxAhead is how far a tool's clock may run ahead of Pushback's. A change
	// that starts in the future would supersede every change until then.
	MaxAhead = 10 * time.Minute
)

// earliestTime is older than any delivery tool: an event before it comes from a
// clock at zero, or from seconds read as milliseconds.
var earliestTime = time.Date(2000, time.January, 1, 0, 0, 0, 0, time.UTC)

// BadEvent is the error for an event that its sender must correct: sending it
// again as it is cannot succeed. The server answers 400 to it, and 503 to every
// other error of storing an event.
type BadEvent struct {
	// Reason is one line that names the field and the fix, for the tool's
	// author. It never quotes the event, so that it can be answered and logged.
	Reason string
}

// Error returns the reason.
func (e *BadEvent) Error() string { return e.Reason }

// Admitted is an event that has passed Admit. Only Admit makes one, so whoever
// takes an Admitted need not check the event again.
type Admitted struct{ event Event }

// Event returns the event: valid, with its defaults, and with the catalogue's
// name of its service. It is the zero Event where a is the zero Admitted.
func (a Admitted) Event() Event { return a.event }

// Admit is the one place where an event is completed and checked, whichever way
// it came in: it puts the catalogue's name of the service in place of the tool's, fills the
// defaults, and validates the result (adr/0053). canonical returns the event with that
// name; nil leaves it as it is. An error is always a *BadEvent. Paths have done their work
// before, and are dropped.
func Admit(e Event, canonical func(Event) Event, now time.Time) (Admitted, error) {
	if canonical != nil {
		e = canonical(e)
	}
	e = e.WithDefaults()
	e.Paths = nil
	if err := e.validate(now); err != nil {
		return Admitted{}, &BadEvent{Reason: err.Error()}
	}
	return Admitted{event: e}, nil
}

// WithDefaults fills what a tool may leave out (kind: deploy, environment:
// production) and brings At to UTC and to the microsecond that the store keeps:
// with a finer time, a change read back from the store would differ from the one
// that was stored. Admit calls it; a source calls it where it makes identifiers
// of the event, so that a default left out and one spelled out give the same.
func (e Event) WithDefaults() Event {
	if e.Kind == "" {
		e.Kind = Deploy
	}
	if e.Environment == "" {
		e.Environment = "production"
	}
	e.At = e.At.UTC().Truncate(time.Microsecond)
	return e
}

// validate returns the first reason why the event, defaults filled in, cannot be
// stored; see BadEvent.Reason.
func (e Event) validate(now time.Time) error {
	for _, check := range []func() error{
		e.checkNames, e.checkService, e.checkEnums, e.checkVersion, func() error { return checkTime(e.At, now) },
		func() error { return checkURL(e.URL) }, e.checkRiders, e.checkLabels,
	} {
		if err := check(); err != nil {
			return err
		}
	}
	return nil
}

// name is one field that holds a name.
type name struct {
	field    string
	value    string
	required bool
	limit    int // in bytes; 0: MaxName
}

func (e Event) checkNames() error {
	for _, n := range []name{
		// Before the ids, which are made from them where a tool sends none.
		{"service", e.Service, true, 0},
		{"environment", e.Environment, true, MaxEnvironment},
		{"region", e.Region, false, 0},
		{"version", e.Version, false, 0},
		{"change_id", e.ChangeID, true, 0},
		{"event_id", e.EventID, true, 0},
		{"source", e.Source, true, 0},
		{"previous", e.Previous, false, 0},
		{"rollback_of", e.RollbackOf, false, 0},
		{"group", e.Group, false, 0},
	} {
		if err := n.check(); err != nil {
			return err
		}
	}
	return checkText("actor", e.Actor, MaxName) // a person's name, which is compared with nothing
}

func (n name) check() error {
	if n.required && strings.TrimSpace(n.value) == "" {
		return fmt.Errorf("%s is missing: send a non-empty name", n.field)
	}
	if err := checkName(n.value, cmp.Or(n.limit, MaxName)); err != nil {
		return fmt.Errorf("%s %w", n.field, err)
	}
	return nil
}

// checkText says of a field what CheckText says of its text.
func checkText(field, s string, limit int) error {
	if err := CheckText(s, limit); err != nil {
		return fmt.Errorf("%s %w", field, err)
	}
	return nil
}

// EveryService stands for every service where trust is given to a rule.
const EveryService = "*"

// checkService refuses a service whose outcomes would count for all others.
func (e Event) checkService() error {
	if e.Service == EveryService {
		return errors.New("service is *, which stands for every service: send the name of one")
	}
	return nil
}

func (e Event) checkEnums() error {
	switch e.Status {
	case Started, Succeeded, Failed:
	default:
		return errors.New("status is unknown: send started, succeeded or failed")
	}
	switch e.Kind {
	case Deploy, Config, Flag, Experiment:
	default:
		return errors.New("kind is unknown: send deploy, config, flag or experiment")
	}
	return nil
}

// checkVersion demands a version of deploys alone: the state of a flag or of a
// config push does not always have a name, but a deploy without a version can
// neither be merged with another tool's report of it nor be rolled back to.
func (e Event) checkVersion() error {
	if e.Kind == Deploy && strings.TrimSpace(e.Version) == "" {
		return errors.New("version is missing: a deploy must name what it deployed")
	}
	return nil
}

func checkTime(at, now time.Time) error {
	if at.IsZero() {
		return errors.New("at is missing: send the time of the event, RFC 3339")
	}
	if at.Before(earliestTime) {
		return errors.New("at is before the year 2000: check the clock and the unit of the timestamp")
	}
	if at.After(now.Add(MaxAhead)) {
		return fmt.Errorf("at is more than %s in the future: check the tool's clock", MaxAhead)
	}
	return nil
}

// checkURL accepts web addresses only: a page shows the URL as a link, and the
// link could run a script.
func checkURL(u string) error {
	if u == "" {
		return nil
	}
	if !strings.HasPrefix(u, "https://") && !strings.HasPrefix(u, "http://") {
		return errors.New("url is not a web address: send one that begins with https:// or http://")
	}
	return checkText("url", u, MaxText)
}

func (e Event) checkRiders() error {
	if len(e.Riders) > MaxRiders {
		return fmt.Errorf("riders has %d names: send at most %d", len(e.Riders), MaxRiders)
	}
	for i, r := range e.Riders {
		n := name{field: fmt.Sprintf("riders[%d]", i), value: r, required: true}
		if err := n.check(); err != nil {
			return err
		}
	}
	return nil
}

func (e Event) checkLabels() error {
	if len(e.Labels) > MaxLabels {
		return fmt.Errorf("labels has %d entries: send at most %d", len(e.Labels), MaxLabels)
	}
	for k, v := range e.Labels {
		if err := (name{field: "a label's name", value: k, required: true}).check(); err != nil {
			return err
		}
		if err := checkText("a label's value", v, MaxText); err != nil {
			return err
		}
	}
	return nil
}
