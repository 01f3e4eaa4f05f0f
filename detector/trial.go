package detector

import (
	"math"
	"time"

	"github.com/pushback/pushback/detector/stats"
)

// trial is one signal on its way from a reading to evidence.
type trial struct {
	plan    *Plan
	signal  Signal
	look    *Observation
	reading Reading
	profile Profile

	before, after, running Ticks
	fine                   *trial    // the same signal on the fine horizon; nil: none
	control                *arm      // nil: none, or none to compare with
	followers              followers // of this look, and of those before it

	e       Evidence
	finding finding // the direction that looked worse
	tested  bool    // RawP came from a test
	capped  bool    // statistics may say suspect at most
	unwell  bool    // before the change too, and now not worse than it has ever been: p says nothing
	over    bool    // the rule's limit is exceeded
	lost    bool    // the signal vanished
}

// finding is what the tests of one direction came to.
type finding struct {
	d        float64   // +1: higher is worse
	p        float64   // of all tests that had to agree
	g        float64   // the scan's running maximum, where there was one
	forecast []float64 // one an after-tick, one more for the running tick
	scale    float64   // σ, where there was a scan
	scan     *Scan
	tests    []Test
}

func open(p *Plan, s Signal, k Profiles, o *Observation) trial {
	t := trial{plan: p, signal: s, look: o, profile: k[s.Name], followers: followers{}}
	t.e = Evidence{Signal: s.Name, Part: s.Part, Unit: s.Unit, Worse: s.Worse, P: 1, RawP: 1, Reason: NoData}
	for _, r := range o.Readings {
		if r.Signal == s.Name {
			t.reading, t.e.Query, t.e.Spread = r, r.Query, r.Spread
			t.before, t.after, t.running = clean(r.Before), clean(r.After), clean(r.Running)
			break
		}
	}
	t.e.History = t.profile.Ticks
	return t
}

// hear goes through everything that can be said of the signal, from what
// needs no numbers to what needs most.
func (t *trial) hear() {
	if t.unheard() {
		return
	}
	t.e.Reason = ""
	t.over = t.limitExceeded()
	if t.control = t.companion(); t.control != nil {
		t.tellOfControl()
	}
	switch {
	case t.reading.Rolling && (!t.signal.ByVersion || t.control == nil):
		t.e.Reason = StillWatching
		t.note("The change is still rolling out; only the rule's limit speaks.")
	case t.trafficLost():
		t.lose("Traffic fell by more than 80 % while the metric store is alive.")
	case !t.measured():
		t.e.Reason = t.unmeasured()
	case t.signal.Kind == Counts && t.after.comparable(t.before):
		t.testCounts()
	case t.newborn():
		t.testArms()
	default:
		t.testLevel()
	}
}

// unheard settles readings without numbers to test, and says whether this was
// one. A store that failed us is never evidence about the change.
func (t *trial) unheard() bool {
	switch t.reading.Supply {
	case Fresh:
		return false
	case Gone:
		t.lose("The signal's series ended after the change while the metric store is alive.")
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

// blind says whether the store kept the signal from us.
func (t trial) blind() bool {
	return t.reading.Supply == Broken || t.reading.Supply == Stale
}

// lose says that the signal vanished. A part that does may have been taken
// away on purpose; whether traffic was lost, the whole says.
func (t *trial) lose(note string) {
	if t.signal.Part != "" {
		t.e.Reason = NoData
		t.note("The part is gone or nearly so; what that means, the whole signal says.")
		return
	}
	t.lost, t.e.Reason = true, SignalLost
	t.note(note)
}

func (t *trial) note(sentence string) { t.e.Notes = append(t.e.Notes, sentence) }

// measured says whether there is anything after the change to test.
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

// comparable says whether events stand behind both sides, or behind the one
// that has any ticks.
func (t Ticks) comparable(before Ticks) bool {
	return (t.counts() || len(t.Value) == 0) && (before.counts() || len(before.Value) == 0)
}

// directions to test: one, or both where either is worse.
func (t *trial) directions() []float64 {
	switch t.signal.Worse {
	case Lower:
		return []float64{-1}
	case Either:
		return []float64{+1, -1}
	}
	return []float64{+1}
}

// worst runs a test in every direction watched and keeps the one that looks
// worse. Two directions are two chances to be wrong, so p doubles.
func (t *trial) worst(test func(d float64) finding) {
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

// values are the after-ticks a scan sees: the full ones of the horizon, and
// of a count signal the running one too once it holds enough.
func (t *trial) values() []float64 {
	n := min(len(t.after.Value), t.plan.After)
	x := t.after.Value[:n:n]
	if n < t.plan.After && t.runningHolds() {
		x = append(x, t.running.Value[0])
	}
	return x
}

// runningHolds says whether the partly filled tick of a count signal may
// stand for a tick: it is half over, or has events enough of its own.
func (t *trial) runningHolds() bool {
	if t.signal.Kind != Counts || len(t.running.Total) != 1 || !(t.running.Total[0] > 0) {
		return false
	}
	return t.look.Filled >= 0.5 || t.running.Total[0] >= t.enough()
}

// defaultEnough is how many events a tick needs to stand for itself where the
// rule gives no min_events.
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
	end := t.look.From.Add(-time.Duration(t.look.Gap) * t.plan.Tick)
	return end.Add(-time.Duration(ticks-i) * t.plan.Tick)
}

// onset is where before and after together break in two.
func (t *trial) onset() time.Time {
	x := append(append(make([]float64, 0, len(t.before.Value)+len(t.after.Value)), t.before.Value...), t.after.Value...)
	if i := stats.Split(x); i >= 0 {
		return t.tickTime(i)
	}
	return time.Time{}
}
