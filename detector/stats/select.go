package stats

import (
	"math"
	"math/bits"
	"sort"
)

// Select reorders x, which holds no NaN, so that x[k] is what sorting would put
// there, nothing before it is larger and nothing behind it smaller (Hoare
// 1961). It costs as much as a few passes; a series that defeats it is sorted.
func Select(x []float64, k int) {
	low, high := 0, len(x)-1
	for patience := 4 * bits.Len(uint(len(x))); high-low >= shortSort; patience-- {
		if patience == 0 {
			sort.Float64s(x[low : high+1])
			return
		}
		i, j := partition(x, low, high)
		switch {
		case k <= j:
			high = j
		case k >= i:
			low = i
		default:
			return
		}
	}
	if high >= low {
		insertionSort(x[low : high+1])
	}
}

// partition parts x[low:high+1] around the middle one of three of its values:
// none up to j is larger, none from i on smaller.
func partition(x []float64, low, high int) (i, j int) {
	a, b, c := x[low], x[int(uint(low+high)>>1)], x[high]
	pivot := max(min(a, b), min(max(a, b), c))
	i, j = low, high
	for i <= j {
		for x[i] < pivot {
			i++
		}
		for x[j] > pivot {
			j--
		}
		if i <= j {
			x[i], x[j] = x[j], x[i]
			i++
			j--
		}
	}
	return i, j
}

// QuantileInPlace is Quantile of values in any order, which may be lost. They
// hold no NaN.
func QuantileInPlace(x []float64, q float64) float64 {
	n := len(x)
	if n == 0 {
		return math.NaN()
	}
	at := q * float64(n-1)
	low := min(max(int(math.Floor(at)), 0), n-1)
	Select(x, low)
	share := at - float64(low)
	if share <= 0 || low == n-1 {
		return x[low]
	}
	next := x[low+1]
	for _, v := range x[low+2:] {
		next = min(next, v)
	}
	if next == x[low] {
		return next
	}
	return x[low]*(1-share) + next*share
}
