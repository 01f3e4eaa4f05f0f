package detector

import (
	"fmt"
	"math"
	"slices"
	"time"
)

// testLevel scans where there is a profile. Otherwise it compares with the before window,
// which says suspect at most.
func (t *trial) testLevel() {
	if scanned := t.scans(); scanned {
		t.testDirections(t.scan)
		t.noteShape()
		t.noteHabit()
		t.finishTest(t.levelEffect)
		return
	}
	t.capped = true
	switch {
	case t.gappyBefore():
		t.e.Reason = NoBaseline
		t.note(fmt.Sprintf("Only %d of the %d ticks before the change have a value; a scan needs half of them.", finite(t.before.Value), t.plan.Before))
	case t.constant():
		t.note("The signal never moved in its history, so nothing says how large a move is; statistics say suspect at most.")
	default:
		t.e.Reason = ShortHistory
		t.note(t.historyNote("6 h are needed for more than suspect"))
	}
	if finite(t.before.Value) < fullTicks {
		t.e.Reason = NoBaseline
		return
	}
	t.testDirections(t.compareWithBefore)
	t.finishTest(t.levelEffect)
}

// gappyBefore reports whether there is a history to scan with, and too few values before the
// change to begin from.
func (t *trial) gappyBefore() bool {
	return len(t.profile.Higher)+len(t.profile.Lower) > 0 && !enoughPresent(finite(t.before.Value), t.plan.Before)
}

// scans reports whether every watched direction has a scan that can be used now.
func (t *trial) scans() bool {
	for _, d := range t.directions() {
		if t.follow(d) == nil {
			return false
		}
	}
	return true
}

// neverMoved reports whether the history of a scan that can be used never moved.
func (t *trial) neverMoved() bool {
	for _, d := range t.directions() {
		if f := t.follow(d); f != nil && f.scan.constant() {
			return true
		}
	}
	return false
}

// constant reports whether there is enough history, and it never moved.
func (t *trial) constant() bool {
	k := t.profile
	return time.Duration(k.Ticks)*k.Tick >= MinHistory && k.Levels.Lowest == k.Levels.Highest
}

// usable is a scan that fits a trial.
type usable struct {
	scan, plain *Scan // plain is nil where scan is mixed with none
	back        []lookback
}

// usableScan returns the best scan of direction d that fits this plan and whose seasons, if
// it has any, are within the profile's past. Its scan is nil where there is none.
func (t *trial) usableScan(d direction) usable {
	k := &t.profile
	if k.Tick != t.plan.Tick || k.Before != t.plan.Before || k.After != t.plan.After ||
		len(t.before.Value) != k.Before || !mostlyPresent(t.baselineValues()) || (k.Follows != nil) != t.adjusted() {
		return usable{}
	}
	scans := *k.scans(d)
	for i := range scans {
		s := &scans[i]
		plain, whole := s.beside(scans[i+1:])
		if back, ok := t.lookBack(s.Periods); ok && whole && (!s.constant() || s.Seen > 0) && s.complete(len(back)) {
			return usable{s, plain, back}
		}
	}
	return usable{}
}

// complete reports whether a scan that was read from a store has all that its forecaster
// needs.
func (s *Scan) complete(lookbacks int) bool {
	return len(s.Weights) == len(prior(lookbacks)) && len(s.Limits) == levelsOf(lookbacks) && (len(s.Lengths) == lengths || len(s.Lengths) == lengths-1)
}

// lookBack finds the seasons in the profile; a scan without any needs nothing.
func (t *trial) lookBack(periods []time.Duration) ([]lookback, bool) {
	if len(periods) > mostLookbacks/waysBack {
		return nil, false
	}
	back := make([]lookback, len(periods)*waysBack)
	for i, period := range periods {
		if !t.fillLookbacks(back[waysBack*i:], period) {
			return nil, false
		}
	}
	return back, true
}

// fillLookbacks fills in one season. Ticks are counted from the profile's end.
func (t *trial) fillLookbacks(back []lookback, period time.Duration) bool {
	at := slices.IndexFunc(t.profile.Past, func(p Past) bool { return p.Period == period })
	if at < 0 || period < t.plan.Tick {
		return false
	}
	p, tick := t.profile.Past[at], t.plan.Tick
	ticks := func(from, to time.Time) int { return int(math.Round(float64(to.Sub(from)) / float64(tick))) }
	start, change := ticks(t.profile.End, p.Start), ticks(t.profile.End, t.look.From)
	s := season{cycle{period: int(period / tick)}, [waysBack]pastSeries{{start, p.Smooth}, {start, p.Typical}}}
	return s.fillLookbacks(back, change, t.look.Gap, 0, t.plan.Before, t.plan.After, nil)
}

// scan is the placebo scan of this change in direction d, where there is one.
func (t *trial) scan(d direction) finding {
	f := t.follow(d)
	if f == nil {
		return finding{}
	}
	found := finding{d: d, p: f.p, g: f.g, forecast: t.withControl(f.expected[:len(f.after)]), scale: f.scale, scan: f.scan, tests: []Test{ByScan}}
	if f.plain != nil {
		found.plain = f.plain.scan
	}
	return found
}

// floor keeps a forecast from being better than the history's best twentieth, so that a
// recovery from an outage does not look like a regression.
func (t *trial) floor(forecast []float64, d direction) {
	for j, f := range forecast {
		if d > 0 {
			forecast[j] = max(f, t.profile.Levels.Q05)
		} else {
			forecast[j] = min(f, t.profile.Levels.Q95)
		}
	}
}
