package detector

import (
	"math"
	"testing"
)

// TestSinceChangeAfterMissingTicks: the longer nothing was seen of a drifting signal, the less a
// residual says.
func TestSinceChangeAfterMissingTicks(t *testing.T) {
	after := func(missing int) float64 {
		c := (&Noise{Memory: 0.9, First: 0.4, Later: 0.4}).begin()
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
