package detector

import (
	"math"
	"time"
)

// direction is the side on which a signal is worse: +1 above its forecast, −1 below.
type direction float64

// The two directions.
const (
	upward   direction = +1
	downward direction = -1
)

// worse is a difference that is positive where things are worse.
func (d direction) worse(difference float64) float64 { return float64(d) * difference }

// directions are those in which a signal is watched: one, or both where either is worse.
func (w Worse) directions() []direction {
	switch w {
	case Lower:
		return []direction{downward}
	case Either:
		return []direction{upward, downward}
	}
	return []direction{upward}
}

// trial is one signal on its way from a reading to evidence. Its fields are written in
// this order, each by one step:
//
//	plan, signal, look, reading, profile     openTrial
//	before, after, running                   openTrial, from the reading: only valid ticks
//	known, look, before                      openTrial: useBetween
//	followers                                judge: those of earlier looks, or empty ones
//	e                                        openTrial begins it, every later step adds to it
//	over                                     runTests: limitExceeded
//	control                                  runTests: findControl
//	lost                                     runTests: markLost
//	capped                                   testLevel, testAgainstControl
//	finding, tested, e.RawP                  testDirections
//	unhealthyBefore, e.Effect, e.Smallest    finishTest
//	tested, e.Reason, e.P, e.RawP, unproven  checkSplits: rejectUnevenArms takes them back
//	fine, e.RawP                             pairHorizons
//	e.P                                      correctForSignals: adjust
//	e.Grade, e.Tests, e.Onset, e.Healthy     grade
//	e                                        preferFine: the fine horizon's, where it is surer
//	e.Grade, e.P, e.Tests, e.Healthy         gradeTogether, of weak signals
type trial struct {
	plan    *Plan
	signal  Signal
	look    *Observation
	reading Reading
	profile Profile

	before, after, running Ticks
	known                  knownTicks // all that was measured ahead of the change
	fine                   *trial     // the same signal on the fine horizon; nil: none
	control                *arm       // nil: none, or none to compare with
	followers              followers  // of this look, and of those before it

	e               Evidence
	finding         finding // the direction that looked worse
	tested          bool    // RawP came from a test
	capped          bool    // statistics may say suspect at most
	unproven        bool    // it is compared with an arm whose declared split is open
	unhealthyBefore bool    // before the change too, and now within the history: p says nothing
	over            bool    // the rule's limit is exceeded
	lost            bool    // the signal vanished
}

// finding is what the tests of one direction came to.
type finding struct {
	d        direction
	p        float64   // of all tests that had to agree
	g        float64   // the scan's running maximum, where there was one
	forecast []float64 // one an after-tick, one more for the running tick
	scale    float64   // σ, where there was a scan
	scan     *Scan
	plain    *Scan // that it is mixed with; nil: none
	tests    []Test
}

// openTrial begins the trial of one signal at one look.
func openTrial(p *Plan, s Signal, k Profiles, o *Observation) trial {
	t := trial{plan: p, signal: s, look: o, profile: k[s.Name], followers: followers{}}
	t.e = Evidence{Signal: s.Name, Part: s.Part, Unit: s.Unit, Worse: s.Worse, P: 1, RawP: 1, Reason: NoData}
	for _, r := range o.Readings {
		if r.Signal == s.Name {
			t.reading, t.e.Query, t.e.Spread = r, r.Query, r.Spread
			t.before, t.after, t.running = judgedTicks(r.Before), judgedTicks(r.After), judgedTicks(r.Running)
			t.noteMissing()
			t.useEdge()
			t.useBetween()
			break
		}
	}
	t.e.History, t.e.LeftOut = t.profile.Ticks, t.profile.LeftOut
	return t
}

// runTests runs the tests that the signal's numbers allow, from those that need none to
// those that need most.
func (t *trial) runTests() {
	if t.settleUnreadable() {
		return
	}
	if t.reading.BucketsChanged {
		t.e.Reason = BucketsChanged
		return
	}
	t.e.Reason = ""
	t.over = t.limitExceeded()
	if t.control = t.findControl(); t.control != nil {
		t.describeControl()
	}
	switch {
	case t.reading.Rolling && (!t.signal.ByVersion || t.control == nil):
		t.e.Reason = StillWatching
		t.note("The change is still rolling out; only the rule's limit speaks.")
	case t.severalSeries() > 1:
		t.rejectSeveral()
	case t.trafficLost():
		t.markLost("Traffic fell by more than 80 % while the metric store is alive.")
	case t.partial():
		t.e.Reason = PartialData
	case !t.measured():
		t.e.Reason = t.unmeasured()
	case t.signal.Kind == Counts && t.after.comparable(t.before):
		t.testCounts()
	case t.beganWithChange():
		t.testAgainstControl()
	default:
		t.testLevel()
	}
	t.checkBadUnseen()
}

// settleUnreadable ends the trial of a reading without numbers, and reports whether this
// was one. A failure of the store is never evidence about the change.
func (t *trial) settleUnreadable() bool {
	switch t.reading.Supply {
	case Fresh:
		return false
	case Gone:
		if t.usuallySilent() {
			return false
		}
		t.markLost("The signal's series ended after the change while the metric store is alive.")
	case Ended:
		if t.usuallySilent() {
			return false
		}
		t.note("The signal's series ended before the change, so that the change is not the cause.")
	case Broken:
		t.e.Reason = SourceError
	case Stale:
		t.e.Reason = StaleData
	case Unmatched:
		t.e.Reason = UnmatchedSeries
	}
	if t.reading.Fault != "" {
		t.note("The metric store said: " + t.reading.Fault + ".")
	}
	return true
}

// blind reports whether the signal could not be read from the store.
func (t trial) blind() bool {
	return t.reading.Supply == Broken || t.reading.Supply == Stale || t.e.Reason == PartialData && t.signal.Part == ""
}

// markLost notes that the signal vanished. A part may have been removed on purpose, so
// only the whole signal says whether traffic was lost.
func (t *trial) markLost(note string) {
	if t.signal.Part != "" {
		t.e.Reason = NoData
		t.note("The part is gone or nearly so; what that means, the whole signal says.")
		return
	}
	t.lost, t.e.Reason, t.e.Loss = true, SignalLost, t.measureLoss()
	t.note(note)
}

func (t *trial) note(sentence string) { t.e.Notes = append(t.e.Notes, sentence) }

// measured reports whether there is anything after the change to test.
func (t *trial) measured() bool { return finite(t.after.Value)+finite(t.running.Value) > 0 }

func (t *trial) unmeasured() Reason {
	_, after := t.after.events()
	switch {
	case len(t.after.Value) == 0:
		return StillWatching
	case t.after.counts() && after == 0 && finite(t.after.Total) > 0:
		return TooLittleTraffic
	}
	return NoData
}

// comparable reports whether both sides count events, or the one that has any ticks.
func (t Ticks) comparable(before Ticks) bool {
	return (t.counts() || len(t.Value) == 0) && (before.counts() || len(before.Value) == 0)
}

// directions are those to test.
func (t *trial) directions() []direction { return t.signal.Worse.directions() }

// testDirections runs a test in every watched direction and keeps the smaller p. Two
// directions are two chances to be wrong, so p doubles.
func (t *trial) testDirections(test func(d direction) finding) {
	t.finding.p = math.Inf(+1)
	directions := t.directions()
	for _, d := range directions {
		if f := test(d); f.p < t.finding.p {
			t.finding = f
		}
	}
	t.tested = true
	t.e.RawP = min(1, t.finding.p*float64(len(directions)))
}

// values are the after-ticks that a scan reads: the full ones of the horizon, and of a
// count signal the running one too once it has enough events.
func (t *trial) values() []float64 {
	n := min(len(t.after.Value), t.plan.After)
	x := t.after.Value[:n:n]
	if n < t.plan.After && t.runningHolds() {
		x = append(x, t.running.Value[0])
	}
	return x
}

// runningHolds reports whether the partly filled tick of a count signal may be used as a
// tick: half of it has passed, or it has enough events of its own.
//
// See adr/0012.
func (t *trial) runningHolds() bool {
	if t.signal.Kind != Counts || len(t.running.Total) != 1 || !(t.running.Total[0] > 0) {
		return false
	}
	return t.look.Filled >= 0.5 || t.running.Total[0] >= t.enough()
}

// defaultEnough is how many events a tick needs where the rule gives no min_events.
const defaultEnough = 20

func (t *trial) enough() float64 {
	if t.signal.MinEvents > 0 {
		return t.signal.MinEvents
	}
	return defaultEnough
}

// tickTime is when the i-th tick of before and after together begins.
func (t *trial) tickTime(i int) time.Time {
	ticks := len(t.before.Value)
	if i >= ticks {
		return t.look.From.Add(time.Duration(i-ticks) * t.plan.Tick)
	}
	return t.baseEnd().Add(-time.Duration(ticks-i) * t.plan.Tick)
}
