package detector

import (
	"math"

	"github.com/pushback/pushback/detector/stats"
)

// forecast is the forecast of every after-tick from one before window, and the spread of
// the window around its own centre. Its slices are reused from one placebo to the next.
type forecast struct {
	forecast []float64
	spread   float64 // m_B
	scratch  []float64
}

func newForecast(before, after int) forecast {
	return forecast{forecast: make([]float64, after), scratch: make([]float64, 0, before)}
}

// blend fills in the forecast from a baseline of window b, by the weights that a profile
// has learned. The levels are added up once.
func (o *forecast) blend(b []float64, s *baseline, h horizon, weights []float64) {
	lasting, nearby := 0.0, 0.0
	levels := levelsOf(len(s.back))
	for i, v := range s.levels[:levels] {
		lasting, nearby = lasting+weights[2*i]*v, nearby+weights[2*i+1]*v
	}
	slope, shapes := weights[2*levels]*s.slope, weights[2*levels+1:]
	for j := range o.forecast {
		f := s.median + lasting + nearby*h.near[j] + slope*(s.middle+h.carried[j])
		for i, w := range shapes {
			f += w * offset(s.back[i].ahead[j], s.back[i].base)
		}
		o.forecast[j] = f
	}
	o.measure(b, func(i int) float64 {
		c := s.median + slope*(float64(i)-s.middle)
		for k, w := range shapes {
			c += w * offset(s.back[k].behind[i], s.back[k].base)
		}
		return c
	})
}

// measure sets the spread of b around its in-sample centre. It is not centred again, so
// that a forecaster that misses its own window has a larger spread.
func (o *forecast) measure(b []float64, centre func(int) float64) {
	o.scratch = o.scratch[:0]
	for i, v := range b {
		if d := math.Abs(v - centre(i)); !math.IsNaN(d) {
			o.scratch = append(o.scratch, d)
		}
	}
	o.spread = stats.NormalMAD * stats.MedianInPlace(o.scratch)
}
