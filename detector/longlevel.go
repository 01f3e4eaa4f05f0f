package detector

import (
	"math"
	"slices"

	"github.com/pushback/pushback/detector/stats"
)

// Many signals come back to the same level after every move. The median of a before window knows
// that level badly: in white noise it errs by a quarter of σ, and by more where ticks resemble each
// other. The mean of two days errs far less. So the distance from the before window to that mean
// is one of the levels of a forecast, and its weights are learned as all are: a random walk gives it
// none.
//
// A window that lies further from that mean than windows do is not forecast to come back: the signal
// has moved, because of an earlier change or an improvement, and the next change is not to blame for it.
//
// See adr/0142.

// longWindows is over how many before windows the long level is the mean, and leastLong how many of
// them must be present.
const (
	longWindows = 96
	leastLong   = 4
)

// fadeQuantile is the quantile of the distances to the long level from which it counts for less and
// less; it counts for nothing at twice the distance.
const fadeQuantile = 0.9

// longLevels are at tick i the mean of the longWindows windows before it, each value cut to the
// range of 98 of 100; NaN where too little is present. The last is that of a change at the end.
func (l learner) longLevels() []float64 {
	there := stats.Finite(make([]float64, 0, len(l.x)), l.x)
	low, high := stats.QuantileInPlace(there, .01), stats.QuantileInPlace(there, .99)
	levels, window := reused(&l.work.long, len(l.x)+1), longWindows*l.before
	sum, present := 0.0, 0
	for i := range levels {
		levels[i] = math.NaN()
		if present >= leastLong*l.before {
			levels[i] = sum / float64(present)
		}
		if i < len(l.x) && !math.IsNaN(l.x[i]) {
			sum, present = sum+max(low, min(l.x[i], high)), present+1
		}
		if i >= window && !math.IsNaN(l.x[i-window]) {
			sum, present = sum-max(low, min(l.x[i-window], high)), present-1
		}
	}
	return levels
}

// lastLong is the newest long level that is known; 0 where none is, and then no weight was learned for it.
func lastLong(levels []float64) float64 {
	for i := len(levels) - 1; i >= 0; i-- {
		if !math.IsNaN(levels[i]) {
			return levels[i]
		}
	}
	return 0
}

// faded is a distance that counts whole up to most, and for nothing from twice that on.
func faded(distance, most float64) float64 {
	if size := math.Abs(distance); size > most {
		return math.Copysign(max(2*most-size, 0), distance)
	}
	return distance
}

// withLongLevel is a scan as it was learned before there was a long level, with a weight of nothing for it.
func (s Scan) withLongLevel() Scan {
	lookbacks := waysBack * len(s.Periods)
	if len(s.Limits) != levelsOf(lookbacks)-1 || len(s.Weights) != len(prior(lookbacks))-2 {
		return s
	}
	s.Limits = slices.Insert(slices.Clone(s.Limits), longLevel, 0)
	s.Weights = slices.Insert(slices.Clone(s.Weights), 2*longLevel, 0, 0)
	return s
}
