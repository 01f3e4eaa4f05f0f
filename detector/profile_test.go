package detector

import (
	"encoding/json"
	"math"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/pushback/pushback/sources"
)

// TestAnyHistoryCanBeLearned: gaps, constants and wild numbers give a profile
// that can be stored, and p falls as g rises.
func TestAnyHistoryCanBeLearned(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		piece := rapid.SliceOfN(rapid.OneOf(rapid.Float64(), rapid.Just(math.NaN()), rapid.Just(0.0), rapid.Float64Range(0, 100)), 1, 50).Draw(t, "piece")
		x := make(Values, 700)
		for i := range x {
			x[i] = piece[i*i%len(piece)]
		}
		s := Signal{Kind: Level, Worse: Either}
		k := Learn(planOf(5*time.Minute, s), s, History{Start: deploy, Ticks: Ticks{Value: x}})
		if _, err := json.Marshal(k); err != nil {
			t.Fatal(err)
		}
		for _, scan := range append(k.Higher, k.Lower...) {
			last := 1.0
			for g := -2.0; !scan.constant() && g < 5; g += 0.25 {
				p := scan.P(g)
				if p > last || p < 0 {
					t.Fatalf("p rises from %v to %v at g %v", last, p, g)
				}
				last = p
			}
		}
	})
}

// TestScanKnowsNoUnit: seconds or milliseconds, upside down or not, the scan
// says the same.
func TestScanKnowsNoUnit(t *testing.T) {
	x := wander(9, 1000, 288, 10, 0.5)
	learn := func(scale float64, w Worse) Profile {
		y := make(Values, len(x))
		for i := range x {
			y[i] = scale * x[i]
		}
		s := Signal{Kind: Level, Worse: w}
		return Learn(planOf(5*time.Minute, s), s, History{Start: deploy, Ticks: Ticks{Value: y}})
	}
	plain := learn(1, Higher).Higher[0]
	for name, other := range map[string]Scan{"in thousandths": learn(1000, Higher).Higher[0], "upside down": learn(-1, Lower).Lower[0]} {
		near(t, name+" q80", other.Q80, plain.Q80, 1e-9)
		near(t, name+" β", other.Excess, plain.Excess, 1e-9)
		if other.Forecaster != plain.Forecaster {
			t.Errorf("%s: %s, not %s", name, other.Forecaster, plain.Forecaster)
		}
	}
}

func TestMask(t *testing.T) {
	x := wander(10, 1000, 288, 0, 0)
	for i := 500; i < 600; i++ {
		x[i] += 500
	}
	learn := func(mask ...sources.Window) Profile {
		return Learn(planOf(5*time.Minute, latency), latency, History{Start: deploy, Ticks: Ticks{Value: x}, Mask: mask})
	}
	at := func(i int) time.Time { return deploy.Add(time.Duration(i) * 5 * time.Minute) }
	whole, masked := learn(), learn(sources.Window{From: at(499), To: at(601)})
	if masked.Levels.Highest > 120 || masked.Ticks != 1000-103 {
		t.Errorf("the incident is still there: %+v, %d ticks", masked.Levels, masked.Ticks)
	}
	if masked.Higher[0].Detectable > whole.Higher[0].Detectable/2 {
		t.Errorf("detectable %v masked, %v whole", masked.Higher[0].Detectable, whole.Higher[0].Detectable)
	}
	if x[550] < 500 {
		t.Error("the caller's history was changed")
	}
	same(t, "a mask elsewhere", learn(sources.Window{From: at(-20), To: at(-5)}), whole)
}

func TestHistoryTooShort(t *testing.T) {
	f := func(ticks int, tick time.Duration, scanned bool) {
		t.Helper()
		k := Learn(planOf(tick, latency), latency, History{Start: deploy, Ticks: Ticks{Value: wander(1, ticks, 288, 0, 0)}})
		if got := len(k.Higher) > 0; got != scanned {
			t.Errorf("%d ticks of %s: scanned %v", ticks, tick, got)
		}
	}
	f(359, time.Minute, false)
	f(360, time.Minute, true)
	f(100, 5*time.Minute, false) // eight hours, but 14 placebos
	f(236, 5*time.Minute, false)
	f(237, 5*time.Minute, true)
	f(1000, 0, false)
	f(0, time.Minute, false)
}

// TestOverdispersion draws counts that vary more than chance: a share that
// changes from tick to tick.
func TestOverdispersion(t *testing.T) {
	f := func(name string, ticks Ticks, low, high float64) {
		t.Helper()
		if phi := overdispersion(ticks, 60); phi < low || phi > high {
			t.Errorf("%s: φ %v, want %v to %v", name, phi, low, high)
		}
	}
	s := quiet(0)
	plain := events(s.r, 2880, 3000, 0.01)
	f("plain chance", plain, 1, 1.05)
	jumpy := events(s.r, 2880, 3000, 0.01)
	for i := range jumpy.Bad {
		jumpy.Bad[i] = poisson(s.r, 30*(0.5+float64(i%3)/2)) // 15, 30, 45 of 3000: φ ≈ 1 + 150/30
	}
	f("jumpy", jumpy, 5.3, 6.7)
	outage := events(s.r, 2880, 3000, 0.01)
	for i := 1000; i < 1030; i++ {
		outage.Bad[i] = 2000
	}
	f("an outage nobody masked", outage, 1, 1.1)
	f("nothing bad ever", events(s.r, 2880, 3000, 0), 0, 0)
	few := Ticks{Bad: Values{3, 9, 2, 8}, Total: Values{100, 100, 100, 100}}
	if phi := windowOverdispersion(few); phi < 6 {
		t.Errorf("four ticks give φ %v, and no upper bound", phi)
	}
}
