package stats

import (
	"math"
	"math/rand/v2"
	"testing"

	"pgregory.net/rapid"
)

// TestLargestSum compares with trying every stretch.
func TestLargestSum(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		x := rapid.SliceOfN(rapid.Float64Range(-9, 9), 1, 30).Draw(t, "x")
		weight := rapid.SliceOfN(rapid.SampledFrom([]float64{0, 1, 3}), len(x), len(x)).Draw(t, "weight")
		border, best := rapid.Float64Range(-3, 3).Draw(t, "border"), 0.0
		sum := func(from, to int) (s float64) {
			for i := from; i <= to; i++ {
				s += weight[i] * (x[i] - border)
			}
			return s
		}
		for from := range x {
			for to := from; to < len(x); to++ {
				best = max(best, sum(from, to))
			}
		}
		first, last := largestSum(x, weight, border)
		if first < 0 && best > 1e-9 || first >= 0 && math.Abs(sum(first, last)-best) > 1e-9 {
			t.Fatalf("%v to %v of %v, weights %v, border %v", first, last, x, weight, border)
		}
	})
}

// TestBreakBefore: a step is told where it is, whatever the unit; noise, one spike, and a
// second step at the end are none.
func TestBreakBefore(t *testing.T) {
	const sure = 10
	r := rand.New(rand.NewPCG(1, 2))
	f := func(name string, want int, level float64, at func(i int) float64) {
		t.Helper()
		x := make([]float64, 30)
		for i := range x {
			x[i] = at(i) + r.NormFloat64()
		}
		x[9] = nan
		got, gain := BreakBefore(x, level, level, 0.1)
		if gain < sure {
			got = -1
		}
		if got != want {
			t.Errorf("%s: break at %d by %.1f, want %d", name, got, gain, want)
		}
		for i := range x {
			x[i] = 7 + x[i]/1000
		}
		if _, other := BreakBefore(x, 7+level/1000, 7+level/1000, 0.1); math.Abs(other-gain) > 1e-6 {
			t.Errorf("%s: gain %v, in another unit %v", name, gain, other)
		}
	}
	step := func(from int, by float64) func(int) float64 {
		return func(i int) float64 {
			if i >= from {
				return by
			}
			return 0
		}
	}
	f("noise", -1, 8, step(30, 0))
	f("a step", 20, 8, step(20, 8))
	f("a spike at the end", -1, 8, step(29, 8))
	f("the first of two steps", -1, 16, step(20, 8))
	if at, _ := BreakBefore([]float64{1, 2}, 9, 9, 0.1); at != -1 {
		t.Errorf("two values break at %d", at)
	}
}

// TestCountBreak is TestBreakBefore for counts.
func TestCountBreak(t *testing.T) {
	f := func(name string, want int, share float64, bad func(i int) float64) {
		t.Helper()
		c, n := make([]float64, 30), make([]float64, 30)
		for i := range c {
			c[i], n[i] = bad(i), 100
		}
		n[4], c[4] = nan, nan
		at, gain := CountBreak(c, n, share, +1, 1)
		if gain < 10 {
			at = -1
		}
		if at != want {
			t.Errorf("%s: break at %d by %.1f, want %d", name, at, gain, want)
		}
	}
	step := func(by float64) func(int) float64 {
		return func(i int) float64 {
			if i >= 22 {
				return by
			}
			return 1
		}
	}
	f("no step", -1, 0.1, step(1))
	f("a step", 22, 0.1, step(10))
	f("the first of two steps", -1, 0.4, step(10))
	f("all events are bad", 22, 1, step(100))
}

// TestLagOne: the memory of an autoregression is found, and an outage is none.
func TestLagOne(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	for _, memory := range []float64{0, 0.5, 0.9} {
		x, last := make([]float64, 4000), 0.0
		for i := range x {
			last = memory*last + r.NormFloat64()
			x[i] = last
		}
		for i := range 30 {
			x[1000+i] = 1000
		}
		near(t, "lag one", LagOne(x), max(memory, 0.01), 0.1)
	}
}

// TestBreakGains: values as usual speak against a break at them, values of the new level for it, and
// missing ones say nothing.
func TestBreakGains(t *testing.T) {
	before := make([]float64, 24)
	for i := range before {
		before[i] = float64(i%3) - 1
		if i >= 21 {
			before[i] += 20
		}
	}
	before[20] = math.NaN()
	gains := BreakGains(before, 20, 20, 0.01, 30)
	if !math.IsNaN(gains[20]) || !math.IsNaN(gains[1]) {
		t.Errorf("missing: %v, without anything ahead: %v", gains[20], gains[1])
	}
	if !(gains[21] > 10 && gains[19] < gains[21] && gains[5] < gains[19]) {
		t.Errorf("gains: %v", gains)
	}
}

func TestCountBreakGains(t *testing.T) {
	bad, total := make([]float64, 24), make([]float64, 24)
	for i := range total {
		bad[i], total[i] = 1, 100
		if i >= 21 {
			bad[i] = 30
		}
	}
	total[20] = math.NaN()
	gains := CountBreakGains(bad, total, 0.3, +1, 1, 30)
	if !math.IsNaN(gains[20]) || !math.IsNaN(gains[2]) {
		t.Errorf("missing: %v, without enough ahead: %v", gains[20], gains[2])
	}
	if !(gains[21] > 10 && gains[19] < gains[21]-3 && gains[5] < gains[19]) {
		t.Errorf("gains: %v", gains)
	}
	if few := CountBreakGains(bad, total, 0.3, +1, 10, 30); math.Abs(few[21]-gains[21]/10) > 1e-9 {
		t.Errorf("overdispersed: %v, want a tenth of %v", few[21], gains[21])
	}
}
