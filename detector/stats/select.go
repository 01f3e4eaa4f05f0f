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
	for patience := 4 * bits.Len(uint(len(x))); len(x) > shortSort; patience-- {
		if patience == 0 {
			sort.Float64s(x)
			return
		}
		middle := pivot(x)
		below := part(x, middle)
		if k < below {
			x = x[:below]
			continue
		}
		x, k = x[below:], k-below
		same := partSame(x, middle)
		if k < same {
			return
		}
		x, k = x[same:], k-same
	}
	insertionSort(x)
}

// pivot is one of x's values that is likely near the middle: the median of three,
// or of three such medians (Tukey's ninther, 1978).
func pivot(x []float64) float64 {
	last, mid := len(x)-1, len(x)/2
	if len(x) < ninther {
		return middleOf(x[0], x[mid], x[last])
	}
	step := len(x) / 8
	return middleOf(
		middleOf(x[0], x[step], x[2*step]),
		middleOf(x[mid-step], x[mid], x[mid+step]),
		middleOf(x[last-2*step], x[last-step], x[last]))
}

// ninther is the length from which nine values are looked at for a pivot.
const ninther = 40

func middleOf(a, b, c float64) float64 { return max(min(a, b), min(max(a, b), c)) }

// middleOfFive leaves out the smaller of the smallest of two pairs, and the larger of the largest:
// the middle of the other three is that of all.
func middleOfFive(a, b, c, d, e float64) float64 {
	return middleOf(max(min(a, b), min(c, d)), min(max(a, b), max(c, d)), e)
}

// part moves the values below the pivot to the front, and returns how many there are
// (Lomuto's partition). It does not branch on a comparison: of values in any order, a
// processor guesses every second branch wrong, and that cost three times as much.
func part(x []float64, pivot float64) (n int) {
	for i, v := range x {
		x[i] = x[n]
		x[n] = v
		n += one(v < pivot)
	}
	return n
}

// partSame is part for values that are at least the pivot: those equal to it come first.
func partSame(x []float64, pivot float64) (n int) {
	for i, v := range x {
		x[i] = x[n]
		x[n] = v
		n += one(v <= pivot)
	}
	return n
}

// one is 1 for true. The compiler makes no branch of it.
func one(holds bool) int {
	if holds {
		return 1
	}
	return 0
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
