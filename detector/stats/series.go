package stats

import (
	"math"
	"sort"
)

// Holm adjusts p-values so that the chance of any false claim among them is
// held (Holm 1979): the i-th smallest of m times m−i, never falling, at most
// 1. The order of p is kept.
func Holm(p []float64) []float64 {
	order := make([]int, len(p))
	for i := range order {
		order[i] = i
	}
	sort.Slice(order, func(a, b int) bool { return p[order[a]] < p[order[b]] })
	adjusted := make([]float64, len(p))
	largest := 0.0
	for rank, i := range order {
		largest = max(largest, min(1, p[i]*float64(len(p)-rank)))
		adjusted[i] = largest
	}
	return adjusted
}

// HarmonicMean is the harmonic mean of p-values (Wilson 2019): a p-value, nearly, of the
// claim that not all of them are of nothing, whatever the dependence between them. It is
// at most Holm's smallest. With no p-values it is 1.
func HarmonicMean(p []float64) float64 {
	sum := 0.0
	for _, v := range p {
		sum += 1 / max(v, 1e-300)
	}
	if sum == 0 {
		return 1
	}
	return min(1, float64(len(p))/sum)
}

// UpperTail is the chance that a standard normal exceeds z.
func UpperTail(z float64) float64 { return math.Erfc(z/math.Sqrt2) / 2 }

// StudentDeviate maps a Student deviate with k degrees of freedom to the
// normal deviate of nearly the same tail (Wallace 1959).
func StudentDeviate(t float64, k int) float64 {
	n := float64(k)
	return math.Copysign((8*n+1)/(8*n+3)*math.Sqrt(n*math.Log1p(t*t/n)), t)
}
