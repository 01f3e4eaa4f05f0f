package detector

import (
	"math"

	"github.com/pushback/pushback/detector/stats"
)

// The forecasters a profile chooses among.
const (
	recent = "recent"
	trend  = "trend"
	season = "season"
)

// What the published method fixes: how many ticks are recent, how much of a
// slope is believed and how fast it fades, how much of last period's shape.
const (
	recentTicks = 10
	slopeShare  = 0.6
	slopeFade   = 0.93
	seasonShare = 0.8
)

// outlook is what one forecaster makes of one before window: the forecast of
// every after-tick and the spread of the window around its own centre. Its
// slices are reused from one placebo to the next.
type outlook struct {
	forecast []float64
	spread   float64 // m_B
	scratch  []float64
}

// shape is one period ago, seen from one before window: the raw and smoothed
// past behind it, and the smoothed past behind the after-ticks.
type shape struct {
	raw, smooth, ahead []float64
	days               []lookback // what a blend looks back to
}

// look fills the outlook of a forecaster on before window b. The past is read
// by the season forecaster alone.
func (o *outlook) look(forecaster string, b []float64, past shape) {
	median := stats.Median(b, o.scratch)
	switch forecaster {
	case recent:
		o.recent(b, median)
	case trend:
		o.trend(b, median)
	case season:
		o.season(b, median, past)
	}
}

func (o *outlook) recent(b []float64, median float64) {
	level := median
	if last := stats.Median(b[max(len(b)-recentTicks, 0):], o.scratch); !math.IsNaN(last) {
		level = median/2 + last/2
	}
	for j := range o.forecast {
		o.forecast[j] = level
	}
	o.measure(b, func(int) float64 { return median })
}

func (o *outlook) trend(b []float64, median float64) {
	slope := slopeShare * stats.Slope(b)
	half := float64(len(b)-1) / 2
	level, step := median+slope*half, slope
	for j := range o.forecast {
		step *= slopeFade
		level += step
		o.forecast[j] = level
	}
	o.measure(b, func(i int) float64 { return median + slope*(float64(i)-half) })
}

func (o *outlook) season(b []float64, median float64, past shape) {
	base := stats.Median(past.raw, o.scratch)
	for j := range o.forecast {
		o.forecast[j] = median + seasonShare*(past.ahead[j]-base)
	}
	o.measure(b, func(i int) float64 { return median + seasonShare*(past.smooth[i]-base) })
}

// measure sets the spread of b around its in-sample centre. It is not centred
// again: a forecaster that misses its own window pays for it.
func (o *outlook) measure(b []float64, centre func(int) float64) {
	o.scratch = o.scratch[:0]
	for i, v := range b {
		if d := math.Abs(v - centre(i)); !math.IsNaN(d) {
			o.scratch = append(o.scratch, d)
		}
	}
	o.spread = stats.NormalMAD * stats.MedianInPlace(o.scratch)
}

// scaleOf is σ: half the variance of this window, half of the typical one.
func scaleOf(spread, typical float64) float64 {
	return math.Sqrt(spread*spread/2 + typical*typical/2)
}
