package stats

import (
	"math"
	"math/rand/v2"
	"testing"

	"gonum.org/v1/gonum/stat/distuv"
)

// TestArmsExpectation adds up E over every way the bad events of two ticks can
// fall into the arms under equal rates: by hand it must come to 1.
func TestArmsExpectation(t *testing.T) {
	f := func(n1, n0 [2]float64, bad [2]int, ratio, direction float64) {
		t.Helper()
		sum := 0.0
		for a := range bad[0] + 1 {
			for b := range bad[1] + 1 {
				var arms Arms
				chance := 1.0
				for i, c := range []int{a, b} {
					theta := ratio * n1[i] / (ratio*n1[i] + n0[i])
					chance *= distuv.Binomial{N: float64(bad[i]), P: theta}.Prob(float64(c))
					arms.Add(float64(c), n1[i], float64(bad[i]-c), n0[i], ratio, direction, 1)
				}
				sum += chance * math.Exp(arms.LogE())
			}
		}
		near(t, "expectation", sum, 1, 1e-9)
	}
	f([2]float64{100, 300}, [2]float64{900, 200}, [2]int{7, 4}, 1, +1)
	f([2]float64{100, 300}, [2]float64{900, 200}, [2]int{7, 4}, 2.5, -1)
	f([2]float64{50, 50}, [2]float64{50, 50}, [2]int{0, 12}, 1, +1)
}

// TestArms looks after every tick at a spike that hits both arms, and at one
// that hits the first alone.
func TestArms(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 3))
	draw := func(mean float64) float64 { return distuv.Poisson{Lambda: mean, Src: r}.Rand() }
	alarms := func(worse float64) float64 {
		found := 0.0
		for range 2000 {
			var arms Arms
			for tick := range 30 {
				rate := 0.01 * (1 + 4*float64(tick%7/6)) // now and then five times
				arms.Add(draw(100*rate*worse), 100, draw(900*rate), 900, 1, +1, 1)
				if arms.LogE() >= math.Log(100) {
					found++
					break
				}
			}
		}
		return found / 2000
	}
	if share := alarms(1); share > 0.01 {
		t.Errorf("%.2f %% false alarms at a nominal 1 %%", 100*share)
	}
	if share := alarms(3); share < 0.95 {
		t.Errorf("three times the errors found in %.1f %%", 100*share)
	}
}

func TestLogSplit(t *testing.T) {
	f := func(n1, n0, share float64, sure bool) {
		t.Helper()
		if got := LogSplit(n1, n0, share, 100) > math.Log(1000); got != sure {
			t.Errorf("%v and %v of a declared %v: sure is %v", n1, n0, share, got)
		}
	}
	f(5000, 5000, 0.5, false)
	f(5100, 4900, 0.5, false)
	f(5300, 4700, 0.5, true)
	f(100, 900, 0.1, false)
	f(200, 900, 0.1, true)
	f(0, 0, 0.5, false)
}
