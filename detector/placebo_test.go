package detector

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"time"
)

// TestPlacebosFollowWhatExists: a service of eight hours whose rule wants two weeks has as
// many placebos as one whose rule wants eight hours.
func TestPlacebosFollowWhatExists(t *testing.T) {
	r := rand.New(rand.NewPCG(11, 7))
	x := make(Values, 8*60)
	for i := range x {
		x[i] = 100 + r.NormFloat64()
	}
	s := Signal{Name: "x", Kind: Level, Worse: Higher}
	learned := func(x Values) Scan {
		t.Helper()
		k := Learn(planOf(time.Minute, s), s, History{Start: deploy, Ticks: Ticks{Value: x}})
		if len(k.Higher) != 1 {
			t.Fatalf("%d scans", len(k.Higher))
		}
		return k.Higher[0]
	}
	exact, padded := learned(x), learned(slices.Concat(gapOf(14*24*60-len(x)), x))
	if exact.Placebos < 130 || padded.Placebos < 130 {
		t.Errorf("%d placebos, and %d behind days that do not exist", exact.Placebos, padded.Placebos)
	}
	if math.Abs(exact.Q80-padded.Q80) > 0.3*exact.Q80 {
		t.Errorf("Q80 %v, and %v behind days that do not exist", exact.Q80, padded.Q80)
	}
}

// TestPlacebosOfGappySignal: a percentile that has no value in every third minute still has
// a scan.
func TestPlacebosOfGappySignal(t *testing.T) {
	r := rand.New(rand.NewPCG(12, 7))
	x := make(Values, 24*60)
	for i := range x {
		x[i] = math.Exp(r.NormFloat64())
		if r.IntN(3) == 0 {
			x[i] = math.NaN()
		}
	}
	s := Signal{Name: "x", Kind: Level, Worse: Higher}
	k := Learn(planOf(time.Minute, s), s, History{Start: deploy, Ticks: Ticks{Value: x}})
	if len(k.Higher) != 1 || k.Higher[0].Placebos < 400 {
		t.Errorf("scans %+v", k.Higher)
	}
}
