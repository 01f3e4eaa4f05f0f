package detector

import (
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/pushback/pushback/detector/stats"
)

// A change that follows another one soon has the before window of that one, because what it
// came into may be bad. The ticks between that window and the change are known all the same:
// they say when the signal turned bad, and whether it was measured right before the change.
// Where they show no difference, the before window goes on through them.
//
// See adr/0085.

// knownTicks are what was measured ahead of a change: the before window and the ticks between it
// and the change.
type knownTicks struct {
	ticks Ticks
	end   time.Time // of the last of them
	clean int       // how many of them are the before window
	gap   int       // ticks between its end and the first after-tick
	moved bool      // what follows the before window differs from it
	ended int       // until where a difference has ended before the change: no onset lies ahead of it
}

// SplitAt splits ticks in two, the first of them n long.
func (t Ticks) SplitAt(n int) (first, second Ticks) {
	switch {
	case n >= len(t.Value):
		return t, Ticks{}
	case n <= 0:
		return Ticks{}, t
	}
	part := func(v Values, from, to int) Values {
		if len(v) < to {
			return nil
		}
		return v[from:to:to]
	}
	of := func(from, to int) Ticks {
		return Ticks{
			Value: part(t.Value, from, to), Bad: part(t.Bad, from, to), Total: part(t.Total, from, to),
			Impossible: placesIn(t.Impossible, from, to), Incomplete: placesIn(t.Incomplete, from, to), Idle: placesIn(t.Idle, from, to),
		}
	}
	first, second = of(0, n), of(n, len(t.Value))
	first.Series = t.Series
	return first, second
}

// placesIn are those of some places that lie in a part, counted from its beginning.
func placesIn(places []int, from, to int) []int {
	var in []int
	for _, i := range places {
		if i >= from && i < to {
			in = append(in, i-from)
		}
	}
	return in
}

// join is t followed by more ticks. Where one of them counts and the other does not, only the
// values are joined.
func (t Ticks) join(more Ticks) Ticks {
	j := Ticks{Value: slices.Concat(t.Value, more.Value)}
	if t.counts() && more.counts() {
		j.Bad, j.Total = slices.Concat(t.Bad, more.Bad), slices.Concat(t.Total, more.Total)
	}
	return j
}

// useBetween notes what is known ahead of the change, and has the before window go on to the
// change where the ticks in between agree with it.
func (t *trial) useBetween() {
	between := judgedTicks(t.reading.Between)
	n := len(between.Value)
	t.known = knownTicks{ticks: t.before, end: t.baseEnd(), clean: len(t.before.Value), gap: t.look.Gap}
	if n == 0 || between.counts() != t.before.counts() {
		return
	}
	t.known.ticks, t.known.end, t.known.gap = t.before.join(between), t.known.end.Add(time.Duration(n)*t.plan.Tick), t.look.Gap-n
	t.known.moved = t.movedBetween(between)
	if t.known.moved {
		t.seeItEnded(between)
		return
	}
	if n > t.plan.After {
		return
	}
	if u := t.judgeBetween(between, n); !u.showsNothing() {
		return
	}
	_, t.before = t.known.ticks.SplitAt(n)
	look := *t.look
	look.Gap, look.BaseAt, t.look = t.known.gap, t.known.end, &look
	t.note(fmt.Sprintf("The last %s before the change follow another change and show no difference; the before window includes them.", ticksOf(n)))
}

// leastOwn is how many ticks of the version before the change show that it was not bad.
const leastOwn = 3

// seeItEnded finds out whether what moved in between was an earlier version's, and over before the
// change: a bad version that was taken back, and the good one again. The ticks since the version before
// the change had settled then show no difference, and exclude one that could be found.
func (t *trial) seeItEnded(between Ticks) {
	if t.look.PriorAt.IsZero() {
		return
	}
	earlier := int(math.Ceil(float64(t.look.PriorAt.Sub(t.baseEnd())) / float64(t.plan.Tick)))
	own := len(between.Value) - earlier
	if earlier <= 0 || own < leastOwn {
		return
	}
	if u := t.judgeBetween(between, own); u.showsNothing() {
		t.known.moved, t.known.ended = false, t.known.clean+earlier
	}
}

// ticksOf names a number of ticks.
func ticksOf(n int) string {
	if n == 1 {
		return "tick"
	}
	return fmt.Sprintf("%d ticks", n)
}

// beforeOf is the before window of a control, which is where the signal's is.
func (t *trial) beforeOf(clean, between Ticks) Ticks {
	before := judgedTicks(clean)
	if t.look.Gap == t.known.gap && len(between.Value) > 0 {
		_, before = before.join(judgedTicks(between)).SplitAt(len(between.Value))
	}
	return before
}

// movedBetween reports whether the last ticks between the before window and the change are worse
// than that window: the last one, two, four and so on. All of them together would hide a fault
// that began late among them.
func (t *trial) movedBetween(between Ticks) bool {
	n := len(between.Value)
	for last := 1; ; last *= 2 {
		_, end := between.SplitAt(n - last)
		for _, d := range t.directions() {
			if t.shiftP(d, end, n-len(end.Value)) <= t.plan.Thresholds.Suspect {
				return true
			}
		}
		if last >= n {
			return false
		}
	}
}

// shiftP is the p of ticks that begin so many after the before window.
func (t *trial) shiftP(d direction, x Ticks, gap int) float64 {
	if x.counts() {
		c0, n0 := t.before.events()
		c1, n1 := x.events()
		if !(n0 > 0 && n1 > 0 && d.worse(c1/n1-c0/n0) > 0) {
			return 1
		}
		phi := t.overdispersion()
		return math.Exp(-stats.LogE(c0/phi, n0, c1/phi, n1, mixture))
	}
	before := stats.FitAutoregression(t.before.Value)
	if finite(x.Value) < minTicks || !(before.Scale > 0) {
		return 1
	}
	_, deviate := before.Shift(x.Value, gap, float64(d))
	return looksP(deviate)
}

// overdispersion is that of the profile, or of the before window without one.
func (t *trial) overdispersion() float64 {
	if t.profile.Overdispersion >= 1 {
		return t.profile.Overdispersion
	}
	return windowOverdispersion(t.before)
}

// judgeBetween judges the last ticks between the before window and the change, at most a window of
// them, by the same tests that a change is judged by.
func (t *trial) judgeBetween(between Ticks, last int) trial {
	earlier, used := between.SplitAt(len(between.Value) - min(last, t.plan.Before))
	begins := t.knownTime(t.known.clean + len(earlier.Value))
	look := Observation{StartedAt: begins, BaseAt: t.baseEnd(), From: begins, Gap: len(earlier.Value), Kind: t.look.Kind, Final: true}
	u := trial{
		plan: t.plan, signal: t.signal, look: &look, profile: t.profile, followers: followers{}, before: t.before, after: used,
		reading: Reading{Supply: Fresh}, known: knownTicks{ticks: t.before, end: look.BaseAt, clean: t.known.clean, gap: look.Gap}, e: Evidence{P: 1, RawP: 1},
	}
	u.signal.Controlled = false
	u.runTests()
	return u
}

// showsNothing reports whether tests found no difference, and exclude one that this watch could
// find. A fault too small to be seen in these ticks is then too small to be found in those after
// the change, so that none hides in a window that includes them.
func (t *trial) showsNothing() bool {
	if !t.tested || t.over || t.lost || t.unhealthyBefore || t.e.RawP <= t.plan.Thresholds.Suspect {
		return false
	}
	worst := t.e.Effect.High
	if t.finding.d == downward {
		worst = -t.e.Effect.Low
	}
	return worst <= max(t.e.Smallest, t.signal.MinEffect.Absolute)
}

// clearlyClean is how much likelier, as a logarithm, it must be that a signal turned bad after a
// tick than at it, for the tick to count as clean.
//
// See adr/0085.
const clearlyClean = 3

// cleanUntil is the place behind the last tick ahead of the worst stretch that is clearly
// clean: there the signal turned bad at the earliest. Without such a tick it is the first one.
func (t *trial) cleanUntil(s onsetSeries, first, last int) int {
	return max(t.known.ended, t.lastClean(s, first, last))
}

func (t *trial) lastClean(s onsetSeries, first, last int) int {
	if t.e.Counts == nil || slices.Contains(t.finding.tests, ByControl) || !t.known.ticks.counts() {
		return t.levelCleanUntil(s, first, last)
	}
	bad, total := t.badAfter(first, last)
	n, gap := min(first, len(t.after.Total)), missingTicks(t.known.gap)
	gains := stats.CountBreakGains(slices.Concat(t.known.ticks.Bad, gap, t.after.Bad[:n]), slices.Concat(t.known.ticks.Total, gap, t.after.Total[:n]),
		bad/total, float64(t.direction()), t.e.Counts.Overdispersion, t.plan.Before)
	for k, best := len(gains)-1, 0.0; k >= 0; k-- {
		if gains[k] < best-clearlyClean {
			return k + 1
		}
		if gains[k] > best { // not where it is NaN
			best = gains[k]
		}
	}
	return 0
}

// levelCleanUntil is cleanUntil of a series that may remember. It rose at one tick, and a break at any
// other is unlikely, ahead of that tick and behind it. So the first one counts that is nearly as
// likely as the likeliest, with the missing ticks ahead of it.
func (t *trial) levelCleanUntil(s onsetSeries, first, last int) int {
	x := slices.Concat(s.before, missingTicks(t.known.gap), s.after[:first])
	gains := stats.BreakGains(x, s.after[first], stats.Median(s.after[first:last+1], nil), t.lagOne(s.before[:t.known.clean]), t.plan.Before)
	best := 0.0
	for _, g := range gains {
		if g > best {
			best = g
		}
	}
	k := slices.IndexFunc(gains, func(g float64) bool { return g >= best-clearlyClean })
	if k < 0 {
		k = len(x)
	}
	for k > 0 && math.IsNaN(x[k-1]) {
		k--
	}
	return k
}

// missingTicks are ticks at which nothing was measured.
func missingTicks(ticks int) []float64 {
	x := make([]float64, max(min(ticks, mostGap), 0))
	for i := range x {
		x[i] = math.NaN()
	}
	return x
}

// baseEnd is where the before window of the look ends.
func (t *trial) baseEnd() time.Time {
	if t.look.BaseAt.IsZero() {
		return t.look.From.Add(-time.Duration(t.look.Gap) * t.plan.Tick)
	}
	return t.look.BaseAt
}

// knownTime is when tick i begins of what is known ahead of the change, the gap behind it and the
// ticks after it together. In the gap, it is where the gap begins.
func (t *trial) knownTime(i int) time.Time {
	n, gap := len(t.known.ticks.Value), len(missingTicks(t.known.gap))
	if i >= n+gap {
		return t.look.From.Add(time.Duration(i-n-gap) * t.plan.Tick)
	}
	return t.known.end.Add(time.Duration(min(i, n)-n) * t.plan.Tick)
}
