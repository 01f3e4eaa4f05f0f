package detector

import (
	"math/rand/v2"
	"testing"
)

// TestSomeDeploysWarmUp: where every other deploy is slow for three minutes, that is no alarm, and a lasting regression is one.
// Drifts and single outages are no warm-up.
func TestSomeDeploysWarmUp(t *testing.T) {
	some := warmUp{goods: 10, length: always(3), size: func(r *rand.Rand) float64 { return float64(r.IntN(2)) }}
	if n := some.alarms(true); n > 3 {
		t.Errorf("%d of %d healthy changes alarm", n, warmUpRuns)
	}
	if n := some.alarms(false); n < 5 {
		t.Errorf("only %d alarm without the good changes, so nothing is tested", n)
	}
	some.lasting = 0.3
	if n := some.alarms(true); n < warmUpRuns-2 {
		t.Errorf("a lasting regression is found in %d of %d", n, warmUpRuns)
	}
	f := func(name string, w warmUp) {
		t.Helper()
		shapes := 0
		for seed := range uint64(warmUpRuns) {
			if _, k := w.run(seed, true); k.HigherShape != nil {
				shapes++
			}
		}
		if shapes > 2 {
			t.Errorf("%s: %d shapes of %d", name, shapes, warmUpRuns)
		}
	}
	never := warmUp{goods: 10, length: always(3), size: always(0)}
	f("nothing", never)
	never.spoil = func(i int, x Values) {
		for k := 0; i == 4 && k < min(5, len(x)); k++ {
			x[k] += 300
		}
	}
	f("one outage", never)
}
