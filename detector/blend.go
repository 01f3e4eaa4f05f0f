package detector

import (
	"math"

	"github.com/pushback/pushback/detector/stats"
)

// blend is the forecaster that learns, from the placebos of its own signal,
// how much of each of the others to believe. A signal with a firm daily shape
// leans on the days before, one that wanders on its last ticks. The published
// forecasters with their fixed shares remain beside it as its starting point.
// With the days before it is called by the other name.
const (
	blend      = "blend"
	dailyBlend = "daily blend"
)

// The parts a blend is made of, each a move away from the before window's
// median: the level of the last ticks, the fading slope, yesterday's shape,
// and the shape of a typical day.
const (
	byRecent = iota
	byTrend
	byYesterday
	byTypicalDay
	blendParts
)

// blendPrior is what is believed before any placebo was seen, near the shares
// of the published forecasters.
var blendPrior = [blendParts]float64{0.5, 0, 0.2, 0.6}

// localParts is how many of the parts need no day before.
const localParts = byYesterday

// lookback is an earlier stretch as one before window sees it: behind it,
// behind the after-ticks, and its median behind the window.
type lookback struct {
	behind, ahead []float64
	base          float64
}

func lookBack(behind, ahead, scratch []float64) lookback {
	return lookback{behind, ahead, stats.Median(behind, scratch)}
}

// stance is one before window as the blend sees it.
type stance struct {
	median, recent, slope, middle float64
	fade                          []float64  // how far a slope still carries, by after-tick
	days                          []lookback // none, or yesterday and the typical day
}

// fading is how many whole ticks of slope are left of so many fading ones.
func fading(after int) []float64 {
	f, step, sum := make([]float64, after), 1.0, 0.0
	for j := range f {
		step *= slopeFade
		sum += step
		f[j] = sum
	}
	return f
}

func stanceOf(b, fade []float64, days []lookback, scratch []float64) stance {
	s := stance{median: stats.Median(b, scratch), slope: stats.Slope(b), middle: float64(len(b)-1) / 2, fade: fade, days: days}
	if last := stats.Median(b[max(len(b)-recentTicks, 0):], scratch); !math.IsNaN(last) {
		s.recent = last - s.median
	}
	return s
}

// ahead are the parts at after-tick j, which counts from 0.
func (s stance) ahead(j int) (parts [blendParts]float64) {
	parts[byRecent], parts[byTrend] = s.recent, s.slope*(s.middle+s.fade[j])
	for i, d := range s.days {
		parts[byYesterday+i] = moved(d.ahead[j], d.base)
	}
	return parts
}

// behind are the parts at tick i of the before window itself.
func (s stance) behind(i int) (parts [blendParts]float64) {
	parts[byTrend] = s.slope * (float64(i) - s.middle)
	for k, d := range s.days {
		parts[byYesterday+k] = moved(d.behind[i], d.base)
	}
	return parts
}

// moved is how far an earlier tick lay from its base; a missing one did not
// move.
func moved(v, base float64) float64 {
	if math.IsNaN(v) || math.IsNaN(base) {
		return 0
	}
	return v - base
}

func (s stance) weigh(parts [blendParts]float64, weights []float64) float64 {
	v := s.median
	for i, w := range weights {
		v += w * parts[i]
	}
	return v
}

// blend fills the outlook by the weights a profile has learned.
func (o *outlook) blend(b []float64, s stance, weights []float64) {
	for j := range o.forecast {
		o.forecast[j] = s.weigh(s.ahead(j), weights)
	}
	o.measure(b, func(i int) float64 { return s.weigh(s.behind(i), weights) })
}

// typicalDays is over how many days a typical day is taken.
const typicalDays = 7

// typical is, at tick i, the median of the smoothed values at the same time of
// the typicalDays days that end with i's own. One bad day does not bend it,
// and a Monday is not forecast from a Sunday alone. Near the start of the
// history it has fewer days to go by.
func typical(smooth []float64, period int) []float64 {
	t := make([]float64, len(smooth))
	var days [typicalDays]float64
	for i := range t {
		same := days[:0]
		for at := i; at >= 0 && len(same) < typicalDays; at -= period {
			same = append(same, smooth[at])
		}
		t[i] = stats.Median(same, days[:0])
	}
	return t
}

// blends says whether the scan's forecaster is a blend.
func (s *Scan) blends() bool { return s.Forecaster == blend || s.Forecaster == dailyBlend }
