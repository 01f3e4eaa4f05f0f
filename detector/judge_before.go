package detector

import (
	"github.com/pushback/pushback/detector/stats"
)

// What a test is worth whose scale comes from one short window. Its p is multiplied by
// looksWorth, because it is asked again at every tick; and its tail is Student's with few
// degrees of freedom, because thirty ticks tell a memory and a noise only roughly. Both were
// fitted to drawn series.
//
// See adr/0070.
const (
	looksWorth   = 2
	shortFreedom = 8
)

// compareWithBefore compares the mean of the ticks after the change with what an
// autoregression of the before window forecasts. It is capped at suspect, because no
// history says how the series drifts.
func (t *trial) compareWithBefore(d direction) finding {
	x, before := t.values(), stats.FitAutoregression(t.before.Value)
	f := finding{d: d, p: 1, forecast: []float64{before.Mean}, tests: []Test{ByBlocks}}
	if finite(x) < minTicks {
		return f
	}
	if before.Scale == 0 { // no move in so many ticks
		if d.worse(stats.Mean(x)-before.Mean) > 0 {
			f.p = 1 / (1 + before.Values + float64(t.profile.Ticks))
		}
		return f
	}
	forecast, deviate := before.Shift(x, t.look.Gap, float64(d))
	f.forecast[0], f.p = forecast, looksP(deviate)
	return f
}

// looksP is the p of a deviate whose scale was learned from one short window.
func looksP(deviate float64) float64 {
	if !(deviate > 0) {
		return 1
	}
	return min(1, looksWorth*stats.UpperTail(stats.StudentDeviate(deviate, shortFreedom)))
}
