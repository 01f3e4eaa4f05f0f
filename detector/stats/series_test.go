package stats

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

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

// TestHarmonicMeanOfDependentPValues: whatever the normal variables behind them have in
// common, at most 1.25 times as many means as 1 % are at most 1 %, but for a few.
func TestHarmonicMeanOfDependentPValues(t *testing.T) {
	near(t, "equal", HarmonicMean([]float64{0.01, 0.01, 0.01}), 0.01, 1e-12)
	near(t, "one of two", HarmonicMean([]float64{0.01, 1}), 2/101.0, 1e-12)
	near(t, "none", HarmonicMean(nil), 1, 0)
	if p := HarmonicMean([]float64{0, 1}); p > 1e-299 {
		t.Errorf("of a zero: %v", p)
	}
	r := rand.New(rand.NewPCG(5, 6))
	for _, n := range []int{2, 5, 20} {
		for _, common := range []float64{0, 0.5, 0.9, 1} {
			const draws = 40_000
			hits, p := 0, make([]float64, n)
			for range draws {
				shared := r.NormFloat64()
				for i := range p {
					p[i] = UpperTail(math.Sqrt(common)*shared + math.Sqrt(1-common)*r.NormFloat64())
				}
				if HarmonicMean(p) <= 0.01/1.25 {
					hits++
				}
				if holm := Holm(p); HarmonicMean(p) > slices.Min(holm)+1e-12 {
					t.Fatalf("%v is more than Holm's %v", HarmonicMean(p), slices.Min(holm))
				}
			}
			if share := float64(hits) / draws; share > 0.0112 {
				t.Errorf("%d p-values with %v in common: %.2f %%", n, common, 100*share)
			}
		}
	}
}
