package detector

import (
	"cmp"
	"math"
	"slices"
)

// pace is how fast the fastest counter of a signal usually grows, in events a millisecond.
// It says which increases can be true.
type pace float64

// What an increase may be at most, in multiples of the pace over the time that it took, and
// the events that are always allowed, because the first errors of a service come at any rate.
const (
	jumpPace   = 4 // of a counter that goes on
	usualPace  = 1.5
	startPace  = 3 // of a counter that starts from 0
	paceEvents = 20
	sumPace    = 20 // of the sum of a histogram, whose events may be that much slower
)

// bounds say which increases of a counter can be true.
type bounds struct{ pace, jump, start, always float64 }

// boundsOf are the bounds of a counter of events.
func boundsOf(p pace) bounds { return bounds{float64(p), jumpPace, startPace, paceEvents} }

// sumBounds are those of the sums beside counts of such bounds.
func sumBounds(sums, counts pace) bounds {
	b := bounds{pace: float64(sums), jump: sumPace, start: sumPace}
	if counts > 0 {
		b.always = paceEvents * float64(sums/counts)
	}
	return b
}

// jumps reports whether a counter may have grown by so much in so many milliseconds. A counter
// that usually stands still, as a job's does between its runs, has no pace that could be
// exceeded.
func (b bounds) jumps(grown float64, during int64) bool {
	return b.pace <= 0 || grown <= b.jump*b.pace*float64(during)+b.always
}

// starts reports whether a counter may have come to a value from 0.
func (b bounds) starts(v float64, during int64) bool {
	return v <= b.start*b.pace*float64(during)+b.always
}

// usual reports whether a value can be reached from 0 at about the usual pace.
func (b bounds) usual(v float64, during int64) bool {
	return v <= usualPace*b.pace*float64(during)+b.always
}

// steadyPoints is how many increases a counter needs to say something about the pace.
const steadyPoints = 8

// paceOf is the pace of the fastest of some counters. Counters with few increases count only
// where no other has more.
func paceOf(all []pointSeries, of func(pointSeries) []point) pace {
	steady, short := 0.0, 0.0
	var buffer []float64
	for _, s := range all {
		points := of(s)
		if cap(buffer) < len(points) {
			buffer = make([]float64, 0, len(points))
		}
		rate, n := usualRate(buffer, points)
		if n >= steadyPoints {
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

func ownPoints(s pointSeries) []point { return s.points }

func besidePoints(s pointSeries) []point { return s.beside }

// paceLags is over how many samples an increase is looked at: a value that is wrong once is
// no increase over the samples around it.
const paceLags = 3

// farDrop is by how many usual increases a counter drops at least where the store shows a replica that began later, and
// not one that lags.
const farDrop = 20

// usualRate is the third highest rate, so that bursts which come again are usual and one
// impossible step is not. A counter that often drops is shown by replicas that differ, where
// every other step may be wrong; its usual rate is the median. rates is room for them.
func usualRate(rates []float64, points []point) (rate float64, n int) {
	drops := 0
	for i := 1; i < len(points); i++ {
		if points[i].v < points[i-1].v {
			drops++
		}
	}
	if 20*drops > len(points) && len(points) > steadyPoints {
		rates = growthRates(rates, points, paceLags, returnFrom(rates, points))
		return quantileOf(rates, len(rates)/2)
	}
	rates = growthRates(rates, points, 1, math.Inf(+1))
	return quantileOf(rates, len(rates)-3)
}

// returnFrom is the least growth that is a step from one replica to another, which began earlier: half of the usual
// drop, which is such a step back. It is +Inf if drops are no larger than those of replicas that lag. buffer is room
// for the drops.
func returnFrom(buffer []float64, points []point) float64 {
	for i := 1; i < len(points); i++ {
		if drop := points[i-1].v - points[i].v; drop > 0 {
			buffer = append(buffer, drop)
		}
	}
	drop, n := quantileOf(buffer, len(buffer)/2)
	if grown := lowest(points[len(points)-n:]) - lowest(points[:n]); drop > farDrop*grown/float64(len(points)) {
		return drop / 2
	}
	return math.Inf(+1)
}

// lowest is the lowest value of some points.
func lowest(points []point) float64 {
	return slices.MinFunc(points, func(a, b point) int { return cmp.Compare(a.v, b.v) }).v
}

// quantileOf is the i-th lowest rate, or the lowest where there are fewer.
func quantileOf(rates []float64, i int) (rate float64, n int) {
	if len(rates) == 0 {
		return 0, 0
	}
	slices.Sort(rates)
	return rates[max(i, 0)], len(rates)
}

// growthRates appends the rates at which a counter grew, each the lowest over some numbers of
// samples up to paceLags. The return from a drop is left out, and growth from returned on.
func growthRates(rates []float64, points []point, from int, returned float64) []float64 {
	for i := range points {
		if i > 0 && points[i].v < points[i-1].v {
			continue
		}
		lowest, found := 0.0, false
		for lag := from; lag <= paceLags && i+lag < len(points); lag++ {
			grown, during := points[i+lag].v-points[i].v, points[i+lag].t-points[i].t
			if rate := grown / float64(during); during > 0 && grown >= 0 && grown < returned && (!found || rate < lowest) {
				lowest, found = rate, true
			}
		}
		if found {
			rates = append(rates, lowest)
		}
	}
	return rates
}
