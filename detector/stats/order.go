package stats

import (
	"math"
	"slices"
)

// NormalMAD scales a median absolute deviation to the standard deviation of
// a normal distribution: 1/Φ⁻¹(3/4).
const NormalMAD = 1.4826

// Quantile is the type-7 quantile (linear at position q·(n−1), as R and numpy
// have it by default) of ascending values. NaN for no values.
func Quantile(ascending []float64, q float64) float64 {
	n := len(ascending)
	if n == 0 {
		return math.NaN()
	}
	at := q * float64(n-1)
	low := min(max(int(math.Floor(at)), 0), n-1)
	high := min(low+1, n-1)
	share := at - float64(low)
	if share <= 0 || ascending[low] == ascending[high] {
		return ascending[low]
	}
	return ascending[low]*(1-share) + ascending[high]*share
}

// Finite appends the finite values of x to dst.
func Finite(dst, x []float64) []float64 {
	for _, v := range x {
		if !math.IsNaN(v) && !math.IsInf(v, 0) {
			dst = append(dst, v)
		}
	}
	return dst
}

// Median is the middle of the finite values of x, the mean of the middle two
// where their number is even; NaN where there are none. It works in scratch,
// which may be nil, and leaves x alone.
func Median(x, scratch []float64) float64 {
	scratch = Finite(slices.Grow(scratch[:0], len(x)), x)
	return MedianInPlace(scratch)
}

// sink puts the last value where it belongs among the others, which ascend.
func sink(x []float64) {
	j := len(x) - 1
	v := x[j]
	for ; j > 0 && x[j-1] > v; j-- {
		x[j] = x[j-1]
	}
	x[j] = v
}

// MAD is the median absolute deviation from the median, over finite values.
func MAD(x, scratch []float64) float64 {
	scratch = Finite(slices.Grow(scratch[:0], len(x)), x)
	centre := MedianInPlace(scratch)
	for i, v := range scratch {
		scratch[i] = math.Abs(v - centre)
	}
	return MedianInPlace(scratch)
}

// shortSort is the length up to which insertion beats selection.
const shortSort = 6

// MedianInPlace is Median of finite values whose order may be lost.
func MedianInPlace(x []float64) float64 {
	n := len(x)
	switch n {
	case 0:
		return math.NaN()
	case 3:
		return middleOf(x[0], x[1], x[2])
	case 5:
		return middleOfFive(x[0], x[1], x[2], x[3], x[4])
	}
	Select(x, n/2)
	if n%2 == 1 {
		return x[n/2]
	}
	below := x[0]
	for _, v := range x[1 : n/2] {
		below = max(below, v)
	}
	return below/2 + x[n/2]/2
}

func insertionSort(x []float64) {
	for i := 2; i <= len(x); i++ {
		sink(x[:i])
	}
}

// Mean is the arithmetic mean of the finite values of x; NaN for none.
func Mean(x []float64) float64 {
	sum, n := 0.0, 0
	for _, v := range x {
		if !math.IsNaN(v) && !math.IsInf(v, 0) {
			sum += v
			n++
		}
	}
	return sum / float64(n)
}

// Smooth5 is the centred mean of five, the edge values repeated. A missing
// neighbour is left out of the mean; five missing in a row give NaN.
func Smooth5(x []float64) []float64 {
	smooth := make([]float64, len(x))
	for i := range x {
		if i >= 2 && i+2 < len(x) {
			sum := x[i-2] + x[i-1] + x[i] + x[i+1] + x[i+2]
			if sum-sum == 0 { // finite: nothing is missing
				smooth[i] = sum / 5
				continue
			}
		}
		var five [5]float64
		for k := range five {
			five[k] = x[min(max(i+k-2, 0), len(x)-1)]
		}
		smooth[i] = Mean(five[:])
	}
	return smooth
}

// Slope is the least-squares slope of x against its index, over finite
// values; 0 for fewer than two.
func Slope(x []float64) float64 {
	var n, si, sx float64
	for i, v := range x {
		if !math.IsNaN(v) {
			n, si, sx = n+1, si+float64(i), sx+v
		}
	}
	if n < 2 {
		return 0
	}
	mi, mx := si/n, sx/n
	var cross, square float64
	for i, v := range x {
		if !math.IsNaN(v) {
			di := float64(i) - mi
			cross += di * (v - mx)
			square += di * di
		}
	}
	return cross / square
}
