package stats

import (
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// TestLastMedians compares with the median of each end.
func TestLastMedians(t *testing.T) {
	value := rapid.OneOf(rapid.Float64Range(-10, 10), rapid.Map(rapid.IntRange(-2, 2), func(i int) float64 { return float64(i) }), rapid.Just(nan))
	rapid.Check(t, func(t *rapid.T) {
		x := rapid.SliceOfN(value, 0, 80).Draw(t, "x")
		counts := []int{3, 10, 30}
		var medians [3]float64
		LastMedians(medians[:], x, nil, counts...)
		for i, n := range counts {
			near(t, "median", medians[i], Median(x[max(len(x)-n, 0):], nil), 0)
		}
	})
}

// TestSelect compares with sorting, on series that are hard to part as well.
func TestSelect(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(1, 400).Draw(t, "n")
		x := make([]float64, n)
		switch rapid.SampledFrom([]string{"any", "grains", "pipes", "constant"}).Draw(t, "shape") {
		case "any":
			copy(x, rapid.SliceOfN(rapid.Float64Range(-9, 9), n, n).Draw(t, "x"))
		case "grains":
			for i, v := range rapid.SliceOfN(rapid.IntRange(0, 3), n, n).Draw(t, "x") {
				x[i] = float64(v)
			}
		case "pipes":
			for i := range x {
				x[i] = float64(min(i, n-i))
			}
		}
		sorted := slices.Sorted(slices.Values(x))
		k := rapid.IntRange(0, n-1).Draw(t, "k")
		selected := slices.Clone(x)
		Select(selected, k)
		if selected[k] != sorted[k] {
			t.Fatalf("%v at %d, want %v", selected[k], k, sorted[k])
		}
		slices.Sort(selected)
		if !slices.Equal(selected, sorted) {
			t.Fatal("values were lost")
		}
		q := rapid.Float64Range(0, 1).Draw(t, "q")
		near(t, "quantile", QuantileInPlace(slices.Clone(x), q), Quantile(sorted, q), 0)
		near(t, "median", Median(x, nil), Quantile(sorted, 0.5), 1e-15)
	})
}

// TestSelectLosesPatience: a series built against the choice of the pivot is
// sorted in the end.
func TestSelectLosesPatience(t *testing.T) {
	const n = 1 << 14
	x := make([]float64, n)
	for i := range n / 2 { // the median-of-three killer (Musser 1997)
		if i%2 == 0 {
			x[i] = float64(i + 1)
		} else {
			x[i] = float64(n/2 + i)
		}
		x[n/2+i] = float64(2 * (i + 1))
	}
	sorted := slices.Sorted(slices.Values(x))
	Select(x, n-2)
	near(t, "the last but one", x[n-2], sorted[n-2], 0)
}
