package detector

import (
	"math"
	"math/rand/v2"
	"sort"
	"testing"
)

// wander is a synthetic signal: a daily rise and fall, memory, and noise.
func wander(seed uint64, n, period int, swing, memory float64) Values {
	r := rand.New(rand.NewPCG(seed, 7))
	x, drift := make(Values, n), 0.0
	for i := range x {
		drift = memory*drift + r.NormFloat64()
		x[i] = 100 + swing*math.Sin(2*math.Pi*float64(i)/float64(period)) + drift
	}
	return x
}

func near(t *testing.T, what string, got, want, relative float64) {
	t.Helper()
	if math.Abs(got-want) > relative*math.Max(math.Abs(want), 1e-12) {
		t.Errorf("%s: %v, want %v", what, got, want)
	}
}

func TestScanAgainstStraightLine(t *testing.T) {
	f := func(name string, x Values, period int, forecaster string) {
		t.Helper()
		k := Learn(blendPlan, latency, History{Start: deploy, Ticks: Ticks{Value: x}})
		s, o := k.Higher[0], straightLine{x: x, period: period}
		o.run()
		if s.Forecaster != forecaster || s.Placebos != len(o.g) {
			t.Fatalf("%s: %s over %d placebos, want %s over %d", name, s.Forecaster, s.Placebos, forecaster, len(o.g))
		}
		for i := range o.w {
			near(t, name+" weight", s.Weights[i]+1, o.w[i]+1, 1e-7)
		}
		cut := int(0.8 * float64(len(o.g)))
		near(t, name+" s0", s.Scale, o.s0, 1e-7)
		near(t, name+" q80", s.Q80, o.g[cut], 1e-6)
		near(t, name+" β", s.Excess, o.beta, 1e-6)
		near(t, name+" q99", s.Q99, oracleQuantile(o.g, 0.99), 1e-6)
		for i := range o.q {
			near(t, name+" length's q80", s.Lengths[i].Q80, o.q[i], 1e-6)
			near(t, name+" length's excess", s.Lengths[i].Excess, o.b[i], 1e-6)
		}
		near(t, name+" tail", s.P(o.g[cut]+2*o.beta), 0.2*math.Pow(1+2/o.tail, -o.tail), 1e-6)
		for _, at := range []int{0, len(o.g) / 3, cut - 1} {
			beyond := o.g[at] + 1e-5 // a length's Q80 may be the score of several placebos
			near(t, name+" p", s.P(beyond), float64(len(o.g)-sort.SearchFloat64s(o.g, beyond)+1)/float64(len(o.g)+1), 0.01)
		}
	}
	f("steady", wander(1, 900, 288, 0, 0.2), 0, "blend")
	f("drifting", wander(4, 900, 900, 200, 0.9), 0, "blend")
	f("daily", wander(3, 2100, 288, 40, 0.1), 288, "daily blend")
}
