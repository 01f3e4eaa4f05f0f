package detector

import (
	"math"
	"testing"
	"time"
)

var blendPlan = Plan{Tick: 5 * time.Minute, Before: 30, After: 30}

func taught(x Values) []Scan {
	return Learn(blendPlan, latency, History{Start: deploy, Ticks: Ticks{Value: x}}).Higher
}

// TestBlendLearns holds that weights follow the signal: a firm daily shape
// leans on the days before, a walk on its last tick.
func TestBlendLearns(t *testing.T) {
	daily := taught(wander(1, 2880, 288, 40, 0.1))[0]
	shapes := daily.Weights[len(daily.Weights)-waysBack:]
	if sum := shapes[0] + shapes[1]; daily.Forecaster != "daily blend" || sum < 0.8 || sum > 1.1 {
		t.Errorf("%s believes %.2f of the days before", daily.Forecaster, sum)
	}
	walk := make(Values, 1000)
	for i, v := range wander(2, 1000, 288, 0, 0) {
		walk[i] = v - 100
		if i > 0 {
			walk[i] += walk[i-1]
		}
	}
	local := 0.0
	walked := taught(walk)[0]
	for i := range 2 * longLevel {
		local += walked.Weights[i]
	}
	if local < 0.7 {
		t.Errorf("a walk believes %.2f of its last ticks", local)
	}
}

// TestDaysBeforeHelp: where every day has its shape, forecasts with the days
// before miss far less than those without.
func TestDaysBeforeHelp(t *testing.T) {
	scans := taught(wander(3, 2880, 288, 60, 0.1))
	if len(scans) != 2 || scans[0].Forecaster != "daily blend" || scans[1].Forecaster != "blend" {
		t.Fatalf("%d scans", len(scans))
	}
	if daily, local := scans[0].Detectable, scans[1].Detectable; daily > 0.8*local {
		t.Errorf("with the days before %.2f can be detected, without %.2f", daily, local)
	}
}

// TestStrangeLevelIsCut: a window that lies where no window ever lay is not
// forecast to come back by more than any did.
func TestStrangeLevelIsCut(t *testing.T) {
	s := baseline{}
	s.levels = [mostLevels]float64{100, -100, 1}
	s.limit([]float64{2, 3, 4})
	if got := [3]float64(s.levels[:3]); got != [3]float64{2, -3, 1} {
		t.Errorf("limited to %v", got)
	}
}

// TestRoughnessIsSeen: noise around the same mean is worse, and a mean of
// residuals hardly shows it.
func TestRoughnessIsSeen(t *testing.T) {
	s := quiet(2880)
	after := s.latency().After.Value
	for i := range after {
		after[i] = 100 + 6*float64(i%2*2-1)*float64(1+i%3)
	}
	if e := Judge(s.plan, s.profiles, s.o).Signals[1]; e.RawP > 0.002 {
		t.Errorf("p %v", e.RawP)
	}
}

func TestTypicalDay(t *testing.T) {
	x := make([]float64, 0, 40)
	for _, day := range []float64{1, 2, 1000, 4, 5} {
		x = append(x, day, day+10, math.NaN())
	}
	got := typical(x, cycle{3, 5})
	for i, want := range map[int]float64{9: 3, 12: 4, 13: 14} {
		if got[i] != want {
			t.Errorf("typical of tick %d is %v, want %v", i, got[i], want)
		}
	}
	if !math.IsNaN(got[14]) {
		t.Errorf("a time of day never seen is %v", got[14])
	}
}

// TestTail holds P and level together, and the tail above the exponential one
// that a β from few exceedances only pretends to know.
func TestTail(t *testing.T) {
	scan := taught(wander(4, 2880, 288, 20, 0.3))[0]
	for _, p := range []float64{0.15, 0.05, 0.01, 0.002} {
		near(t, "p", scan.P(scan.level(p)), p, 1e-9)
		if known := scan.Q80 + scan.Excess*math.Log(tailShare/p); scan.level(p) <= known {
			t.Errorf("p %v is reached at %v, and at %v if β were known", p, scan.level(p), known)
		}
	}
	shorter, longer := Scan{Excess: 0.1, Placebos: 100}, Scan{Excess: 0.1, Placebos: 5000}
	shorter.shrinkExcess()
	longer.shrinkExcess()
	if !(shorter.Excess > longer.Excess && longer.Excess > 0.1) {
		t.Errorf("β %v from 100 placebos, %v from 5,000, both estimated at 0.1", shorter.Excess, longer.Excess)
	}
}
