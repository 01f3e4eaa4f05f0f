package detector

import (
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/pushback/pushback/detector/stats"
)

// onsetSeries is a signal around the change as its onset is read from it: turned so that
// higher is worse, and with its control's moves taken out.
type onsetSeries struct {
	before        []float64
	after, excess []float64 // one an after-tick, perhaps one more for the running tick; excess is over the forecast
	weight        []float64 // of each of them: its events, or 1; 0 where it is missing
}

// plainBreak is how much likelier, as a logarithm, a break must be at a tick before the
// change than after it: one in thirty thousand, for thirty ticks that may hold it.
const plainBreak = 10.3

// mostGap bounds the ticks between before and after that are counted. So many later, nothing
// is remembered.
const mostGap = 1000

// findOnset fills in when a graded signal turned bad. Only strong evidence moves the onset
// to before the change, because it clears the change; otherwise it is the first bad tick
// after it.
//
// See adr/0061.
func (t *trial) findOnset() {
	if t.lost {
		t.e.Onset = t.lossOnset()
		t.e.OnsetFrom = t.e.Onset
		t.noteBegunBefore()
		return
	}
	s := t.onsetSeries()
	first, last := stats.WorstStretch(s.excess, s.weight, robustSpread(s.before)/2)
	if first < 0 {
		return
	}
	t.e.Onset = t.look.From.Add(time.Duration(first) * t.plan.Tick)
	clean := t.cleanUntil(s, first, last)
	t.e.OnsetFrom = t.knownTime(clean)
	if t.known.moved {
		// A fault that grows is at first nearer to the usual level than to its own.
		t.e.OnsetFrom = t.knownTime(min(clean, t.known.clean))
	}
	if at := t.breakBefore(s, first, last); at >= clean {
		t.e.Onset = t.knownTime(at)
		t.noteBegunBefore()
	}
}

// noteBegunBefore says in words that the onset lies before the change.
func (t *trial) noteBegunBefore() {
	if ahead := t.look.StartedAt.Sub(t.e.Onset); !t.e.Onset.IsZero() && ahead > 0 && !t.e.Onset.After(t.knownTime(len(t.known.ticks.Value)-1)) {
		t.note(fmt.Sprintf("It began %s before the change, at %s.", spanWords(ahead), t.e.Onset.UTC().Format(time.TimeOnly)))
	}
}

func robustSpread(x []float64) float64 {
	return finiteOrZero(stats.NormalMAD * stats.MAD(x, nil))
}

// direction is the side on which the signal was found to be worse, or would be.
func (t *trial) direction() direction {
	switch {
	case t.finding.d != 0:
		return t.finding.d
	case t.signal.Worse == Lower:
		return downward
	}
	return upward
}

// onsetSeries is what the tests compared: the signal with its forecast, what its control
// leaves of it, or its difference to the control.
func (t *trial) onsetSeries() onsetSeries {
	running := len(t.running.Value) == 1 && (t.running.counts() || t.over)
	ticks := slices.Clone(t.after.Value)
	if running {
		ticks = append(ticks, t.running.Value[0])
	}
	before, moves := t.knownValues(), t.controlMoves(len(ticks))
	if slices.Contains(t.finding.tests, ByControl) {
		before, moves = difference(t.known.ticks.Value, t.knownControl().Value), t.control.values(len(ticks))
	}
	s, d := onsetSeries{before: turned(before, t.direction())}, t.direction()
	for j, v := range ticks {
		usual := t.usualAt(j, before)
		if moves != nil {
			v -= moves[j]
			if !slices.Contains(t.finding.tests, ByControl) {
				usual -= moves[j]
			}
		}
		s.after, s.excess = append(s.after, d.worse(v)), append(s.excess, d.worse(v-usual))
		s.weight = append(s.weight, t.onsetWeight(j, v-usual))
	}
	return s
}

// values are the control's after-ticks and its running one, n of them.
func (a *arm) values(n int) []float64 {
	x := append(slices.Clone(a.after.Value), a.running.Value...)
	for len(x) < n {
		x = append(x, math.NaN())
	}
	return x
}

func difference(a, b []float64) []float64 {
	x := make([]float64, min(len(a), len(b)))
	for i := range x {
		x[i] = a[i] - b[i]
	}
	return x
}

func turned(x []float64, d direction) []float64 {
	y := make([]float64, len(x))
	for i, v := range x {
		y[i] = d.worse(v)
	}
	return y
}

// usualAt is what the onset's series was expected to be at after-tick j. Without a test, it
// is the level before the change, or the limit where there was none.
func (t *trial) usualAt(j int, before []float64) float64 {
	switch {
	case slices.Contains(t.finding.tests, ByControl):
		return finiteOrZero(stats.Median(before, nil))
	case t.tested:
		return t.forecastAt(j)
	}
	if level := t.levelBefore(); !math.IsNaN(level) || t.signal.Limit == nil {
		return level
	}
	return *t.signal.Limit
}

func (t *trial) onsetWeight(j int, excess float64) float64 {
	switch {
	case math.IsNaN(excess):
		return 0
	case j < len(t.after.Total):
		return t.after.Total[j]
	case j == len(t.after.Value) && t.running.counts():
		return t.running.Total[0]
	}
	return 1
}

// breakBefore is the before-tick at which the series rose to the level of its worst stretch,
// −1 where a break after the change explains it as well.
func (t *trial) breakBefore(s onsetSeries, first, last int) int {
	level := stats.Median(s.after[first:last+1], nil)
	at, gain := stats.BreakBefore(slices.Concat(s.before, missingTicks(t.known.gap), s.after[:first]), s.after[first], level, t.lagOne(s.before[:t.known.clean]))
	if t.e.Counts != nil && !slices.Contains(t.finding.tests, ByControl) {
		if place, byCounts := t.countBreak(first, last); !t.ratioHolds() || byCounts < gain {
			at, gain = place, byCounts
		}
	}
	if gain < plainBreak || at >= len(s.before) {
		return -1
	}
	return at
}

// countBreak is stats.CountBreak of the ticks before the worst stretch.
func (t *trial) countBreak(first, last int) (at int, gain float64) {
	bad, total := t.badAfter(first, last)
	n := min(first, len(t.after.Total))
	return stats.CountBreak(slices.Concat(t.known.ticks.Bad, t.after.Bad[:n]), slices.Concat(t.known.ticks.Total, t.after.Total[:n]),
		bad/total, float64(t.direction()), t.e.Counts.Overdispersion)
}

// ratioHolds reports whether the before window's ratio has enough bad events a tick to be
// read as a series.
func (t *trial) ratioHolds() bool {
	return t.e.Counts.BadBefore >= minBadPerTick*float64(ticksWithEvents(t.before))
}

// badAfter are the events of some after-ticks, the running one included.
func (t *trial) badAfter(first, last int) (bad, total float64) {
	for j := first; j <= last; j++ {
		switch {
		case j < len(t.after.Total):
			if t.after.Total[j] > 0 {
				bad, total = bad+t.after.Bad[j], total+t.after.Total[j]
			}
		case t.running.counts():
			bad, total = bad+t.running.Bad[0], total+t.running.Total[0]
		}
	}
	return bad, total
}

// lagOne is the correlation of a tick with the one before it: the profile's, or that of the
// first half of the before window, in which a break is least likely, at the upper end of
// what so few ticks permit.
func (t *trial) lagOne(before []float64) float64 {
	if t.profile.LagOne > 0 {
		return t.profile.LagOne
	}
	half := before[:len(before)/2]
	centre := stats.Median(half, nil)
	x := make([]float64, len(half))
	for i, v := range half {
		x[i] = v - centre
	}
	return min(stats.LagOne(x)+1/math.Sqrt(float64(max(finite(x), 1))), 0.95)
}

// lossOnset is where a lost signal vanished: the first missing tick after its last sample,
// or the first of the ticks with too little traffic. Where it vanished between the before
// window and the first after-tick, that is the start of the change.
func (t *trial) lossOnset() time.Time {
	ticks := len(t.known.ticks.Value)
	first := ticks + len(t.after.Value)
	for ; first > 0 && t.silentAt(first-1); first-- {
	}
	if first == ticks && t.look.StartedAt.Before(t.look.From) {
		if end := t.knownTime(ticks - 1).Add(t.plan.Tick); end.After(t.look.StartedAt) {
			return end
		}
		return t.look.StartedAt
	}
	return t.knownTime(first)
}

// silentAt reports whether the i-th tick of before and after together has no sample, or too
// little traffic where that is what was lost.
func (t *trial) silentAt(i int) bool {
	of := t.known.ticks
	if ticks := len(t.known.ticks.Value); i >= ticks {
		of, i = t.after, i-ticks
	}
	if !of.counts() {
		return math.IsNaN(of.Value[i])
	}
	if math.IsNaN(of.Total[i]) {
		return true
	}
	return t.reading.Supply == Fresh && of.Total[i] < lostShare*stats.Median(t.before.Total, nil)
}

// checkBefore notes that too little was measured before the change to tell whether the
// signal was bad already. What is not known is no reason to act.
func (t *trial) checkBefore() {
	if t.lost || t.measuredBefore() || t.goodBeside() {
		return
	}
	t.e.UnknownBefore = true
	t.note("Too little was measured before the change to tell whether it was bad already; only a person can say that this change is the cause.")
}

// newestBefore is how many ticks ahead of a change say whether the service was bad right before
// it. What was measured earlier does not: the service may have turned bad since.
const newestBefore = 10

// measuredBefore reports whether what was measured ahead of the change says how the signal was:
// three of its newest ticks, and as many events in all as one judged tick needs.
func (t *trial) measuredBefore() bool {
	known := t.known.ticks
	_, newest := known.SplitAt(len(known.Value) - newestBefore)
	if _, total := known.events(); known.counts() {
		return ticksWithEvents(newest) >= minTicks && total >= t.enough()
	}
	return finite(newest.Value) >= minTicks
}

// goodBeside reports whether the control says in the before window's place what is usual:
// the stable version beside a new one, or the other arm of a declared split. Another
// service does not.
func (t *trial) goodBeside() bool {
	if t.control == nil || !t.signal.ByVersion && t.signal.Split <= 0 {
		return false
	}
	beside := level(t.control.after, t.control.running)
	return !math.IsNaN(beside) && (!t.over || !t.beyondLimit(beside))
}
