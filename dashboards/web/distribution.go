package web

import (
	"strconv"

	"github.com/pushback/pushback/detector"
	"github.com/pushback/pushback/detector/stats"
)

// Distribution is how the values of a signal were spread, before and after a change. It decides
// nothing.
type Distribution struct {
	Of            string // what the shares are of: ticks, or events of a histogram
	Shares        [3]string
	Before, After Quantiles
	Picture       *Strip // nil: there is nothing to draw
}

// Quantiles are three values below which a share of the others lies.
type Quantiles struct{ Low, Middle, High string }

// Strip is the picture of a distribution: two bars, in hundredths of the width.
type Strip struct{ Before, After Bar }

// Bar reaches from the lowest to the highest quantile, with a mark at the one between.
type Bar struct{ From, Width, Middle string }

// leastTicks is from how many ticks on something is said of how they are spread.
const leastTicks = 5

// distributionOf returns the distribution of a signal: of a histogram the quantiles that the verdict has, of another signal
// those of its ticks; nil where there are too few.
func distributionOf(e detector.Evidence, p Plot) *Distribution {
	if q := e.Spread; q != nil {
		d := drawn(e.Unit, [3]float64{q.Before.P50, q.Before.P90, q.Before.P99}, [3]float64{q.After.P50, q.After.P90, q.After.P99})
		d.Of, d.Shares = "events", [3]string{"50 %", "90 %", "99 %"}
		d.Before = Quantiles{quantile(q.Before, q.Before.P50, e.Unit), quantile(q.Before, q.Before.P90, e.Unit), quantile(q.Before, q.Before.P99, e.Unit)}
		d.After = Quantiles{quantile(q.After, q.After.P50, e.Unit), quantile(q.After, q.After.P90, e.Unit), quantile(q.After, q.After.P99, e.Unit)}
		return d
	}
	before, after := stats.Finite(nil, p.Before), stats.Finite(nil, p.After)
	if len(before) < leastTicks || len(after) < leastTicks {
		return nil
	}
	d := drawn(e.Unit, tenths(before), tenths(after))
	d.Of, d.Shares = "ticks", [3]string{"10 %", "50 %", "90 %"}
	return d
}

// tenths are the quantiles of values whose order may be lost. Only what the quantiles need is put in order: an open page asks
// for all signals at each look.
func tenths(v []float64) (at [3]float64) {
	done := 0
	for i, share := range []float64{0.1, 0.5, 0.9} {
		low := int(share * float64(len(v)-1))
		for ; done <= min(low+1, len(v)-1); done = max(done, low) + 1 {
			stats.Select(v[done:], max(low-done, 0))
		}
		at[i] = stats.Quantile(v, share)
	}
	return at
}

func drawn(unit string, before, after [3]float64) *Distribution {
	words := func(v [3]float64) Quantiles {
		return Quantiles{Number(v[0], unit), Number(v[1], unit), Number(v[2], unit)}
	}
	d := &Distribution{Before: words(before), After: words(after)}
	low, high := min(before[0], after[0]), max(before[2], after[2])
	if isFinite(low) && isFinite(high) && high > low {
		d.Picture = &Strip{barOf(before, low, high), barOf(after, low, high)}
	}
	return d
}

// barOf is a bar that is wide enough to be seen.
func barOf(v [3]float64, low, high float64) Bar {
	at := func(x float64) float64 { return 98 * (x - low) / (high - low) }
	text := func(x float64) string { return strconv.FormatFloat(x, 'f', 1, 64) }
	return Bar{From: text(at(v[0])), Width: text(max(at(v[2])-at(v[0]), 0.6)), Middle: text(at(v[1]))}
}
