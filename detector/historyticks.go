package detector

import (
	"slices"
	"sort"
	"time"

	"github.com/pushback/pushback/sources"
)

// A history is read as one long window, in which series come and go. Where some of them were
// missing for a while, its ticks are incomplete for the same reasons as those after a change:
// the ticks before the gap say what is usual. Incomplete ticks are not learned from.
//
//   - Only gaps whose first ticks are incomplete count. Pods that are scaled down at night leave
//     a complete sample behind, and the traffic falls afterwards.
//   - A gap ends with the first complete tick. In the tick in which series come back they count
//     what they grew by meanwhile, so it is left out too.
//   - What never comes back is another composition of the signal, unless the history ends soon
//     after.
//   - What begins at the same time on most days is how the signal is.
//   - If more than mostIncomplete of the history would be left out, or series come and go at more
//     than mostGaps moments, that is how the signal is.
const (
	leastGap       = 2    // ticks without samples; one is borne
	firstTicks     = 5    // of a gap, of which one must be incomplete: few events prove nothing
	mostIncomplete = 0.25 // of a history
	habitDays      = 3    // of a habit
	mostGaps       = 200  // so that looking costs about as much as reading the history
)

// repeatedFor is for how long Prometheus repeats the last sample of a series that ended.
const repeatedFor = 5 * time.Minute

// absence is where a series has no samples: its first tick, and the one in which it is back; beyond
// the grid where it does not come back.
type absence struct{ from, to int }

// TabulateHistory is Tabulate, and says which ticks of a history are incomplete. before is how
// many ticks say what is usual.
func TabulateHistory(r Raw, g Grid, before int) Ticks {
	t := Tabulate(r, g)
	if before < minTicks || len(r.comingAndGoing()) < 2 {
		return t
	}
	r.Value, r.Part = withoutRepeats(r.Value, g), withoutRepeats(r.Part, g)
	gaps := slices.DeleteFunc(gapsOf(r.comingAndGoing(), g), func(a absence) bool {
		return a.from < before || a.to >= g.N && g.N-a.from > 2*before
	})
	if len(gaps) > mostGaps {
		return t
	}
	var found []int
	for _, lack := range withoutHabits(r.incompleteAt(g, gaps, before), g) {
		found = append(found, ticksUpTo(lack.from, lack.to)...)
		if r.Form != FormLevel {
			found = append(found, returnsIn(gaps, lack.from, lack.to, g.N)...)
		}
	}
	slices.Sort(found)
	if found = slices.Compact(found); float64(len(found)) <= mostIncomplete*float64(g.N) {
		t.Incomplete = append(t.Incomplete, found...)
	}
	return t
}

// comingAndGoing are the series of which some may be missing, without the whole missing: those
// of counters, and of levels that are combined.
func (r Raw) comingAndGoing() []pointSeries {
	if r.Form == FormLevel && !r.Combine.Single() {
		return plainSeries(r.Value)
	}
	whole, _ := r.counters()
	return whole
}

// incompleteAt are the incomplete stretches that gaps begin with.
func (r Raw) incompleteAt(g Grid, gaps []absence, before int) (found []absence) {
	done := 0
	for _, gap := range gaps {
		if gap.from < done {
			continue
		}
		if done = gap.from + r.incompleteFrom(g, gap.from, min(gap.to, g.N), before); done > gap.from {
			found = append(found, absence{gap.from, done})
		}
	}
	return found
}

// withoutHabits are the stretches that do not begin at about the same time on most days, as
// where pods are scaled down every night.
func withoutHabits(all []absence, g Grid) (kept []absence) {
	perDay, near := int(day/g.Tick), int(time.Hour/g.Tick)
	for _, a := range all {
		days := map[int]bool{}
		for _, b := range all {
			if off := (b.from - a.from + near + g.N*perDay) % perDay; off <= 2*near {
				days[(b.from-a.from+near+g.N*perDay)/perDay] = true
			}
		}
		if len(days) < habitDays || 2*len(days)*perDay <= g.N {
			kept = append(kept, a)
		}
	}
	return kept
}

func ticksUpTo(from, to int) []int {
	ticks := make([]int, 0, to-from)
	for i := from; i < to; i++ {
		ticks = append(ticks, i)
	}
	return ticks
}

// returnsIn are the ticks in which series come back whose gaps began between from and to.
func returnsIn(gaps []absence, from, to, n int) (ticks []int) {
	for _, gap := range gaps {
		if gap.from >= from && gap.from < to && gap.to >= to && gap.to < n && !slices.Contains(ticks, gap.to) {
			ticks = append(ticks, gap.to)
		}
	}
	return ticks
}

// gapsOf are the gaps of all series, by their first ticks, one for each first tick: the longest.
func gapsOf(whole []pointSeries, g Grid) []absence {
	longest := map[int]int{}
	for _, s := range whole {
		for i, p := range s.points {
			from, to := max(g.place(p.t), -1)+1, g.N
			if i+1 < len(s.points) {
				to = g.place(s.points[i+1].t)
			}
			if to-from >= leastGap {
				longest[from] = max(longest[from], to)
			}
		}
	}
	gaps := make([]absence, 0, len(longest))
	for from, to := range longest {
		gaps = append(gaps, absence{from, to})
	}
	sort.Slice(gaps, func(a, b int) bool { return gaps[a].from < gaps[b].from })
	return gaps
}

// incompleteFrom is how many ticks from a gap's first one on are incomplete. Those in front of
// the first that is proven so lack the same series.
func (r Raw) incompleteFrom(g Grid, from, to, before int) int {
	if n := r.incompleteIn(g, from, min(from+firstTicks, to), before); n < firstTicks {
		return n
	}
	return r.incompleteIn(g, from, to, before)
}

func (r Raw) incompleteIn(g Grid, from, to, before int) int {
	grids := Grids{Before: g.part(from-before, from), After: g.part(from, to)}
	_, after, _ := Around(r.between(grids.Before.Window()), r.between(grids.After.Window()), grids)
	if len(after.Incomplete) == 0 || slices.Min(after.Incomplete) >= firstTicks {
		return 0
	}
	n := slices.Min(after.Incomplete)
	for n < to-from && slices.Contains(after.Incomplete, n) {
		n++
	}
	return n
}

// part is the grid of some ticks of another.
func (g Grid) part(from, to int) Grid {
	return Grid{Start: g.at(from).From, Tick: g.Tick, N: to - from}
}

// between are the samples of a window.
func (r Raw) between(w sources.Window) Raw {
	r.Value, r.Part = samplesIn(r.Value, w), samplesIn(r.Part, w)
	return r
}

func samplesIn(ss []sources.Series, w sources.Window) []sources.Series {
	from, to := w.From.UnixMilli(), w.To.UnixMilli()
	var kept []sources.Series
	for _, s := range ss {
		i, end := sampleAt(s.Samples, from), sampleAt(s.Samples, to+1)
		h, last := histogramAt(s.Histograms, from), histogramAt(s.Histograms, to+1)
		if i < end || h < last {
			kept = append(kept, sources.Series{Labels: s.Labels, Samples: s.Samples[i:end], Histograms: s.Histograms[h:last]})
		}
	}
	return kept
}

func sampleAt(all []sources.Sample, t int64) int {
	return sort.Search(len(all), func(i int) bool { return all[i].T >= t })
}

func histogramAt(all []sources.HistogramSample, t int64) int {
	return sort.Search(len(all), func(i int) bool { return all[i].T >= t })
}

// withoutRepeats are series without the samples before their gaps that may be repeated ones of
// a series that had ended.
func withoutRepeats(ss []sources.Series, g Grid) []sources.Series {
	kept := make([]sources.Series, len(ss))
	for k, s := range ss {
		kept[k] = s
		drop := map[int64]bool{}
		to := g.N
		for i := len(s.Samples) - 1; i >= 0; i-- {
			at := g.place(s.Samples[i].T)
			if to-at-1 >= leastGap {
				for _, p := range s.Samples[firstRepeat(s.Samples[:i+1]) : i+1] {
					drop[p.T] = true
				}
			}
			to = at
		}
		if len(drop) > 0 {
			kept[k].Samples = slices.DeleteFunc(slices.Clone(s.Samples), func(p sources.Sample) bool { return drop[p.T] })
		}
	}
	return kept
}

// firstRepeat is the place of the first of the newest samples that only repeat the one before
// them.
func firstRepeat(all []sources.Sample) int {
	newest := all[len(all)-1]
	i := len(all)
	for i > 1 && all[i-2].V == newest.V && newest.T-all[i-2].T <= repeatedFor.Milliseconds() {
		i--
	}
	return i
}
