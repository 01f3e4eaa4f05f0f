package stats

import (
	"math"
	"testing"
)

// TestRankCorrelation holds what the definition gives by hand.
func TestRankCorrelation(t *testing.T) {
	f := func(want float64, x, y []float64) {
		t.Helper()
		if got := RankCorrelation(x, y); math.Abs(got-want) > 1e-9 {
			t.Errorf("%v and %v: %v, want %v", x, y, got, want)
		}
	}
	f(1, []float64{1, 2, 3}, []float64{1, 4, 1e9})
	f(-1, []float64{1, 2, 3}, []float64{3, 2, 1})
	f(0, []float64{1, 2, 3}, []float64{2, 2, 2})
	f(0, nil, nil)
	f(1-6*34.0/(5*24), []float64{1, 2, 3, 4, 5}, []float64{4, 3, 5, 2, 1}) // 1 − 6Σd²/(n(n²−1)): no ties
	f(4.5/math.Sqrt(4.5*5), []float64{1, 1, 2, 3}, []float64{1, 2, 3, 4})
}
