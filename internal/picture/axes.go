package picture

import (
	"math"
	"time"

	"github.com/pushback/pushback/dashboards/web"
)

// interval is a range of numbers that is shown.
type interval struct{ low, high float64 }

// over places v on a line from a to b.
func (i interval) over(v, a, b float64) float64 { return a + (v-i.low)/(i.high-i.low)*(b-a) }

// drawable says whether a value can be placed: one that is huge is no measurement, and would leave nothing else to
// see.
func drawable(v float64) bool { return math.Abs(v) < 1e100 } // false for NaN

// rangeOf keeps every line in sight, zero included where values are never below it: half a percent should not look
// like a mountain. It is that of assets/plot.js, but that a band is cut at zero where no value is below it: there are
// no negative shares of errors.
func rangeOf(p plotted) interval {
	low, high := 0.0, 0.0
	see := func(values ...float64) {
		for _, v := range values {
			if drawable(v) {
				low, high = min(low, v), max(high, v)
			}
		}
	}
	see(p.plot.Before...)
	see(p.plot.After...)
	if p.hasAfter() {
		see(float64(p.plot.Forecast))
		bands := []web.Value{p.plot.Low, p.plot.High, p.plot.Least, p.plot.Most}
		for _, v := range bands {
			if v > 0 || low < 0 {
				see(float64(v))
			}
		}
	}
	if l := p.plot.Limit; l != nil && *l <= 2*high {
		see(*l)
	}
	size := high - low
	if size == 0 {
		size = 1
	}
	i := interval{0, high + 0.08*size}
	if low < 0 {
		i.low = low - 0.08*size
	}
	return i
}

// levels are round numbers in an interval, about so many.
func (i interval) levels(about int) (all []float64) {
	step := roundStep((i.high - i.low) / float64(about))
	for n := math.Ceil(i.low / step); n*step <= i.high; n++ {
		all = append(all, n*step)
	}
	return all
}

// roundStep is the smallest of 1, 2 and 5 times a power of ten that is at least so large.
func roundStep(least float64) float64 {
	power := math.Pow(10, math.Floor(math.Log10(least)))
	for _, times := range []float64{1, 2, 5} {
		if times*power >= least {
			return times * power
		}
	}
	return 10 * power
}

// steps are the distances between the times under a plot.
var steps = []time.Duration{
	time.Second, 2 * time.Second, 5 * time.Second, 10 * time.Second, 30 * time.Second,
	time.Minute, 2 * time.Minute, 5 * time.Minute, 10 * time.Minute, 15 * time.Minute, 30 * time.Minute,
	time.Hour, 2 * time.Hour, 3 * time.Hour, 6 * time.Hour, 12 * time.Hour, 24 * time.Hour, 2 * 24 * time.Hour, 7 * 24 * time.Hour,
}

// maxMoments bounds the times under a plot, also where somebody's clock was far off.
const maxMoments = 40

// moments are round times in an interval of Unix seconds, at most so many, with how they are written.
func (i interval) moments(most int) (at []float64, layout string) {
	most = min(max(most, 1), maxMoments)
	step := steps[len(steps)-1]
	for _, s := range steps {
		if (i.high-i.low)/s.Seconds() <= float64(most) {
			step = s
			break
		}
	}
	for (i.high-i.low)/step.Seconds() > float64(most) {
		step *= 2
	}
	for n := math.Ceil(i.low / step.Seconds()); n*step.Seconds() <= i.high; n++ {
		at = append(at, n*step.Seconds())
	}
	switch {
	case step < time.Minute:
		return at, time.TimeOnly
	case step < 24*time.Hour:
		return at, "15:04"
	}
	return at, "Jan 2"
}

// clock writes Unix seconds, UTC as everywhere.
func clock(seconds float64, layout string) string {
	return time.Unix(0, int64(seconds*1e9)).UTC().Format(layout)
}
