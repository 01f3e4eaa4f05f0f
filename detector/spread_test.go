package detector

import (
	"math"
	"math/rand/v2"
	"testing"
	"time"
)

// TestSpreadIsLearned: noise that is always the same is known best by the history, and noise
// that comes and goes by the window before a change.
func TestSpreadIsLearned(t *testing.T) {
	share := func(sigma func(i int) float64) float64 {
		r, x := rand.New(rand.NewPCG(5, 5)), make(Values, 2880)
		for i := range x {
			x[i] = 100 + sigma(i)*r.NormFloat64()
		}
		k := Learn(planOf(time.Minute, latency), latency, History{Start: deploy, Ticks: Ticks{Value: x}})
		return k.Higher[0].Own
	}
	if got := share(func(int) float64 { return 1 }); got > 0.2 {
		t.Errorf("always the same: own share %v", got)
	}
	swings := func(i int) float64 { return math.Exp(1.5 * math.Sin(2*math.Pi*float64(i)/700)) }
	if got := share(swings); got < 0.8 {
		t.Errorf("comes and goes: own share %v", got)
	}
}

// TestSpreadOfOlderProfiles: a profile that was stored without a share has even ones.
func TestSpreadOfOlderProfiles(t *testing.T) {
	s := Scan{Scale: 3}
	near(t, "σ", s.sigma(4), math.Sqrt((9.0+16)/2), 1e-12)
	s.Own = 0.1
	near(t, "σ", s.sigma(4), math.Sqrt(0.9*9+0.1*16), 1e-12)
}
