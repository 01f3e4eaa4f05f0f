package accuracy

import (
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/pushback/pushback/detector"
)

// TestWarm holds what a deploy does to a service.
func TestWarm(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 1))
	x := slices.Repeat([]float64{10}, 6)
	warmup{}.warm(r, x)
	if diff := cmp.Diff([]float64{20, 20, 20, 10, 10, 10}, x); diff != "" {
		t.Error(diff)
	}
	for range 100 {
		x := slices.Repeat([]float64{10}, 6)
		warmup{varied: true}.warm(r, x)
		if x[0] < 16 || x[0] > 24 || x[1] != x[0] || x[4] != 10 {
			t.Errorf("varied: %v", x)
		}
	}
	warmup{}.warm(r, nil) // at the end of a series
}

func TestWarmupWatch(t *testing.T) {
	quiet, worse := warmups[1].watch(1, 1)
	again, worseAgain := warmups[1].watch(1, 1)
	if quiet != again || worse != worseAgain {
		t.Error("not the same twice")
	}
	if other, _ := warmups[6].watch(1, 1); other == (reached{}) {
		t.Error("a warm-up that is not expected is no evidence")
	}
}

// TestBurstsOfFewErrorsAreExpected: bursts of a few errors a minute are far beyond chance in
// the sum of all deploys, and not in each of their minutes. Before they were added up, 6 of
// these 40 alarmed.
func TestBurstsOfFewErrorsAreExpected(t *testing.T) {
	var quiet, worse []reached
	for number := range 40 {
		q, w := errorWarmups[6].watch(7, number)
		quiet, worse = append(quiet, q), append(worse, w)
	}
	if alarms := len(ticksOf(quiet, detector.Likely)); alarms > 1 {
		t.Errorf("%d of 40 bursts alarm", alarms)
	}
	if found := len(ticksOf(worse, detector.Likely)); found < 36 {
		t.Errorf("%d of 40 regressions under a burst are found", found)
	}
}
