package detector

import (
	"math"
	"testing"
)

// TestSinceChangeAfterMissingTicks: the longer nothing was seen of a drifting signal, the less a
// residual says.
func TestSinceChangeAfterMissingTicks(t *testing.T) {
	after := func(missing int) float64 {
		c := sinceChange{noise: Noise{Memory: 0.9, First: 0.4, Later: 0.4}}
		for range missing {
			c.add(math.NaN())
		}
		return c.add(0.8)
	}
	near(t, "at the first tick", after(0), 2, 1e-12)
	near(t, "a tick later", after(1), 2/(1+0.81), 1e-12)
	near(t, "long after", after(200), 2*(1-0.81), 1e-9)
}
