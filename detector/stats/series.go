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

// UpperTail is the chance that a standard normal exceeds z.
func UpperTail(z float64) float64 { return math.Erfc(z/math.Sqrt2) / 2 }

// StudentDeviate maps a Student deviate with k degrees of freedom to the
// normal deviate of nearly the same tail (Wallace 1959).
func StudentDeviate(t float64, k int) float64 {
	n := float64(k)
	return math.Copysign((8*n+1)/(8*n+3)*math.Sqrt(n*math.Log1p(t*t/n)), t)
}
