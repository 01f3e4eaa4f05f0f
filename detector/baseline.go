package detector

import (
	"math"
	"slices"

	"github.com/pushback/pushback/detector/stats"
)

// The levels of a before window, each as its distance from the median: the last ten
// ticks, the last three, the last one, and the long level. Each lookback adds two: how far its
// last ticks were from its median, and how far that median is from the window's.
const (
	longLevel     = 3 // place of the long level
	localLevels   = 4
	levelsBack    = 2
	mostLookbacks = 2 * waysBack // of a day and of a week
	mostLevels    = localLevels + levelsBack*mostLookbacks
	mostParts     = 2*mostLevels + 1 + mostLookbacks
	recentTicks   = 10
	lastTicks     = 3
)

// How a forecast fades: the factor by which a slope shrinks from tick to tick, and the
// number of ticks after which 1/e is left of a nearby level.
const (
	slopeFade = 0.93
	nearTicks = 5.0
)

// baseline describes one before window to the forecaster.
type baseline struct {
	median, slope, middle float64
	levels                [mostLevels]float64
	back                  []lookback
}

// baselineOf describes a before window. Levels that are missing are set to the median.
func baselineOf(b []float64, long float64, back []lookback, scratch []float64) baseline {
	s := baseline{median: stats.Median(b, scratch), slope: stats.Slope(b), middle: float64(len(b)-1) / 2, back: back}
	s.levels[0] = offset(stats.Median(lastOf(b, recentTicks), scratch), s.median)
	s.levels[1] = offset(stats.Median(lastOf(b, lastTicks), scratch), s.median)
	s.levels[2] = offset(b[len(b)-1], s.median)
	s.levels[longLevel] = offset(long, s.median)
	for i, l := range back {
		s.levels[localLevels+levelsBack*i] = offset(l.recent, l.base)
		s.levels[localLevels+levelsBack*i+1] = offset(l.base, s.median)
	}
	return s
}

// nearShare is how far, of the distance between what is usually lowest and highest, a window may be from that of a
// period ago to be as it was.
const nearShare = 0.25

// asBefore reports whether the window is as it was a period ago, or as is typical of the time: a
// signal that falls from day to day is usual at night, however low.
//
// See adr/0077.
func (s *baseline) asBefore(l Levels) bool {
	return slices.ContainsFunc(s.back, func(b lookback) bool { return math.Abs(s.median-b.base) <= nearShare*(l.Q95-l.Q05) })
}

// lastOf are the last n values of x, or all.
func lastOf(x []float64, n int) []float64 { return x[max(len(x)-n, 0):] }

// offset is how far v is from a base, 0 where either is missing.
func offset(v, base float64) float64 {
	if math.IsNaN(v) || math.IsNaN(base) {
		return 0
	}
	return v - base
}

// levelsOf is how many levels a baseline with so many lookbacks has.
func levelsOf(lookbacks int) int { return localLevels + levelsBack*lookbacks }

// limit cuts the levels to the sizes that the history has shown, so that a window after a
// level shift is not forecast to return by more than any window ever did. The long level fades.
func (s *baseline) limit(limits []float64) {
	for i, most := range limits {
		if i == longLevel {
			s.levels[i] = faded(s.levels[i], most)
			continue
		}
		s.levels[i] = max(min(s.levels[i], most), -most)
	}
}

// horizon has two functions of the after-tick that do not depend on the window: how far a
// slope still carries, and how near the tick is.
type horizon struct{ carried, near []float64 }

func horizonOf(after int) horizon {
	h := horizon{make([]float64, after), make([]float64, after)}
	step, sum := 1.0, 0.0
	for j := range after {
		step *= slopeFade
		sum += step
		h.carried[j], h.near[j] = sum, math.Exp(-float64(j)/nearTicks)
	}
	return h
}

// A forecast is the median plus a weighted sum of parts: every level, for good and while
// the tick is near; the slope; and the shape of every lookback.

// prior are the weights that the regression shrinks towards: half of the recent level, and
// most of yesterday's and of a typical day's shape.
func prior(lookbacks int) []float64 {
	w := make([]float64, 2*levelsOf(lookbacks)+1+lookbacks)
	w[0] = 0.5
	if shapes := w[len(w)-lookbacks:]; lookbacks >= waysBack {
		shapes[0], shapes[1] = 0.2, 0.6
	}
	return w
}
