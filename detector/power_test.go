package detector

import (
	"math"
	"math/rand/v2"
	"testing"
	"time"
)

// TestDetectableIsWhatIsFound holds the figure to what it says: a shift of that
// size, lasting ten ticks, reaches p about every second time, and one of half
// the size hardly ever.
func TestDetectableIsWhatIsFound(t *testing.T) {
	p := planOf(5*time.Minute, latency)
	f := func(level float64) {
		t.Helper()
		found, half, runs := 0, 0, 60
		for seed := range uint64(runs) {
			r := rand.New(rand.NewPCG(seed, 5))
			x := make(Values, 1030)
			for i := range x {
				x[i] = 100 + r.NormFloat64()
			}
			past := x[:1000]
			k := Learn(p, latency, History{Start: deploy.Add(-1000 * p.Tick), Ticks: Ticks{Value: past}})
			reached := func(shift float64) bool {
				after := append(Values{}, x[1000:1010]...)
				for i := range after {
					after[i] += shift
				}
				reading := Reading{Signal: "latency", Supply: Fresh, Before: Ticks{Value: past[970:]}, After: Ticks{Value: after}}
				v := Judge(p, Profiles{"latency": k}, Observation{StartedAt: deploy, From: deploy, Readings: []Reading{reading}})
				return v.Signals[0].P <= level
			}
			found += count(reached(k.Detectable(level)))
			half += count(reached(k.Detectable(level) / 2))
		}
		if found < runs*4/10 || half > runs/5 {
			t.Errorf("p %v: found %d of %d, at half the size %d", level, found, runs, half)
		}
	}
	f(DefaultThresholds.Likely)
	f(DefaultThresholds.Certain)
	f(1e-4)
}

func TestDetectableGrowsWithStrictness(t *testing.T) {
	own, control := twin(1, 1000)
	k, _ := sideBySide(own, control, 0, nil)
	last := 0.0
	for _, p := range []float64{0.05, 0.01, 0.002, 1e-4, 1e-5} {
		d := k.Detectable(p)
		if !(d > last) || math.IsInf(d, 0) {
			t.Errorf("%v at p %v, after %v", d, p, last)
		}
		last = d
	}
	if d, want := k.Detectable(DefaultThresholds.Likely), k.Higher[0].Detectable; math.Abs(d-want) > 1e-9*want {
		t.Errorf("%v at the default, learned %v", d, want)
	}
	both := k
	both.Lower = k.Higher
	if d, want := both.Detectable(0.01), k.Detectable(0.005); d != want {
		t.Errorf("in either direction %v, want %v", d, want)
	}
	if (Profile{}).Detectable(0.01) != 0 {
		t.Error("something is found without history")
	}
}

func TestCountsAreScaledByTheirStandardError(t *testing.T) {
	f := func(p, want float64) {
		t.Helper()
		if got := (Evidence{Smallest: 0.004}).Detectable(p); math.Abs(got-want) > 1e-5 {
			t.Errorf("%v at p %v, want %v", got, p, want)
		}
	}
	f(0.01, 0.004)
	f(0.002, 0.004*(2.878+0.842)/(2.326+0.842))
	f(0.0001, 0.004*(3.719+0.842)/(2.326+0.842))
	f(0, 0)
}
