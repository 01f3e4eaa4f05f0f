package detector

import (
	"math"
	"math/rand/v2"
	"testing"
	"time"
)

// shortSeries draws a before window of thirty ticks and as many after it.
var shortSeries = map[string]func(r *rand.Rand) []float64{
	"white":         func(r *rand.Rand) []float64 { return remembering(r, 0) },
	"memory .5":     func(r *rand.Rand) []float64 { return remembering(r, 0.5) },
	"memory .9":     func(r *rand.Rand) []float64 { return remembering(r, 0.9) },
	"memory .99":    func(r *rand.Rand) []float64 { return remembering(r, 0.99) },
	"random walk":   func(r *rand.Rand) []float64 { return remembering(r, 1) },
	"counts of 3":   func(r *rand.Rand) []float64 { return counted(r, 3) },
	"counts of 0.2": func(r *rand.Rand) []float64 { return counted(r, 0.2) },
	"skewed": func(r *rand.Rand) []float64 {
		x := remembering(r, 0)
		for i := range x {
			x[i] = math.Exp(x[i])
		}
		return x
	},
}

func remembering(r *rand.Rand, memory float64) []float64 {
	x, last := make([]float64, 60), 0.0
	if memory < 1 {
		last = r.NormFloat64() / math.Sqrt(1-memory*memory)
	}
	for i := range x {
		last = memory*last + r.NormFloat64()
		x[i] = 100 + last
	}
	return x
}

func counted(r *rand.Rand, mean float64) []float64 {
	x := make([]float64, 60)
	for i := range x {
		for q := r.Float64(); q > math.Exp(-mean); q *= r.Float64() {
			x[i]++
		}
	}
	return x
}

// suspected watches n drawn series without a profile, looks after every tick, and returns
// the share that was suspect at any. From the change on they are higher by shift.
func suspected(t *testing.T, draw func(r *rand.Rand) []float64, shift float64, n int) float64 {
	t.Helper()
	r, found := rand.New(rand.NewPCG(59, 1)), 0
	p := Plan{Tick: time.Minute, Before: 30, After: 30, Signals: []Signal{{Name: "x", Kind: Level, Worse: Higher}}}
	for range n {
		x := draw(r)
		for i := 30; i < 60; i++ {
			x[i] += shift
		}
		for ticks := 1; ticks <= 30; ticks++ {
			reading := Reading{Signal: "x", Supply: Fresh, Before: Ticks{Value: x[:30]}, After: Ticks{Value: x[30 : 30+ticks]}}
			v := Judge(p, nil, Observation{At: deploy, From: deploy, Readings: []Reading{reading}})
			if v.Grade > Suspect {
				t.Fatalf("%v without history", v.Grade)
			}
			if v.Grade == Suspect {
				found++
				break
			}
		}
	}
	return float64(found) / float64(n)
}

// TestWithoutHistoryFewAreSuspect: whatever the memory of a signal, at most 8 % of quiet
// watches are suspect at any of their looks. By block variance it was 10 to 35 %.
func TestWithoutHistoryFewAreSuspect(t *testing.T) {
	for name, draw := range shortSeries {
		if share := suspected(t, draw, 0, 600); share > 0.08 {
			t.Errorf("%s: %.1f %% of quiet watches are suspect", name, 100*share)
		}
	}
	for name, shift := range map[string]float64{"white": 3, "counts of 3": 3 * math.Sqrt(3)} {
		if share := suspected(t, shortSeries[name], shift, 200); share < 0.97 {
			t.Errorf("%s: only %.1f %% are suspect of a shift by 3 σ", name, 100*share)
		}
	}
}

// TestWithoutHistoryNorMove: a move after n ticks without any has p = 1/(1+n).
func TestWithoutHistoryNorMove(t *testing.T) {
	x := make([]float64, 60)
	flat := func(*rand.Rand) []float64 { clear(x); return x }
	if share := suspected(t, flat, 1, 1); share != 1 {
		t.Errorf("suspect %v, want 1: p is 1/31", share)
	}
	if share := suspected(t, flat, -1, 1); share != 0 {
		t.Errorf("suspect %v of a move to the good side", share)
	}
}
