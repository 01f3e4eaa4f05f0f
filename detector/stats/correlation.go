package stats

import (
	"math"
	"slices"
)

// RankCorrelation is Spearman's: the correlation of the ranks of x and y, where equal values
// share the mean of their ranks. It is 0 where either does not move.
func RankCorrelation(x, y []float64) float64 {
	a, b := midRanks(x), midRanks(y)
	middle := float64(len(x)-1) / 2
	product, xx, yy := 0.0, 0.0, 0.0
	for i := range a {
		u, v := a[i]-middle, b[i]-middle
		product, xx, yy = product+u*v, xx+u*u, yy+v*v
	}
	if !(xx > 0 && yy > 0) {
		return 0
	}
	return product / math.Sqrt(xx*yy)
}

// midRanks are the ranks of x from 0 on.
func midRanks(x []float64) []float64 {
	ascending, ranks := slices.Sorted(slices.Values(x)), make([]float64, len(x))
	for i, v := range x {
		first, _ := slices.BinarySearch(ascending, v)
		after, _ := slices.BinarySearch(ascending, math.Nextafter(v, math.Inf(1)))
		ranks[i] = float64(first+after-1) / 2
	}
	return ranks
}
