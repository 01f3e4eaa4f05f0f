package stats

import (
	"math/rand/v2"
	"slices"
	"testing"
)

// TestMedianOfFew compares the medians of few values, for which there is a shorter way, with
// what sorting says.
func TestMedianOfFew(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 1))
	for range 20_000 {
		x := make([]float64, 1+r.IntN(8))
		for i := range x {
			x[i] = float64(r.IntN(6)) // equal ones are frequent
		}
		sorted, n := slices.Sorted(slices.Values(x)), len(x)
		want := sorted[n/2]
		if n%2 == 0 {
			want = sorted[n/2-1]/2 + want/2
		}
		if got := Median(x, nil); got != want {
			t.Fatalf("the median of %v is %v, want %v", x, got, want)
		}
	}
}
