package detector

import (
	"math"
	"slices"
	"testing"
)

// TestCopiesAreNotTwoSignals: a weak signal is not likely together with a copy of itself, be
// it scaled, turned round or gappy, and is with a signal that has noise of its own.
func TestCopiesAreNotTwoSignals(t *testing.T) {
	noise := []float64{3, 1, 4, 1, 5, 9, 2, 6, 5, 3, 5, 8, 9, 7, 9, 3, 2, 3, 8, 4, 6, 2, 6, 4, 3, 3, 8, 3, 2, 7}
	own := slices.Clone(noise)
	slices.Reverse(own)
	f := func(name string, want Grade, second func(i int, v float64) float64) {
		t.Helper()
		copied := make(Values, len(noise))
		for i, v := range noise {
			copied[i] = second(i, v)
		}
		trials := []trial{weakTrial("a", noise), weakTrial("b", copied)}
		gradeTogether(trials, DefaultThresholds)
		if got := trials[0].e.Grade; got != want || trials[1].e.Grade != want {
			t.Errorf("%s: %s and %s, want %s", name, got, trials[1].e.Grade, want)
		}
	}
	f("another percentile", Suspect, func(_ int, v float64) float64 { return v*v + 1 })
	f("what is free instead of what is used", Suspect, func(_ int, v float64) float64 { return 100 - v })
	f("with gaps", Suspect, func(i int, v float64) float64 {
		if i%4 == 0 {
			return math.NaN()
		}
		return v
	})
	f("noise of its own", Likely, func(i int, _ float64) float64 { return own[i] })
	f("a common cause and noise of its own", Likely, func(i int, v float64) float64 { return v + 2*own[i] })
	f("it never moved", Likely, func(int, float64) float64 { return 1 })
	f("too few ticks in common", Likely, func(i int, v float64) float64 {
		if i > 9 {
			return math.NaN()
		}
		return v
	})
}

// weakTrial is a signal that is suspect by itself, and likely together with another.
func weakTrial(name string, before Values) trial {
	after := make(Values, 10)
	for i := range after {
		after[i] = 2
	}
	return trial{
		plan: &Plan{Before: 30, After: 30, Thresholds: DefaultThresholds}, look: &Observation{From: deploy},
		signal: Signal{Name: name, Kind: Level, Worse: Higher}, tested: true, before: Ticks{Value: before}, after: Ticks{Value: after},
		finding: finding{d: upward, forecast: []float64{1}, tests: []Test{ByScan}},
		e:       Evidence{Signal: name, P: 0.012, RawP: 0.006, Grade: Suspect, Tests: []Test{ByScan}},
	}
}

// TestOfCopiesTheSurerStays: of two copies the one with the smaller p is combined with a third
// signal.
func TestOfCopiesTheSurerStays(t *testing.T) {
	noise := Values{3, 1, 4, 1, 5, 9, 2, 6, 5, 3, 5, 8, 9, 7, 9}
	own := slices.Clone(noise)
	slices.Reverse(own)
	trials := []trial{weakTrial("a", noise), weakTrial("b", noise), weakTrial("c", own)}
	trials[1].e.RawP = 0.004
	gradeTogether(trials, DefaultThresholds)
	if trials[0].e.Grade != Suspect || trials[1].e.Grade != Likely || trials[2].e.Grade != Likely {
		t.Errorf("%s, %s, %s", trials[0].e.Grade, trials[1].e.Grade, trials[2].e.Grade)
	}
}
