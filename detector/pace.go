package detector

import (
	"slices"
)

// pace is how fast the fastest counter of a signal usually grows, in events a millisecond.
// It says which increases can be true.
type pace float64

// What an increase may be at most, in multiples of the pace over the time that it took, and
// the events that are always allowed, because the first errors of a service come at any rate.
const (
	jumpPace   = 4 // of a counter that goes on
	startPace  = 3 // of a counter that starts from 0
	paceEvents = 20
)

// allows reports whether a counter may have grown by so much in so many milliseconds.
func (p pace) allows(grown float64, during int64, times float64) bool {
	return grown <= times*float64(p)*float64(during)+paceEvents
}

// steadyPoints is how many increases a counter needs to say something about the pace.
const steadyPoints = 8

// paceOf is the pace of the fastest of some counters. Counters with few increases count only
// where no other has more.
func paceOf(all []pointSeries) pace {
	steady, short := 0.0, 0.0
	var buffer []float64
	for _, s := range all {
		buffer = growthRates(buffer[:0], s.points)
		if len(buffer) == 0 {
			continue
		}
		rate := usualRate(buffer, len(s.points))
		if len(buffer) >= steadyPoints {
			steady = max(steady, rate)
		} else {
			short = max(short, rate)
		}
	}
	if steady > 0 {
		return pace(steady)
	}
	return pace(short)
}

// paceLags is over how many samples an increase is looked at: a value that is wrong once is
// no increase over the samples around it.
const paceLags = 3

// growthRates appends the rates at which a counter grew, each the lowest over 1 to paceLags
// samples. The return from a drop is left out.
func growthRates(rates []float64, points []point) []float64 {
	for i := range points {
		if i > 0 && points[i].v < points[i-1].v {
			continue
		}
		lowest, found := 0.0, false
		for lag := 1; lag <= paceLags && i+lag < len(points); lag++ {
			grown, during := points[i+lag].v-points[i].v, points[i+lag].t-points[i].t
			if rate := grown / float64(during); during > 0 && grown >= 0 && (!found || rate < lowest) {
				lowest, found = rate, true
			}
		}
		if found {
			rates = append(rates, lowest)
		}
	}
	return rates
}

// usualRate is the third highest rate, so that bursts which come again are usual and one
// impossible step is not. A counter that often drops is shown by replicas that differ, where
// every other step may be wrong; its usual rate is the median.
func usualRate(rates []float64, points int) float64 {
	slices.Sort(rates)
	if drops := points - 1 - len(rates); 20*drops > points {
		return rates[len(rates)/2]
	}
	return rates[max(len(rates)-3, 0)]
}
