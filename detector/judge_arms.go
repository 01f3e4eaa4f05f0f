package detector

import (
	"math"

	"github.com/pushback/pushback/detector/stats"
)

// Companion describes a signal's control for people.
type Companion struct {
	Query  string  `json:"query"`
	Before float64 `json:"before"` // its level, or share of bad events; 0 where unknown
	After  float64 `json:"after"`
	Share  float64 `json:"share"` // of its moves that were taken out of the signal's
	Split  float64 `json:"split"` // of both arms' events, those of the signal's; 0 where nothing is counted
}

// describeControl notes what the control showed, for people.
func (t *trial) describeControl() {
	c := &Companion{Query: t.reading.Control.Query, Before: finiteOrZero(level(t.control.before)), After: finiteOrZero(level(t.control.after, t.control.running))}
	if t.adjusted() {
		c.Share = t.profile.Follows.Share
	}
	own, other := t.eventsAfter()
	if own+other > 0 {
		c.Split = own / (own + other)
	}
	t.e.Control = c
}

// level is the share of all events of some ticks, or the mean of their values.
func level(all ...Ticks) float64 {
	bad, total := 0.0, 0.0
	var values []float64
	for _, t := range all {
		b, n := t.events()
		bad, total, values = bad+b, total+n, append(values, t.Value...)
	}
	if total > 0 {
		return bad / total
	}
	return stats.Mean(values)
}

// eventsAfter are those of both arms since the change.
func (t *trial) eventsAfter() (own, other float64) {
	for i, ticks := range []Ticks{t.after, t.running, t.control.after, t.control.running} {
		if _, n := ticks.events(); i < 2 {
			own += n
		} else {
			other += n
		}
	}
	return own, other
}

// armsTest compares bad events with those of the control at the same ticks. Where the
// signal has a before window of its own, it must be worse than its usual ratio to the
// control: ratio is how many times likelier its events were to be bad before, at the upper
// end of its 95 % interval.
func (t *trial) armsTest(d direction, y Tally) finding {
	ratio, best := t.ratioBefore(d), 0.0
	var arms stats.Arms
	weigh := func(a, b Ticks) {
		for i := range min(len(a.Total), len(b.Total)) {
			arms.Add(a.Bad[i], a.Total[i], b.Bad[i], b.Total[i], ratio, float64(d), y.Overdispersion)
			best = max(best, arms.LogE())
		}
	}
	weigh(t.after, t.control.after)
	weigh(t.running, t.control.running)
	return finding{d: d, p: math.Exp(-best), forecast: []float64{level(t.control.after, t.control.running)}, tests: []Test{ByCounts, ByControl}}
}

// ratioBefore is 1 for an arm that began with the change. A half is added to each count,
// because zero events of few say little (Haldane 1956).
func (t *trial) ratioBefore(d direction) float64 {
	bad, total := t.before.events()
	controlBad, controlTotal := t.control.before.events()
	if ticksWithEvents(t.before) < minTicks || controlTotal <= 0 {
		return 1
	}
	phi := windowOverdispersion(t.before)
	bad, controlBad = bad/phi+0.5, controlBad/phi+0.5
	error := stats.Normal95 * math.Sqrt(1/bad+1/controlBad)
	return bad / total / (controlBad / controlTotal) * math.Exp(d.worse(error))
}

// beganWithChange reports whether the signal began with the change, as the series of a new
// version do. Then only its control says what is usual.
func (t *trial) beganWithChange() bool {
	return t.control != nil && finite(t.before.Value) < minTicks
}

// testAgainstControl compares a level that began with the change to its control, tick by
// tick. How far the two differed before is unknown, so statistics say suspect at most.
func (t *trial) testAgainstControl() {
	t.capped = true
	t.note("The signal began with the change; it is compared with its control alone, and statistics say suspect at most.")
	x := t.values()
	between := make([]float64, 0, len(x))
	for j, a := range x {
		if j < len(t.control.after.Value) && !math.IsNaN(a-t.control.after.Value[j]) {
			between = append(between, a-t.control.after.Value[j])
		}
	}
	difference := stats.FitAutoregression(between)
	t.testDirections(func(d direction) finding {
		f := finding{d: d, p: 1, forecast: t.control.after.Value, tests: []Test{ByControl}}
		if deviate := d.worse(difference.Mean) / difference.MeanError(); len(between) >= fullTicks && difference.Scale > 0 {
			f.p = looksP(deviate)
		}
		return f
	})
	t.finishTest(func() Effect { return effectOf(stats.Mean(t.control.after.Value), stats.Mean(x)) })
}
