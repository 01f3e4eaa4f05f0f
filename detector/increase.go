package detector

import (
	"math"

	"github.com/pushback/pushback/sources"
)

// increases adds up, a tick, what counters have grown by.
//
//   - Between two samples a counter grew by their difference; a drop is a
//     restart, and what it shows since then is new.
//   - A series whose first sample comes after first, the oldest sample of the signal, is new:
//     a new pod or a new label value. It counts from 0. PromQL's increase() would lose that
//     sample, and with it the first errors of a service that never had any.
//   - A first sample at first itself has an unknown past and only starts the count.
//   - What grew over a gap falls on the tick where samples come back, because
//     nobody can say where it belongs.
//
// A tick in which no series could be compared is missing.
//
// See adr/0009.
func increases(ss []sources.Series, g Grid, first int64) Values {
	sum := g.missing()
	for _, s := range ss {
		last, known := 0.0, false
		for _, p := range s.Samples {
			if math.IsNaN(p.V) {
				continue
			}
			if !known && p.T > first {
				last, known = 0, true
			}
			if at := g.place(p.T); known && at >= 0 && at < g.N {
				sum[at] = plus(sum[at], increaseOf(last, p.V))
			}
			last, known = p.V, true
		}
	}
	return sum
}

// increaseOf is the increase from one sample to the next.
func increaseOf(last, next float64) float64 {
	if next < last {
		return next
	}
	return next - last
}

// first is the time of the oldest sample of any series: where the signal's
// known life begins.
func first(groups ...[]sources.Series) int64 {
	oldest := int64(math.MaxInt64)
	for _, ss := range groups {
		for _, s := range ss {
			if len(s.Samples) > 0 {
				oldest = min(oldest, s.Samples[0].T)
			}
			if len(s.Histograms) > 0 {
				oldest = min(oldest, s.Histograms[0].T)
			}
		}
	}
	return oldest
}
