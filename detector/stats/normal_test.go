package stats

import (
	"math"
	"testing"
)

// TestNormal solves for known unknowns, by hand where the prior pulls.
func TestNormal(t *testing.T) {
	f := func(name string, share float64, prior []float64, rows [][4]float64, want ...float64) {
		t.Helper()
		n := NewNormal(len(prior))
		for _, r := range rows {
			n.Add(r[:len(prior)], r[2], r[3])
		}
		for i, got := range n.Solve(share, prior) {
			if math.Abs(got-want[i]) > 1e-12 {
				t.Errorf("%s: unknown %d is %v, want %v", name, i, got, want[i])
			}
		}
	}
	exact := [][4]float64{{1, 0, 2, 1}, {0, 1, 3, 1}, {1, 1, 5, 7}, {2, -1, 1, 0.1}}
	f("no prior", 0, []float64{0, 0}, exact, 2, 3)
	f("halfway to the prior", 1, []float64{6}, [][4]float64{{2, 0, 4, 5}}, 4)
	f("weights decide", 0, []float64{0}, [][4]float64{{1, 0, 0, 3}, {1, 0, 4, 1}}, 1)
	f("nothing said of one", 0.1, []float64{9, 7}, [][4]float64{{1, 0, 9, 1}}, 9, 7)
	f("nothing said at all", 0.1, []float64{9, 7}, nil, 9, 7)
}
