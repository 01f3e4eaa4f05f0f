package stats

import "math"

// LogE is the logarithm of a one-parameter mixture E-value for two rates: c0
// bad events of n0 before, c1 of n1 after. Under equal rates the c1 are a
// binomial share θ0 = n1/(n0+n1) of all c0+c1, whatever the common rate;
// the alternative is mixed over Beta(κθ0, κ(1−θ0)), so that the expectation
// of E under equal rates is at most 1 at any look, and 1/max E is a p-value
// however often one looks (Ville's inequality; Robbins 1970).
//
// Counts may be fractions, because overdispersion divides them. The result is
// 0, no evidence either way, where one side has no events at all.
func LogE(c0, n0, c1, n1, kappa float64) float64 {
	if n0 <= 0 || n1 <= 0 {
		return 0
	}
	theta := n1 / (n0 + n1)
	a1, a0 := kappa*theta, kappa*(1-theta)
	return logBeta(a1+c1, a0+c0) - logBeta(a1, a0) - c1*math.Log(theta) - c0*math.Log1p(-theta)
}

func logBeta(a, b float64) float64 {
	la, _ := math.Lgamma(a)
	lb, _ := math.Lgamma(b)
	lab, _ := math.Lgamma(a + b)
	return la + lb - lab
}

// Dispersion is Pearson's χ² of bad of total against their pooled share, and
// its degrees of freedom. Ticks without events are left out; where nothing,
// or everything, is bad there is nothing to disperse and both are 0.
func Dispersion(bad, total []float64) (chi2 float64, freedom int) {
	var c, n float64
	ticks := 0
	for i, t := range total {
		if t > 0 && bad[i] >= 0 {
			c, n, ticks = c+bad[i], n+t, ticks+1
		}
	}
	p := c / n
	if ticks < 2 || p <= 0 || p >= 1 {
		return 0, 0
	}
	for i, t := range total {
		if t > 0 && bad[i] >= 0 {
			d := bad[i] - t*p
			chi2 += d * d / (t * p * (1 - p))
		}
	}
	return chi2, ticks - 1
}

// ChiSquareQuantile is the value a χ² variable with k degrees of freedom
// stays under with the probability of normal deviate z (Wilson and Hilferty,
// 1931): good to a percent from k = 3.
func ChiSquareQuantile(k int, z float64) float64 {
	a := 2 / (9 * float64(k))
	root := max(1-a+z*math.Sqrt(a), 0)
	return float64(k) * root * root * root
}

// Normal95 is the two-sided 95 % normal deviate.
const Normal95 = 1.959964

// Newcombe is the 95 % interval of the difference of two shares, after minus
// before, from two Wilson score intervals (Newcombe 1998, method 10). Unlike
// the textbook interval it holds with zero events on one side.
func Newcombe(c0, n0, c1, n1 float64) (low, high float64) {
	p0, p1 := c0/n0, c1/n1
	l0, u0 := Wilson(p0, n0)
	l1, u1 := Wilson(p1, n1)
	low = p1 - p0 - math.Hypot(p1-l1, u0-p0)
	high = p1 - p0 + math.Hypot(u1-p1, p0-l0)
	return low, high
}

// Wilson is the 95 % interval of a share p seen in n trials (Wilson 1927). It
// says something of zero in n too, where the textbook interval says nothing.
func Wilson(p, n float64) (low, high float64) {
	z2 := Normal95 * Normal95
	centre := (p + z2/(2*n)) / (1 + z2/n)
	half := Normal95 / (1 + z2/n) * math.Sqrt(p*(1-p)/n+z2/(4*n*n))
	return centre - half, centre + half
}
