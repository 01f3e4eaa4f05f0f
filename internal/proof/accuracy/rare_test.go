package accuracy

import (
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/pushback/pushback/detector"
)

// TestRareChanges holds that each kind does what its name says.
func TestRareChanges(t *testing.T) {
	r := rand.New(rand.NewPCG(2, 2))
	for range 50 {
		if x := higherSpikes(50, 20)(r, nil, make([]float64, window)); slices.Max(x) == 0 {
			t.Error("nothing to find among the higher spikes")
		}
	}
	history := []float64{0, 2, 0, 1, 0}
	if x := oneSpike(r, history, make([]float64, window)); slices.Max(x) != 100 {
		t.Errorf("one spike: %v", x)
	}
	after := slices.Repeat([]float64{1}, window)
	x := farSpike(3)(r, []float64{1, 1, 1, 3, 1}, after)
	far := 0
	for _, v := range x {
		if v == 7 {
			far++
		}
	}
	if far != 3 || slices.Max(after) != 1 {
		t.Errorf("far spike: %v, from %v", x, after)
	}
}

// TestRareKinds holds that every name is one kind's alone, because it seeds the series, and
// that a quiet kind has no change.
func TestRareKinds(t *testing.T) {
	seen := map[string]bool{}
	for _, k := range rares {
		if seen[k.what] || k.quiet != (k.change == nil) || k.quiet != strings.HasSuffix(k.what, "nothing happens") || len(k.spans) == 0 {
			t.Errorf("%q", k.what)
		}
		seen[k.what] = true
	}
}

func TestRareWatch(t *testing.T) {
	white := rare{what: "shift", within: 5, draw: around(100, 5, 0), change: func(_ *rand.Rand, _, after []float64) []float64 {
		return slices.Repeat([]float64{300}, len(after))
	}}
	got := white.watch(8*time.Hour, 1, 1)
	if got[detector.Likely] == 0 || got[detector.Likely] > 5 {
		t.Errorf("a shift by forty times the noise: %v", got)
	}
	if diff := cmp.Diff(got, white.watch(8*time.Hour, 1, 1)); diff != "" {
		t.Errorf("not the same twice:\n%s", diff)
	}
	row := RareRow{outcomes: []reached{got, {}}}
	row.count()
	if row.Likely.Share != 0.5 {
		t.Errorf("%+v", row)
	}
}
