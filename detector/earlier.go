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
	value  []string        // keys of the series of the past's Value
	part   []string        // and of its Part
	rates  map[string]rate // of each series
}

// rate is how fast a counter grew, and the one beside it, in events a millisecond.
type rate struct{ own, beside float64 }

// Remember works out the past of a signal. The grid is that of the before window.
func Remember(past Raw, g Grid) Earlier {
	whole, paired := past.counters()
	keys := keysOfPoints(whole)
	e := remember(past, whole, paired, keys, g)
	e.Newest = Newest(past.Value)
	if e.counts {
		e.rates = ratesOf(whole, keys)
	}
	return e
}

// remember works out what Around needs.
func remember(past Raw, whole []pointSeries, paired bool, keys []string, g Grid) Earlier {
	e := Earlier{ticks: past.beforeTicks(g), counts: past.Form == FormCounts || paired}
	switch {
	case e.counts:
		e.paces, e.series = pacesOf(whole), vanishing(past, whole, paired, keys, e.ticks, g)
		once := keptOnce(keys)
		e.value, e.part = once.of(labelKeys(past.Value)), once.of(labelKeys(past.Part))
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
// fast it usually grows, which replicas show it, and which series are gone. The past's samples need no
// labels, and where it does not count, past is not read. The ticks are the caller's.
func (e Earlier) Around(past, present Raw, g Grids) (before, after, running Ticks) {
	before = e.ticks.clone()
	if !e.counts {
		ticks := present.tabulate(pacePair{}, g.After, g.Running)
		after, running = ticks[0], ticks[1]
		if e.levels != nil {
			after, running = e.levels.mark(after, present.Value, g.After), e.levels.mark(running, present.Value, g.Running)
		}
		return before, after, running
	}
	joined := present
	joined.Value, joined.Part = joinSeries(past.Value, e.value, present.Value), joinSeries(past.Part, e.part, present.Part)
	whole, paired := joined.counters()
	ticks := joined.counted(whole, paired, e.paces, []Grid{g.After, g.Running})
	if len(e.series.series) == 0 {
		return before, ticks[0], ticks[1]
	}
	keys := keysOfPoints(whole)
	for i, grid := range []Grid{g.After, g.Running} {
		ticks[i] = e.series.mark(ticks[i], whole, keys, len(joined.Part), grid)
	}
	return before, ticks[0], ticks[1]
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
	return slices.ContainsFunc(after, func(s pointSeries) bool {
		own, beside := longestStill(s.points), int64(0)
		if paired {
			beside = longestStill(s.beside)
		}
		if own+beside == 0 {
			return false
		}
		usual := e.rates[LabelKey(s.labels)]
		return usual.own*float64(own) >= stillMissed || usual.beside*float64(beside) >= stillMissed
	})
}

// ratesOf are how fast each series grew over the past.
func ratesOf(whole []pointSeries, keys []string) map[string]rate {
	rates := make(map[string]rate, len(whole))
	for i, s := range whole {
		rates[keys[i]] = rate{grown(s.points), grown(s.beside)}
	}
	return rates
}

// grown is by how much a counter grew in a millisecond.
func grown(points []point) float64 {
	if len(points) < 2 {
		return 0
	}
	first, last := points[0], points[len(points)-1]
	return (last.v - first.v) / float64(last.t-first.t)
}

// onceKept are texts by themselves, so that what is kept for hours holds each of them once.
type onceKept map[string]string

func keptOnce(texts []string) onceKept {
	once := make(onceKept, len(texts))
	for _, t := range texts {
		once[t] = t
	}
	return once
}

// of returns equal texts, those that are known instead of their copies.
func (o onceKept) of(texts []string) []string {
	for i, t := range texts {
		if known, ok := o[t]; ok {
			texts[i] = known
		}
	}
	return texts
}

func keysOfPoints(all []pointSeries) []string {
	keys := make([]string, len(all))
	for i, s := range all {
		keys[i] = LabelKey(s.labels)
	}
	return keys
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
