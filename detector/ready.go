package detector

import (
	"math"
	"time"
)

// Readiness says from when on a change can be judged by one signal.
type Readiness struct {
	State ReadyState `json:"state"`
	From  time.Time  `json:"from,omitzero"` // of ReadyLater: when a change is judged in full, if samples go on to come as they did
}

// ReadyState is what the newest history of a signal allows.
type ReadyState string

// The states of a Readiness.
const (
	ReadyNow   ReadyState = "now"   // a change is judged in full at once
	ReadyLater ReadyState = "later" // there is too little history yet; From says until when
	ReadyStill ReadyState = "still" // the signal never moved: statistics say suspect at most
	ReadyGappy ReadyState = "gappy" // too few ticks have a value: statistics say suspect at most, or nothing
	ReadyEmpty ReadyState = "empty" // there is nothing, or nothing any more
)

// Ready says from when on a change can be judged by a signal. newest are the ticks that end now,
// on the grid of the plan. It asks what Judge asks: the count test needs ticks with events before
// the change, and the scan of a level needs MinHistory with values.
func Ready(p Plan, s Signal, newest Ticks, now time.Time) Readiness {
	if p.Tick <= 0 || p.Before < 1 {
		return Readiness{State: ReadyEmpty}
	}
	if s.Kind == Counts {
		return readyCounts(p, newest, now)
	}
	return readyLevel(p, newest.Value, now)
}

func readyCounts(p Plan, newest Ticks, now time.Time) Readiness {
	total := lastOf(newest.Total, p.Before)
	switch have := ticksWithEvents(Ticks{Total: total}); {
	case have >= minTicks:
		return Readiness{State: ReadyNow}
	case have == 0:
		return Readiness{State: ReadyEmpty}
	default:
		return readyAfter(minTicks-have, 1, p.Tick, now)
	}
}

func readyLevel(p Plan, x Values, now time.Time) Readiness {
	x = sinceFirst(x)
	recent := lastOf(x, p.Before)
	if finite(recent) == 0 {
		return Readiness{State: ReadyEmpty}
	}
	if !mostlyPresent(recent) {
		return Readiness{State: ReadyGappy}
	}
	share := float64(finite(x)) / float64(len(x))
	history := ticksIn(MinHistory, p.Tick) - finite(x)
	before := (p.Before+1)/2 - finite(recent)
	switch wait := max(history, before); {
	case wait > 0:
		return readyAfter(wait, share, p.Tick, now)
	case stands(x):
		return Readiness{State: ReadyStill}
	}
	return Readiness{State: ReadyNow}
}

// ticksIn is how many ticks a span takes, the last one whole.
func ticksIn(span, tick time.Duration) int { return int((span + tick - 1) / tick) }

// readyAfter is when so many more ticks have a value, where a share of all ticks has one.
func readyAfter(missing int, share float64, tick time.Duration, now time.Time) Readiness {
	ticks := math.Ceil(float64(missing) / share)
	return Readiness{State: ReadyLater, From: now.Add(time.Duration(ticks) * tick)}
}

// sinceFirst is what follows the first value, with it.
func sinceFirst(x Values) Values {
	for i, v := range x {
		if !math.IsNaN(v) {
			return x[i:]
		}
	}
	return nil
}

// stands reports whether all values are one.
func stands(x Values) bool {
	l := levels(x)
	return l.Lowest == l.Highest
}
