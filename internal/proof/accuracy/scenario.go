package accuracy

import (
	"math"
	"math/rand/v2"
)

// Scenario is one regression that is added to after-ticks.
type Scenario struct {
	Name string
	// regress changes one value: along is the passed share of the horizon (1 at the
	// last tick), s the robust spread of the before window.
	regress func(r *rand.Rand, x, along, s float64) float64
}

// Scenarios are the fourteen regressions: steps in units of the signal's spread and in
// percent, ramps, bursts and noise.
var Scenarios = []Scenario{
	level("+1s", 1), level("+2s", 2), level("+3s", 3), level("+5s", 5), level("+10s", 10),
	times("×1.1", 0.1), times("×1.2", 0.2), times("×1.5", 0.5), times("×2", 1),
	{"ramp to +50 %", func(_ *rand.Rand, x, along, _ float64) float64 { return x + 0.5*along*math.Abs(x) }},
	{"ramp to +5s", func(_ *rand.Rand, x, along, s float64) float64 { return x + 5*along*s }},
	{"bursts ×2", func(r *rand.Rand, x, _, _ float64) float64 { return x + burst(r)*math.Abs(x) }},
	{"bursts +8s", func(r *rand.Rand, x, _, s float64) float64 { return x + 8*burst(r)*s }},
	{"noise of 3s", func(r *rand.Rand, x, _, s float64) float64 { return x + 3*s*r.NormFloat64() }},
}

func level(name string, size float64) Scenario {
	return Scenario{name, func(_ *rand.Rand, x, _, s float64) float64 { return x + size*s }}
}

// times adds a share of the absolute value, so that a negative value rises too.
func times(name string, share float64) Scenario {
	return Scenario{name, func(_ *rand.Rand, x, _, _ float64) float64 { return x + share*math.Abs(x) }}
}

// burst is 1 at a random quarter of the ticks.
func burst(r *rand.Rand) float64 {
	if r.IntN(4) == 0 {
		return 1
	}
	return 0
}

// apply returns the after-ticks with the regression added.
func (s Scenario) apply(r *rand.Rand, after []float64, spread float64) []float64 {
	worse := make([]float64, len(after))
	for j, x := range after {
		worse[j] = s.regress(r, x, float64(j+1)/float64(len(after)), spread)
	}
	return worse
}
