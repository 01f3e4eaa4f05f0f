package detector

import (
	"slices"
	"time"
)

// Earlier is what was before a change, worked out once for all looks: its ticks, how fast its counters
// usually grow, and which series it had.
//
// See adr/0057.
type Earlier struct {
	Newest time.Time // of its samples; zero: there is none

	ticks  Ticks
	counts bool
	levels *usualLevels // of a combined level
	paces  pacePair
	series usualSeries
	rates  [2]map[string]float64 // of each series, and of the counter beside it, in events a millisecond
}

// Remember works out the past of a signal. The grid is that of the before window.
func Remember(past Raw, g Grid) Earlier {
	e := remember(past, g)
	whole, paired := past.counters()
	e.Newest, e.rates[0] = Newest(past.Value), ratesOf(whole, ownPoints)
	if paired {
		e.rates[1] = ratesOf(whole, besidePoints)
	}
	return e
}

// remember works out what Around needs.
func remember(past Raw, g Grid) Earlier {
	whole, paired := past.counters()
	e := Earlier{ticks: past.beforeTicks(g), counts: past.Form == FormCounts || paired}
	switch {
	case e.counts:
		e.paces, e.series = pacesOf(whole), vanishing(past, e.ticks, g)
	case past.Form == FormLevel && !past.Combine.Single():
		v := vanishingLevels(past, e.ticks, g)
		e.levels = &v
	}
	return e
}

// Counts reports whether Around needs the samples of the past themselves.
func (e Earlier) Counts() bool { return e.counts }

// Around puts what a store answered before and after a change on the grids of a look. The
// series after go on where those before ended, so that what a counter showed before says how
// fast it usually grows, which replicas show it, and which series are gone. Where the past does
// not count, past is not read. The ticks are the caller's.
func (e Earlier) Around(past, present Raw, g Grids) (before, after, running Ticks) {
	before = e.ticks.clone()
	if !e.counts {
		after, running = Tabulate(present, g.After), Tabulate(present, g.Running)
		if e.levels != nil {
			after, running = e.levels.mark(after, present.Value, g.After), e.levels.mark(running, present.Value, g.Running)
		}
		return before, after, running
	}
	joined := joinRaw(past, present)
	after, running = joined.tabulate(g.After, e.paces), joined.tabulate(g.Running, e.paces)
	after, running = e.series.mark(after, joined, g.After), e.series.mark(running, joined, g.Running)
	return before, after, running
}

func (t Ticks) clone() Ticks {
	t.Value, t.Bad, t.Total = slices.Clone(t.Value), slices.Clone(t.Bad), slices.Clone(t.Total)
	t.Impossible, t.Incomplete, t.Idle = slices.Clone(t.Impossible), slices.Clone(t.Incomplete), slices.Clone(t.Idle)
	return t
}

// stillMissed is how many events a series that stands still must have missed to be doubted. By
// chance, that many are missed once in 3,000 times.
const stillMissed = 8

// StandsStill reports whether a series of counters that usually counts stands still after the
// change. It may be gone: Prometheus repeats the last sample for five minutes.
func (e Earlier) StandsStill(present Raw) bool {
	if !e.counts {
		return false
	}
	after, paired := present.counters()
	return standsStill(e.rates[0], after, ownPoints) || paired && standsStill(e.rates[1], after, besidePoints)
}

func standsStill(rates map[string]float64, after []pointSeries, of func(pointSeries) []point) bool {
	return slices.ContainsFunc(after, func(s pointSeries) bool {
		still := float64(longestStill(of(s)))
		return still > 0 && rates[LabelKey(s.labels)]*still >= stillMissed
	})
}

// ratesOf are how fast each series grew over the past.
func ratesOf(whole []pointSeries, of func(pointSeries) []point) map[string]float64 {
	rates := make(map[string]float64, len(whole))
	for _, s := range whole {
		if points := of(s); len(points) > 1 {
			first, last := points[0], points[len(points)-1]
			rates[LabelKey(s.labels)] = (last.v - first.v) / float64(last.t-first.t)
		}
	}
	return rates
}

// longestStill is the longest time, in milliseconds, over which a counter stood still.
func longestStill(points []point) int64 {
	longest, from := int64(0), 0
	for i := range points {
		if points[i].v != points[from].v {
			from = i
		}
		longest = max(longest, points[i].t-points[from].t)
	}
	return longest
}
