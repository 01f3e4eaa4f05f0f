package detector

import (
	"math"

	"github.com/pushback/pushback/detector/stats"
)

// The levels that a before window shows, each as far as it lies from the
// median: that of its last ticks, of the very last three, and the last tick.
// Each lookback adds two: how far its last ticks lay from its median, and how
// far that median lies from the window's.
const (
	localLevels   = 3
	levelsBack    = 2
	mostLookbacks = 2 * waysBack // of a day and of a week
	mostLevels    = localLevels + levelsBack*mostLookbacks
	mostParts     = 2*mostLevels + 1 + mostLookbacks
	recentTicks   = 10
	lastTicks     = 3
)

// How a forecast fades: what is left of a slope from tick to tick, and after how
// many ticks e⁻¹ is left of what is only believed nearby.
const (
	slopeFade = 0.93
	nearTicks = 5.0
)

// stance is one before window as the forecaster sees it.
type stance struct {
	median, slope, middle float64
	levels                [mostLevels]float64
	back                  []lookback
}

// stanceOf looks at a before window. What is missing lies at the median.
func stanceOf(b []float64, back []lookback, scratch []float64) stance {
	var medians [3]float64
	stats.LastMedians(medians[:], b, scratch, lastTicks, recentTicks, len(b))
	s := stance{median: medians[2], slope: stats.Slope(b), middle: float64(len(b)-1) / 2, back: back}
	s.levels[0] = apart(medians[1], s.median)
	s.levels[1] = apart(medians[0], s.median)
	s.levels[2] = apart(b[len(b)-1], s.median)
	for i, l := range back {
		s.levels[localLevels+levelsBack*i] = apart(l.recent, l.base)
		s.levels[localLevels+levelsBack*i+1] = apart(l.base, s.median)
	}
	return s
}

// apart is how far v lies from a base; a missing one does not.
func apart(v, base float64) float64 {
	if math.IsNaN(v) || math.IsNaN(base) {
		return 0
	}
	return v - base
}

// levelsOf is how many levels a stance with so many lookbacks has.
func levelsOf(lookbacks int) int { return localLevels + levelsBack*lookbacks }

// limit cuts the levels to the sizes that the history has shown, so that no
// window stranger than any before it is forecast to come back by more than any
// before it did.
func (s *stance) limit(limits []float64) {
	for i, most := range limits {
		s.levels[i] = max(min(s.levels[i], most), -most)
	}
}

// horizon is what a forecaster knows of the after-ticks beforehand: how far a
// slope still carries, and how near they are.
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

// A forecast is the median and so much of each part: every level for good, every
// level while it is near, level by level; the slope as far as it carries; and the
// shape of every lookback.

// prior is what is believed before any window was seen: half of the recent
// level, and most of yesterday's and a typical day's shape.
func prior(lookbacks int) []float64 {
	w := make([]float64, 2*levelsOf(lookbacks)+1+lookbacks)
	w[0] = 0.5
	if shapes := w[len(w)-lookbacks:]; lookbacks >= waysBack {
		shapes[0], shapes[1] = 0.2, 0.6
	}
	return w
}
