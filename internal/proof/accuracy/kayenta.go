package accuracy

import (
	"math"
	"math/rand/v2"
	"slices"

	"gonum.org/v1/gonum/stat"
	"gonum.org/v1/gonum/stat/distuv"
)

// label is the result of Kayenta's judge for a metric.
type label string

// The labels of a metric.
const (
	pass   label = "Pass"
	high   label = "High"
	low    label = "Low"
	noData label = "Nodata"
)

// direction is the direction in which a metric may fail.
type direction string

// The directions.
const (
	increase direction = "Increase"
	decrease direction = "Decrease"
	either   direction = "Either"
)

// kayenta is the metric classifier of spinnaker/kayenta's NetflixACAJudge: the
// confidence interval of the Mann-Whitney shift must clear a tolerance times
// the Hodges-Lehmann estimate. Effect sizes are the ratio of means, or the
// common language effect size.
type kayenta struct {
	tolerance  float64
	confidence float64
	direction  direction
	effect     [2]float64 // at most for low, at least for high
	critical   [2]float64 // the same, for a critical metric
	isCritical bool
	cles       bool // effect sizes are P(experiment > control)
	replaceNaN bool // no data counts as no change
}

// kayentaDefaults are the judge's defaults: confidence .98, tolerance .25, and no limit
// on the effect size.
var kayentaDefaults = kayenta{tolerance: 0.25, confidence: 0.98, direction: increase, effect: [2]float64{1, 1}, critical: [2]float64{1, 1}}

// shift is the Mann-Whitney interval and estimate of experiment over control.
type shift struct{ low, high, estimate float64 }

// compare labels a metric by its shift and its effect size.
func (k kayenta) compare(s shift, control, experiment []float64) (label, bool) {
	bound, size := k.tolerance*math.Abs(s.estimate), k.effectSize(control, experiment)
	switch {
	case k.direction != decrease && s.low > bound && size[1] >= k.effect[1]:
		return high, k.isCritical && size[1] >= k.critical[1]
	case k.direction != increase && s.high < -bound && size[0] <= k.effect[0]:
		return low, k.isCritical && size[0] <= k.critical[0]
	}
	return pass, false
}

// effectSize is compared with the lower and the upper threshold. For a mean of zero
// there is no ratio, and only the interval decides.
func (k kayenta) effectSize(control, experiment []float64) [2]float64 {
	if k.cles {
		e := commonLanguage(experiment, control)
		return [2]float64{e, e}
	}
	c, e := stat.Mean(control, nil), stat.Mean(experiment, nil)
	if c == 0 || e == 0 {
		return [2]float64{math.Inf(-1), math.Inf(+1)}
	}
	return [2]float64{e / c, e / c}
}

// commonLanguage is the probability that a value of x exceeds one of y; ties count half.
func commonLanguage(x, y []float64) float64 {
	wins := 0.0
	for _, a := range x {
		for _, b := range y {
			if a > b {
				wins++
			} else if a == b {
				wins += 0.5
			}
		}
	}
	return wins / float64(len(x)*len(y))
}

func equalSamples(a, b []float64) bool {
	return slices.Equal(slices.Sorted(slices.Values(a)), slices.Sorted(slices.Values(b)))
}

func constant(x []float64) bool { return slices.Min(x) == slices.Max(x) }

// addNoise adds relative noise of 1e-5 if both sides are constant, because ranks that are
// all tied have no interval. The noise is the same at every call, so that results are
// reproducible.
func addNoise(x, y []float64) (noisyX, noisyY []float64) {
	if !constant(x) || !constant(y) {
		return x, y
	}
	r := rand.New(rand.NewPCG(1, 1))
	noisy := func(v []float64) []float64 {
		n := slices.Clone(v)
		for i := range n {
			n[i] += 1e-5 * v[0] * r.NormFloat64()
		}
		return n
	}
	return noisy(x), noisy(y)
}

// shiftOf is the asymptotic interval of R's wilcox.test(conf.int = TRUE),
// which Kayenta follows step by step: its estimate is the root of the
// corrected rank statistic, not the median of differences.
func shiftOf(x, y []float64, confidence float64) shift {
	r := rank(x, y)
	least, most := r.x[0]-r.y[len(y)-1], r.x[len(x)-1]-r.y[0]
	at := func(quantile float64) func(mu float64) float64 {
		return func(mu float64) float64 { return r.difference(mu, quantile) }
	}
	bound := func(quantile float64) float64 {
		f := at(quantile)
		lower, upper := f(least), f(most)
		switch {
		case lower <= 0:
			return least
		case upper >= 0:
			return most
		}
		return findRoot(f, least, most, lower, upper)
	}
	z := distuv.UnitNormal.Quantile((1 - confidence) / 2)
	middle := at(0)
	return shift{low: bound(-z), high: bound(z), estimate: findRoot(middle, least, most, middle(least), middle(most))}
}

// rootTolerance is the absolute accuracy of R's uniroot when wilcox.test calls it, in
// units of the metric.
const rootTolerance = 1e-4

// findRoot finds a root by Brent's method with the steps of R's uniroot, because its
// coarse tolerance affects the results.
func findRoot(f func(float64) float64, a, b, fa, fb float64) float64 {
	const epsilon = 0x1p-52
	c, fc := a, fa
	for range 1000 {
		previous := b - a
		if math.Abs(fc) < math.Abs(fb) {
			a, b, c, fa, fb, fc = b, c, b, fb, fc, fb
		}
		tolerance := 2*epsilon*math.Abs(b) + rootTolerance/2
		step := (c - b) / 2
		if math.Abs(step) <= tolerance || fb == 0 {
			return b
		}
		if math.Abs(previous) >= tolerance && math.Abs(fa) > math.Abs(fb) {
			if p, q := interpolate(a, b, c, fa, fb, fc); p < 0.75*(c-b)*q-math.Abs(tolerance*q)/2 && p < math.Abs(previous*q/2) {
				step = p / q
			}
		}
		if math.Abs(step) < tolerance {
			step = math.Copysign(tolerance, step)
		}
		a, fa = b, fb
		b += step
		fb = f(b)
		if fb > 0 && fc > 0 || fb < 0 && fc < 0 {
			c, fc = a, fa
		}
	}
	return b
}

// interpolate is the step p/q of Brent's method from b: linear with two known points,
// inverse quadratic with three.
func interpolate(a, b, c, fa, fb, fc float64) (p, q float64) {
	if a == c {
		t := fb / fa
		p, q = (c-b)*t, 1-t
	} else {
		q = fa / fc
		t1, t2 := fb/fc, fb/fa
		p = t2 * ((c-b)*q*(q-t1) - (b-a)*(t1-1))
		q = (q - 1) * (t1 - 1) * (t2 - 1)
	}
	if p > 0 {
		return p, -q
	}
	return -p, q
}

// kayentaScore is the normal deviate at which the interval would just exceed the
// tolerance: 2.326 is the judge's .98 two-sided. At this threshold the judge's own
// label decides, because its roots are accurate only to 1e-4.
func kayentaScore(before, after []float64) float64 {
	control, experiment := dropOutliers(before), dropOutliers(after)
	if equalSamples(control, experiment) || constant(append(slices.Clone(control), experiment...)) {
		return 0
	}
	experiment, control = addNoise(experiment, control)
	s := shiftOf(experiment, control, kayentaDefaults.confidence)
	deviate := max(rank(experiment, control).difference(kayentaDefaults.tolerance*math.Abs(s.estimate), 0), 0)
	if got, _ := kayentaDefaults.compare(s, control, experiment); got == high {
		return max(deviate, kayentaThreshold)
	}
	return min(deviate, math.Nextafter(kayentaThreshold, 0))
}

// kayentaThreshold is the deviate of the judge's confidence.
var kayentaThreshold = -distuv.UnitNormal.Quantile((1 - kayentaDefaults.confidence) / 2)

// dropOutliers drops outliers as the judge does before it compares: beyond three
// interquartile ranges of the quartiles, and beyond the 1 and 99 % quantiles. With
// fewer than 99 values, these quantiles are the extremes, and nothing is dropped.
func dropOutliers(x []float64) []float64 {
	sorted := slices.Sorted(slices.Values(x))
	q1, q3 := percentile(sorted, 0.25), percentile(sorted, 0.75)
	least := min(percentile(sorted, 0.01), q1-3*(q3-q1))
	most := max(percentile(sorted, 0.99), q3+3*(q3-q1))
	return slices.DeleteFunc(slices.Clone(x), func(v float64) bool { return v < least || v > most })
}

// percentile is the quantile of ascending values as commons-math estimates it, which the
// judge uses: at position q·(n+1), R's type 6.
func percentile(ascending []float64, q float64) float64 {
	n := len(ascending)
	at := q * float64(n+1)
	low := int(at)
	switch {
	case low < 1:
		return ascending[0]
	case low >= n:
		return ascending[n-1]
	}
	return ascending[low-1] + (at-float64(low))*(ascending[low]-ascending[low-1])
}
