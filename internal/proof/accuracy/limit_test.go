package accuracy

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/pushback/pushback/detector/stats"
)

// TestLikelihoods holds the informed judge's ratio against one by hand: of white noise with
// a shift of 2, a tick at the shifted level says 2·2 − 2 = 2, and of AR .5 only the first
// tick carries the whole shift.
func TestLikelihoods(t *testing.T) {
	f := func(l law, before float64, after []float64, shift float64, want ...float64) {
		t.Helper()
		for i, got := range l.likelihoods(before, after, shift) {
			if math.Abs(math.Log(got)-want[i]) > 1e-9 {
				t.Errorf("%s, tick %d: %v, want %v", l.name, i, math.Log(got), want[i])
			}
		}
	}
	f(autoregressive("", 0), 100, []float64{102, 102}, 2, 2, 4)
	sigma := math.Sqrt(0.75)
	f(autoregressive("", 0.5), 100, []float64{102, 102}, 2, 2/sigma*2/sigma/2, 2/sigma*2/sigma/2+1/sigma*1/sigma/2)
	f(poissonLaw(4), 0, []float64{6}, 2, 6*math.Log(2)-4)
}

// TestLikelihoodsAreFair holds that a likelihood ratio has a mean of one where nothing
// happens, by which a wrong law shows.
func TestLikelihoodsAreFair(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 1))
	for _, l := range laws {
		var ratios []float64
		for range 4000 {
			x := l.quiet(r, 4)
			ratios = append(ratios, l.likelihoods(x[0], x[1:], 0.5)[2])
		}
		if mean := stats.Mean(ratios); math.Abs(mean-1) > 0.12 {
			t.Errorf("%s: %v", l.name, mean)
		}
	}
}

// TestSpeedOf holds that a judge is tuned on the quiet watches alone, and that what is not
// found counts as the horizon.
func TestSpeedOf(t *testing.T) {
	outcomes := make([]limitOutcome, 200)
	for i := range outcomes {
		quiet, shifted := caught{[]float64{float64(i)}, []int{1}}, caught{[]float64{198.5}, []int{4}}
		if i%2 == 1 {
			shifted = caught{[]float64{197}, []int{2}}
		}
		outcomes[i] = limitOutcome{detector: []caught{quiet, shifted}}
	}
	got := speedOf(outcomes, func(o limitOutcome) (quiet, shifted caught) { return o.detector[0], o.detector[1] })
	if diff := cmp.Diff(Speed{Power: 0.5, Median: 4, Mean: 17}, got); diff != "" {
		t.Error(diff)
	}
}

func TestMeasureLimit(t *testing.T) {
	first, err := MeasureLimit(t.Context(), 4, 1, nil)
	if err != nil {
		t.Fatal(err)
	}
	second, err := MeasureLimit(t.Context(), 4, 1, nil)
	if diff := cmp.Diff(first, second); err != nil || diff != "" {
		t.Errorf("not the same twice: %v\n%s", err, diff)
	}
	if row := first[4]; row.Law != "white noise" || row.Shift != 5 || row.Informed.Power != 1 || row.Detector.Power != 1 || row.Ratio < 1 {
		t.Errorf("%+v", row)
	}
}
