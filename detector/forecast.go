package detector

import (
	"math"

	"github.com/pushback/pushback/detector/stats"
)

// outlook is what the forecaster makes of one before window: the forecast of
// every after-tick and the spread of the window around its own centre. Its
// slices are reused from one placebo to the next.
type outlook struct {
	forecast []float64
	spread   float64 // m_B
	scratch  []float64
}

func outlookOf(before, after int) outlook {
	return outlook{forecast: make([]float64, after), scratch: make([]float64, 0, before)}
}

// blend fills in the outlook of a stance on window b by the weights that a
// profile has learned. The levels are added up once.
func (o *outlook) blend(b []float64, s *stance, h horizon, weights []float64) {
	lasting, nearby := 0.0, 0.0
	levels := levelsOf(len(s.back))
	for i, v := range s.levels[:levels] {
		lasting, nearby = lasting+weights[2*i]*v, nearby+weights[2*i+1]*v
	}
	slope, shapes := weights[2*levels]*s.slope, weights[2*levels+1:]
	for j := range o.forecast {
		f := s.median + lasting + nearby*h.near[j] + slope*(s.middle+h.carried[j])
		for i, w := range shapes {
			f += w * apart(s.back[i].ahead[j], s.back[i].base)
		}
		o.forecast[j] = f
	}
	o.measure(b, func(i int) float64 {
		c := s.median + slope*(float64(i)-s.middle)
		for k, w := range shapes {
			c += w * apart(s.back[k].behind[i], s.back[k].base)
		}
		return c
	})
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
