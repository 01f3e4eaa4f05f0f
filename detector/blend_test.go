package detector

import (
	"math"
	"testing"
	"time"
)

var blendPlan = Plan{Tick: 5 * time.Minute, Before: 30, After: 30}

// teach returns what each way of choosing forecasters makes of a series.
func teach(x Values) (blended, published Scan) {
	s, h := Signal{Kind: Level, Worse: Higher}, History{Start: deploy, Ticks: Ticks{Value: x}}
	return Learn(blendPlan, s, h).Higher[0], learn(blendPlan, s, h, learner.scans).Higher[0]
}

// TestBlendLearns holds that weights follow the signal: a firm daily shape
// leans on the days before, a walk on its last ticks.
func TestBlendLearns(t *testing.T) {
	daily, _ := teach(wander(1, 2880, 288, 40, 0.1))
	if sum := daily.Weights[byYesterday] + daily.Weights[byTypicalDay]; daily.Forecaster != dailyBlend || sum < 0.8 || sum > 1.1 {
		t.Errorf("%s believes %.2f of the days before", daily.Forecaster, sum)
	}
	walk := make(Values, 2880)
	for i, v := range wander(2, 2880, 288, 0, 0) {
		walk[i] = v - 100
		if i > 0 {
			walk[i] += walk[i-1]
		}
	}
	walked, _ := teach(walk)
	if walked.Weights[byRecent] < 0.7 {
		t.Errorf("a walk believes %.2f of its last ticks", walked.Weights[byRecent])
	}
}

// TestBlendMissesLess is why the blend exists. A shape whose size changes from
// day to day fools a fixed share of yesterday's. What the forecasts miss is
// compared before any tail, for the two scans' tails differ.
func TestBlendMissesLess(t *testing.T) {
	x := wander(3, 2880, 288, 0, 0.1)
	sizes := []float64{60, 20, 70, 10, 50, 30, 80, 15, 65, 25}
	for i := range x {
		x[i] += sizes[i/288] * math.Sin(2*math.Pi*float64(i%288)/288)
	}
	missed := func(s Scan) float64 { return s.Detectable / s.level(DefaultThresholds.Likely) }
	blended, published := teach(x)
	if missed(blended) > 0.9*missed(published) {
		t.Errorf("%s misses %.1f, %s %.1f", blended.Forecaster, missed(blended), published.Forecaster, missed(published))
	}
}

func TestTypicalDay(t *testing.T) {
	x := make([]float64, 0, 40)
	for _, day := range []float64{1, 2, 1000, 4, 5} {
		x = append(x, day, day+10, math.NaN())
	}
	got := typical(x, 3)
	for i, want := range map[int]float64{0: 1, 3: 1.5, 6: 2, 9: 3, 12: 4, 13: 14} {
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
	blended, _ := teach(wander(4, 2880, 288, 20, 0.3))
	for _, p := range []float64{0.15, 0.05, 0.01, 0.002} {
		near(t, "p", blended.P(blended.level(p)), p, 1e-9)
		plain := blended
		plain.Tail = 0
		if blended.level(p) <= plain.level(p) {
			t.Errorf("p %v is reached at %v, and at %v if β were known", p, blended.level(p), plain.level(p))
		}
	}
	shorter, longer := Scan{Forecaster: blend, Q80: 1, Excess: 0.1, Placebos: 100}, Scan{Forecaster: blend, Q80: 1, Excess: 0.1, Placebos: 5000}
	shorter.temper()
	longer.temper()
	if !(shorter.Excess > longer.Excess && longer.Excess > 0.1) {
		t.Errorf("β %v from 100 placebos, %v from 5,000, both estimated at 0.1", shorter.Excess, longer.Excess)
	}
}
