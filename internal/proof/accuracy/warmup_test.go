package accuracy

import (
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
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
