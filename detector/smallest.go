package detector

import (
	"math"

	"github.com/pushback/pushback/detector/stats"
)

// smallestShare is the smallest difference of a share that the count test finds
// at p = 0.01 four times of five, when it lasts a whole horizon of the traffic
// before. The test asks more than a standard error does, because it may be
// looked at every tick, and most where events are few. A fall of a share keeps
// to the standard error: it ends at 0, wherever the test would have it.
func (t *trial) smallestShare(y Tally) float64 {
	after := y.TotalBefore / float64(max(ticksWithEvents(t.before), 1)) * float64(t.plan.After)
	if t.finding.d < 0 {
		p := (y.BadBefore + 0.5) / (y.TotalBefore + 1)
		return deviates99 * math.Sqrt(y.Overdispersion*p*(1-p)*(1/y.TotalBefore+1/after))
	}
	return exceeded(fewestFound(y, after), y.Overdispersion)/after - y.BadBefore/y.TotalBefore
}

// fewestFound is how many bad events of so many after the change the count test
// needs to reach p = 0.01.
func fewestFound(y Tally, after float64) float64 {
	phi, wanted := y.Overdispersion, -math.Log(DefaultThresholds.Likely)
	low, high := y.BadBefore/y.TotalBefore*after, after
	for range 40 {
		c := (low + high) / 2
		if stats.LogE(y.BadBefore/phi, y.TotalBefore, c/phi, after, mixture) < wanted {
			low = c
		} else {
			high = c
		}
	}
	return high
}

// exceeded is the mean of a count, φ times as scattered as chance, that is
// above c four times of five: λ − z·√(φλ) = c.
func exceeded(c, phi float64) float64 {
	root := foundFourOfFive * math.Sqrt(phi)
	lambda := (root + math.Sqrt(root*root+4*c)) / 2
	return lambda * lambda
}
