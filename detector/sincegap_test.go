package detector

import (
	"math"
	"testing"
)

// TestSinceChangeAfterMissingTicks: the longer nothing was seen of a drifting signal, the less a
// residual says.
func TestSinceChangeAfterMissingTicks(t *testing.T) {
	after := func(missing int) float64 {
		c := (&Noise{Memory: 0.9, First: 0.4, Later: 0.4}).begin(1)
		for range missing {
			c.add(math.NaN())
		}
		return c.add(0.8)
	}
	want := func(variance float64) float64 { // of normal densities at 0.8, with the mixture's spread of 2 and without
		density := func(variance float64) float64 { return -0.8*0.8/2/variance - math.Log(variance)/2 }
		return density(variance+4) - density(variance)
	}
	near(t, "at the first tick", after(0), want(0.16), 1e-9)
	near(t, "a tick later", after(1), want(0.16*(1+0.81)), 1e-9)
	near(t, "long after", after(200), want(0.16/(1-0.81)), 1e-9)
}

// TestSinceChangeKnowsTicksAhead: what a tick counts for is the same whether it was worked out
// ahead or not, before and after a missing tick.
func TestSinceChangeKnowsTicksAhead(t *testing.T) {
	n := &Noise{Memory: 0.6, First: 1.2, Later: 0.9, Offset: 0.1}
	gap := math.NaN()
	for _, residuals := range [][]float64{{1, 2, -1, 5, 0.5}, {1, gap, 2, 3, gap, gap, 1}, {gap, 1, 1, 1}} {
		plain := n.begin(0)
		known := []sinceChange{n.begin(1), n.begin(3), n.begin(30)}
		for i, r := range residuals {
			want := plain.add(r)
			for k := range known {
				if got := known[k].add(r); got != want {
					t.Errorf("tick %d of %v: %v with %d known ahead, %v with none", i, residuals, got, len(known[k].ticks), want)
				}
			}
		}
	}
}
