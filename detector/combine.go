package detector

import (
	"math"

	"github.com/pushback/pushback/sources"
)

// Combine says how the series of one query become one number a tick.
//
// See adr/0064.
type Combine string

// The ways to combine series. One is for a query that should give one series. Where it gives
// several, the worst of them is taken and the ticks say how many there were: the rule's limit
// is judged by it, and nothing else is. OneLowest is One for a signal that is worse below.
// OneOnly leaves out ticks with several series; a history is read so.
const (
	One       Combine = ""
	OneLowest Combine = "one_lowest"
	OneOnly   Combine = "one_only"
	Sum       Combine = "sum"
	Mean      Combine = "mean"
	Max       Combine = "max"
	Min       Combine = "min"
)

// Single reports whether one series is expected.
func (c Combine) Single() bool { return c == One || c == OneLowest || c == OneOnly }

// level is the newest sample in each tick, combined over the series.
func (c Combine) level(ss []sources.Series, g Grid) Ticks {
	v, counts := c.combine(ss, g)
	t := Ticks{Value: v}
	leaveOut := c == OneOnly || c.Single() && passed(counts)
	for i, n := range counts {
		switch {
		case n > 1 && leaveOut:
			v[i] = math.NaN()
		case n > 1 && c.Single():
			t.Series = max(t.Series, n)
		}
	}
	if c == Sum {
		clearHoles(ss, g, v)
	}
	return t
}

// fewSingle is how many ticks must have one series again, at least, after several.
const fewSingle = 3

// passed reports whether several series were there for a while only, as where one pod replaces
// another and the store repeats the last sample of the old one for five minutes.
func passed(counts []int) bool {
	several, single := 0, 0
	for _, n := range counts {
		switch {
		case n > 1:
			several, single = several+1, 0
		case n == 1:
			single++
		}
	}
	return single >= max(fewSingle, several)
}

// combine also gives how many series there were in each tick.
func (c Combine) combine(ss []sources.Series, g Grid) (Values, []int) {
	all, counts := g.missing(), make([]int, g.N)
	for _, s := range ss {
		for i, v := range newest(s, g) {
			if !math.IsNaN(v) {
				counts[i]++
				all[i] = c.add(all[i], v)
			}
		}
	}
	if c == Mean {
		for i, n := range counts {
			all[i] /= float64(n)
		}
	}
	return all, counts
}

// add adds one series to a tick that may still be missing.
func (c Combine) add(so, v float64) float64 {
	switch {
	case math.IsNaN(so):
		return v
	case c == Sum || c == Mean:
		return so + v
	case c == Min || c == OneLowest:
		return min(so, v)
	}
	return max(so, v)
}

// newest is the newest sample of one series in each tick. It is not the mean, so that a
// history with one sample a tick is as noisy as a live look with many.
func newest(s sources.Series, g Grid) Values {
	own := g.missing()
	for _, p := range s.Samples {
		if at := g.place(p.T); at >= 0 && at < g.N && !math.IsNaN(p.V) {
			own[at] = p.V
		}
	}
	return own
}

// mostHole is how many ticks in a row a series may miss and count as one that was not
// scraped. After more it counts as one that was not there, as a pod that is scaled down at
// night.
const mostHole = 3

// clearHoles clears the ticks that a series misses and comes back from. A sum without one of
// its series is no sum.
func clearHoles(ss []sources.Series, g Grid, sum Values) {
	for _, s := range ss {
		last := -1
		for i, v := range newest(s, g) {
			if math.IsNaN(v) {
				continue
			}
			if last >= 0 && i-last-1 <= mostHole {
				for k := last + 1; k < i; k++ {
					sum[k] = math.NaN()
				}
			}
			last = i
		}
	}
}

// ratio is Part of Value. Counts of several series are added up if the rule says so. A series
// of bad events that is missing has none.
func (r Raw) ratio(g Grid) Ticks {
	bad, parts := r.Combine.combine(r.Part, g)
	total, wholes := r.Combine.combine(r.Value, g)
	if r.Combine == Sum {
		clearHoles(r.Value, g, total)
	}
	t, most := sharesOf(present(bad, total), total), 0
	for i := range total {
		if n := max(parts[i], wholes[i]); n > 1 && r.Combine.Single() {
			most = max(most, n)
			t.clearTick(i)
		}
	}
	if most == 0 || r.Combine == OneOnly {
		return t
	}
	return r.worstRatio(g, most)
}

// worstRatio is, at each tick, the share of the worst of several series. The bad events of a
// series are compared with the total of the same labels, or with the only total.
func (r Raw) worstRatio(g Grid, series int) Ticks {
	t := sharesOf(g.missing(), g.missing())
	t.Series = series
	for _, whole := range r.Value {
		total, parts := newest(whole, g), []Values{}
		for _, part := range r.Part {
			if len(r.Value) == 1 || LabelKey(part.Labels, "__name__") == LabelKey(whole.Labels, "__name__") {
				parts = append(parts, newest(part, g))
			}
		}
		if len(parts) == 0 {
			parts = []Values{g.missing()}
		}
		for _, bad := range parts {
			t.takeWorse(sharesOf(present(bad, total), total), r.Combine)
		}
	}
	return t
}

// takeWorse takes the ticks of another series that are worse.
func (t *Ticks) takeWorse(other Ticks, c Combine) {
	for i, v := range other.Value {
		if worse := c.add(t.Value[i], v); !math.IsNaN(v) && worse != t.Value[i] {
			t.Value[i], t.Bad[i], t.Total[i] = v, other.Bad[i], other.Total[i]
		}
	}
}
