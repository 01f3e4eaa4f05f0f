package detector

import (
	"math"

	"github.com/pushback/pushback/detector/stats"
)

// mixture is κ of the count test: how widely the alternatives are spread around equal rates.
const mixture = 20

// minBadPerTick is how many bad events per tick the before window needs on average for a
// scan of the ratio. With fewer, the ratio jumps by single events, and only the count test
// is used.
const minBadPerTick = 1

// testCounts tests the bad events out of all events. Where the history has a scan of the
// ratio, and there are enough events for one, both must agree: p is the larger one.
func (t *trial) testCounts() {
	tally := t.tally()
	t.e.Counts = &tally
	switch {
	case tally.TotalAfter < max(t.signal.MinEvents, 1):
		t.e.Reason = TooLittleTraffic
		t.note(tooFewEvents(tally.TotalAfter, t.signal.MinEvents))
		return
	case t.beganWithChange() && t.control.after.counts():
		t.note("The signal began with the change; it is compared with its control alone.")
		t.testDirections(func(d direction) finding { return t.armsTest(d, tally) })
		t.finishTest(func() Effect { return t.armsEffect(tally) })
		return
	case ticksWithEvents(t.before) < minTicks:
		t.e.Reason = NoBaseline
		return
	}
	withScan := t.scanApplies(tally)
	t.testDirections(func(d direction) finding {
		f := t.countTest(d, tally)
		if t.control != nil && t.control.after.counts() {
			beside := t.armsTest(d, tally)
			f.p, f.tests = max(f.p, beside.p), beside.tests
		}
		if !withScan {
			return f
		}
		s := t.scan(d)
		s.p, s.tests = max(s.p, f.p), append(f.tests, ByScan)
		return s
	})
	t.noteShape()
	t.finishTest(func() Effect { return t.countEffect(tally) })
	if tally.BadBefore+tally.BadAfter < fewEvents {
		t.note(fewBadEvents(tally))
	}
}

// fewEvents is the number of bad events, before and after together, under which a note says
// how few there are.
const fewEvents = 30

func (t *trial) tally() Tally {
	var y Tally
	y.BadBefore, y.TotalBefore = t.before.events()
	y.BadAfter, y.TotalAfter = t.after.events()
	bad, total := t.running.events()
	y.BadAfter, y.TotalAfter = y.BadAfter+bad, y.TotalAfter+total
	y.Overdispersion = t.profile.Overdispersion
	switch {
	case y.Overdispersion >= 1:
	case t.beganWithChange():
		y.Overdispersion = windowOverdispersion(t.control.before)
	default:
		y.Overdispersion = windowOverdispersion(t.before)
	}
	return y
}

func ticksWithEvents(t Ticks) int {
	n := 0
	for _, total := range t.Total {
		if total > 0 {
			n++
		}
	}
	return n
}

// scanApplies reports whether the ratio must pass the scan as well.
func (t *trial) scanApplies(y Tally) bool {
	switch {
	case !t.scans():
		if !t.constant() {
			t.note(t.historyNote("the count test speaks without it, the scan of the ratio does not"))
		}
		return false
	case t.neverMoved():
		t.note("The ratio never moved in its history, so that a scan of it has nothing to compare with; the count test alone speaks.")
		return false
	case y.BadBefore < minBadPerTick*float64(ticksWithEvents(t.before)):
		t.note("There are too few bad events a tick for a scan of the ratio; the count test alone speaks.")
		return false
	}
	return true
}

// countTest is the sequential test of two rates, its running maximum taken over every full
// tick and the running one. What the service's shape allows of a tick is not counted; and of
// the running tick nothing is, while a shape says how a whole one usually looks.
func (t *trial) countTest(d direction, y Tally) finding {
	best, c1, n1 := 0.0, 0.0, 0.0
	forecast := t.pooledForecast(y)
	allowed := t.allowances(forecast, d)
	weigh := func(bad, total float64) {
		if !(total > 0) {
			return
		}
		c1, n1 = c1+bad, n1+total
		if d.worse(c1/n1-y.BadBefore/y.TotalBefore) > 0 {
			phi := y.Overdispersion
			best = max(best, stats.LogE(y.BadBefore/phi, y.TotalBefore, c1/phi, n1, mixture))
		}
	}
	for i, total := range t.after.Total {
		bad := t.after.Bad[i]
		if i < len(allowed) && total > 0 {
			bad = total * allowed[i].forCounts().unexpected(bad/total, forecast[i], d)
		}
		weigh(bad, total)
	}
	if len(t.after.Total) >= len(allowed) {
		for i, total := range t.running.Total {
			weigh(t.running.Bad[i], total)
		}
	}
	return finding{d: d, p: math.Exp(-best), forecast: withUsual(forecast, allowed, d), tests: []Test{ByCounts}}
}

// pooledForecast forecasts the before window's share for every tick and the running one.
func (t *trial) pooledForecast(y Tally) []float64 {
	f := make([]float64, len(t.after.Value)+1)
	for j := range f {
		f[j] = y.BadBefore / y.TotalBefore
	}
	return f
}
