package detector

import (
	"math"

	"github.com/pushback/pushback/detector/stats"
)

// smallestShare is the smallest difference of a share that the count test finds at p = 0.01
// four times out of five, when it lasts a whole horizon at the traffic of before. The test
// needs more than a standard error does, because it is valid at every tick, and the more so
// the fewer events there are. A fall uses the standard error, because a share ends at 0.
func (t *trial) smallestShare(y Tally) float64 {
	after := y.TotalBefore / float64(max(ticksWithEvents(t.before), 1)) * float64(t.plan.After)
	if t.finding.d < 0 {
		p := (y.BadBefore + 0.5) / (y.TotalBefore + 1)
		return detectableDeviates * math.Sqrt(y.Overdispersion*p*(1-p)*(1/y.TotalBefore+1/after))
	}
	return meanExceeding(fewestDetected(y, after), y.Overdispersion)/after - y.BadBefore/y.TotalBefore
}

// fewestDetected is how many bad events of so many after the change the count test
// needs to reach p = 0.01.
func fewestDetected(y Tally, after float64) float64 {
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

// meanExceeding is the mean of a count, φ times as scattered as chance, that is
// above c four times of five: λ − z·√(φλ) = c.
func meanExceeding(c, phi float64) float64 {
	root := power80Deviate * math.Sqrt(phi)
	lambda := (root + math.Sqrt(root*root+4*c)) / 2
	return lambda * lambda
}
