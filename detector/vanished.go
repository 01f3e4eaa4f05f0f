package detector

import (
	"math"

	"github.com/pushback/pushback/detector/stats"
	"github.com/pushback/pushback/sources"
)

// usualSeries are the series that lived at the end of the before window, each with what it
// counted in a usual tick. Those that appeared in its second half are new: a rollout of which
// only the end is known begins before it.
type usualSeries struct {
	series map[string]usualCounter
	total  float64 // of all series, in a usual tick
	tick   int64   // milliseconds
	ticks  float64 // how many ticks say what is usual
	labels badLabels
	parts  int             // how many series counted bad events
	means  bool            // bad is a sum of what was measured, and its share a mean
	spared map[string]bool // gone because their processes restarted
}

// usualCounter is what one series counts in a usual tick, and its newest sample of the before
// window.
type usualCounter struct {
	usual eventCount
	last  point
}

// eventCount are events, and the bad ones among them.
type eventCount struct{ bad, total float64 }

func (n eventCount) plus(m eventCount, times float64) eventCount {
	return eventCount{n.bad + times*m.bad, n.total + times*m.total}
}

// vanishing prepares to look for series that vanish after a change.
func vanishing(past Raw, whole []pointSeries, paired bool, keys []string, before Ticks, g Grid) usualSeries {
	u := usualSeries{series: map[string]usualCounter{}, total: stats.Median(before.Total, nil), tick: g.Tick.Milliseconds(), means: past.sums()}
	if !(u.total > 0) && !u.means || g.N == 0 {
		return u
	}
	u.ticks, u.labels, u.parts = float64(finite(before.Value)), badLabelsOf(past), len(past.Part)
	c, bad, end := countersOf(whole, paired, past.sums(), pacePair{}), keysOf(past.Part), g.End().UnixMilli()
	for i, s := range whole {
		if n := len(s.points); n > 0 && s.points[n-1].t > end-2*u.tick && s.points[0].t <= (c.first+end)/2 {
			key := keys[i]
			usual := past.usualEvents(c.increases([]pointSeries{s}, g)[0], bad[key])
			u.series[key] = usualCounter{u.series[key].usual.plus(usual, 1), s.points[n-1]}
		}
	}
	return u
}

// usualEvents are the events of a usual tick of one series. bad: it counts bad events alone.
func (r Raw) usualEvents(n increased, bad bool) eventCount {
	mean := func(v Values) float64 {
		if finite(v) == 0 {
			return 0
		}
		return stats.Mean(v)
	}
	of := eventCount{total: mean(n.events)}
	switch {
	case r.Form == FormCounts && bad:
		of.bad = of.total
	case r.Form == FormSlow:
		of.bad = max(of.total-mean(n.beside), 0)
	case r.Form == FormNativeSlow, r.sums():
		of.bad = mean(n.beside)
	}
	return of
}

func keysOf(ss []sources.Series) map[string]bool {
	keys := make(map[string]bool, len(ss))
	for _, s := range ss {
		keys[LabelKey(s.Labels)] = true
	}
	return keys
}

// vanished says which of the usual series are there in a tick, by what they count in a usual
// tick, and what new ones count in it. missed and returned are what was not counted while
// series that are gone, or back, had no samples.
type vanished struct {
	there, gone, back eventCount
	missed, returned  float64
	fresh             float64
	lives             bool // one of the usual series is there
}

// look finds out what has vanished in one tick. Series are those of before and after, joined, and
// keys are those of their labels.
func (u *usualSeries) look(series []pointSeries, keys []string, w sources.Window) vanished {
	v := vanished{}
	from, to := w.From.UnixMilli(), w.To.UnixMilli()
	for at, s := range series {
		usual, known := u.series[keys[at]]
		i, end := s.at(from+1), s.at(to+1)
		switch {
		case !known:
			v.fresh += grownBetween(s.points, i, end)
		case i < end:
			v.lives, v.there = true, v.there.plus(usual.usual, 1)
			if i > 0 && s.points[i-1].t <= from-u.tick {
				v.back = v.back.plus(usual.usual, 1)
				v.returned += usual.usual.total * u.ticksBetween(s.points[i-1].t, from)
			}
		case i > 0 && !u.spares(s.labels, keys[at], series, keys):
			v.gone = v.gone.plus(usual.usual, 1)
			v.missed += usual.usual.total * u.ticksBetween(s.points[i-1].t, to)
		}
	}
	return v
}

func (u *usualSeries) ticksBetween(from, to int64) float64 {
	return float64(to-from) / float64(u.tick)
}

// grownBetween is what a counter grew by from the i-th point to the one before the end-th. The
// first point of a series counts as it is.
func grownBetween(points []point, i, end int) float64 {
	switch {
	case i >= end:
		return 0
	case i == 0:
		return points[end-1].v
	}
	return max(points[end-1].v-points[i-1].v, 0)
}

// spares reports whether a series may be gone because its process restarted: its counters are
// not there before they count again. That is so if no series that is as much like it, by the
// number of equal labels, went on without a restart.
func (u *usualSeries) spares(gone map[string]string, key string, series []pointSeries, keys []string) bool {
	if spared, known := u.spared[key]; known {
		return spared
	}
	restarted, went := -1, -1
	for i, s := range series {
		before, known := u.series[keys[i]]
		first := s.at(before.last.t + 1)
		if !known || first == len(s.points) {
			continue
		}
		if alike := equalLabels(gone, s.labels); restartsIn(s.points, first) {
			restarted = max(restarted, alike)
		} else {
			went = max(went, alike)
		}
	}
	if u.spared == nil {
		u.spared = map[string]bool{}
	}
	u.spared[key] = restarted >= 0 && restarted >= went
	return u.spared[key]
}

// restartsIn reports whether a counter restarts at the i-th point or later.
func restartsIn(points []point, i int) bool {
	for ; i > 0 && i < len(points); i++ {
		if points[i].v < points[i-1].v/2 {
			return true
		}
	}
	return false
}

func equalLabels(a, b map[string]string) int {
	n := 0
	for name, value := range a {
		if b[name] == value {
			n++
		}
	}
	return n
}

// What is gone is biased if its share of bad events differs from that of the rest by so many
// standard errors, over the before window. As many events as that window had cannot show a
// smaller difference after the change either. Fewer events than leastMissed prove nothing: a
// series that counts nothing for long may be dropped by its exporter.
//
// Of a mean, whose scatter is not known, the rest must differ from the whole by biasedMean.
const (
	biasedErrors = 4
	leastMissed  = 5
	biasedMean   = 0.1
)

// lacksPart reports whether what is left in a tick of some length is no sample of the whole.
func (u *usualSeries) lacksPart(v vanished, scale float64) bool {
	return v.missed >= leastMissed && v.fresh < vanishedShare*v.gone.total*scale && u.biased(v.gone, v.there)
}

// gainsPart reports whether series that came back count in a tick what is no sample of the
// whole.
func (u *usualSeries) gainsPart(v vanished) bool {
	rest := v.there.plus(v.back, -1)
	return v.returned >= leastMissed && u.biased(v.back, rest)
}

// biased reports whether two parts of the events differ in their share of bad ones, or in
// their mean.
func (u *usualSeries) biased(part, rest eventCount) bool {
	if part.total <= 0 || rest.total <= 0 {
		return false
	}
	all := part.plus(rest, 1)
	q := all.bad / all.total
	if u.means {
		return math.Abs(rest.bad/rest.total-q) > biasedMean*math.Abs(q)
	}
	variance := q * (1 - q) * (1/part.total + 1/rest.total) / u.ticks
	return math.Abs(part.bad/part.total-rest.bad/rest.total) > biasedErrors*math.Sqrt(variance)
}
