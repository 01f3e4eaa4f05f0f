package picture

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/pushback/pushback/dashboards/web"
	"github.com/pushback/pushback/detector"
	"github.com/pushback/pushback/internal/report"
	"github.com/pushback/pushback/rollback"
)

// Subject is what a picture is about: one look of one watch, and what became of the change.
type Subject struct {
	report.Record
	Order  rollback.State // the state of the change's order; "" where it has none
	SentAt time.Time      // when the order's hook was called; zero: it was not
}

// Choice is what somebody wants to see of it, and how.
type Choice struct {
	Signal string // one signal; "" for those that matter
	Dark   bool
	Bare   bool // without the heading, for pages that have one
	Width  int  // in pixels, between MinWidth and MaxWidth; 0 for DefaultWidth
}

// The widths of a picture, in pixels.
const (
	MinWidth     = 360
	DefaultWidth = 760
	MaxWidth     = 1600
)

// Revision is raised when a change of this package draws equal subjects otherwise, so that nobody takes what they
// have for current.
const Revision = 1

// MaxSignals is how many signals one picture shows.
const MaxSignals = 3

// The reasons why there is no picture.
var (
	// ErrNothing says that no signal has a value to draw.
	ErrNothing = errors.New("nothing was measured, so that there is nothing to draw")
	// ErrNoSignal says that the verdict has no signal of the name that was asked for.
	ErrNoSignal = errors.New("the verdict has no such signal")
)

// plotted is one signal with the numbers of its plot.
type plotted struct {
	evidence detector.Evidence
	plot     web.Plot
	chance   string // its p-value in words; "" where it has none
}

// measured says whether there is anything to draw.
func (p plotted) measured() bool {
	return slices.ContainsFunc(p.plot.Before, drawable) || slices.ContainsFunc(p.plot.After, drawable)
}

// chosen are the signals to show, and how many that matter are left out.
func chosen(s Subject, c Choice) (shown []plotted, left int, err error) {
	wanted := report.Matter(s.Verdict)
	if c.Signal != "" {
		if wanted = named(s.Verdict, c.Signal); len(wanted) == 0 {
			return nil, 0, fmt.Errorf("%w; it has %s", ErrNoSignal, report.SignalNames(s.Verdict))
		}
	}
	for _, e := range wanted {
		p := plotted{e, web.SignalOf(e, s.Watch.Plan, s.Observation).Plot, report.Chance(e, s.Verdict, s.Watch.Plan.Length())}
		switch {
		case !p.measured():
		case len(shown) == MaxSignals:
			left++
		default:
			shown = append(shown, p)
		}
	}
	if len(shown) == 0 {
		return nil, 0, ErrNothing
	}
	return shown, left, nil
}

func named(v detector.Verdict, signal string) []detector.Evidence {
	for _, e := range v.Signals {
		if e.Signal == signal {
			return []detector.Evidence{e}
		}
	}
	return nil
}
