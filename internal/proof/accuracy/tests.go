package accuracy

import (
	"math"

	"gonum.org/v1/gonum/stat"
	"gonum.org/v1/gonum/stat/distuv"

	"github.com/pushback/pushback/detector/stats"
)

// welch is the p-value of Welch's t-test of unequal variances, one-sided for a rise
// (Welch 1947). It is 1 with fewer than two values on a side.
func welch(before, after []float64) float64 {
	n0, n1 := float64(len(before)), float64(len(after))
	if n0 < 2 || n1 < 2 {
		return 1
	}
	m0, v0 := stat.MeanVariance(before, nil)
	m1, v1 := stat.MeanVariance(after, nil)
	e0, e1 := v0/n0, v1/n1
	if e0+e1 <= 0 {
		if m1 > m0 {
			return 0
		}
		return 1
	}
	freedom := (e0 + e1) * (e0 + e1) / (e0*e0/(n0-1) + e1*e1/(n1-1))
	return distuv.StudentsT{Mu: 0, Sigma: 1, Nu: freedom}.Survival((m1 - m0) / math.Sqrt(e0+e1))
}

// bestMixture is the ρ that makes a one-sided normal mixture tightest at
// intrinsic time v (Howard, Ramdas, McAuliffe, Sekhon 2021, their confseq
// library's best_rho at twice the level).
func bestMixture(v, alpha float64) float64 {
	return bestTwoSided(v, 2*alpha)
}

// bestTwoSided is the same for the two-sided mixture.
func bestTwoSided(v, alpha float64) float64 {
	spent := 2 * math.Log(1/alpha)
	return v / (spent + math.Log(1+spent))
}

// logMixture is the logarithm of the one-sided normal mixture martingale of a
// sum s at intrinsic time v. 1/α is reached with probability at most α, at any
// look, where the sum is of independent centred values of known variance.
func logMixture(s, v, rho float64) float64 {
	z := s / math.Sqrt(v+rho)
	return math.Log(4*rho/(v+rho))/2 + z*z/2 + logNormal(z)
}

// logNormal is ln Φ(z), from the tail's expansion where Φ underflows.
func logNormal(z float64) float64 {
	if z > -30 {
		return math.Log(stats.UpperTail(-z))
	}
	return -z*z/2 - math.Log(-z*math.Sqrt(2*math.Pi))
}

// confidenceSequence is the p-value, at this look, of an asymptotic confidence
// sequence for the difference of means (Waudby-Smith, Arbour, Sinha, Kennedy,
// Ramdas 2024): variances are estimated, the mixture is tightest in the middle
// of the horizon, and a running maximum over looks keeps the level.
func confidenceSequence(before, after []float64) float64 {
	n0, n1 := float64(len(before)), float64(len(after))
	if n0 < 2 || n1 < 2 {
		return 1
	}
	m0, v0 := stat.MeanVariance(before, nil)
	m1, v1 := stat.MeanVariance(after, nil)
	standard := math.Sqrt(v0/n0 + v1/n1)
	if standard <= 0 {
		return welch(before, after)
	}
	intrinsic := n0 * n1 / (n0 + n1)
	rho := bestMixture(float64(window)/4, 0.05)
	sum := (m1 - m0) / standard * math.Sqrt(intrinsic)
	return min(1, math.Exp(-logMixture(sum, intrinsic, rho)))
}
