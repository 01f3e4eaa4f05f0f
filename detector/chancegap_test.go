package detector

import (
	"math"
	"math/rand/v2"
	"testing"
	"time"
)

// TestRandomGapsAreUsual: where an eighth of the ticks is missing at random, eight hours need not hold a run of three.
// One in two hundred thousand watches is then longer silent than usual, and not one in twenty thousand.
func TestRandomGapsAreUsual(t *testing.T) {
	const hours, share = 8, 0.125
	for seed := range uint64(200) {
		r, x := rand.New(rand.NewPCG(seed, 3)), make(Values, hours*60)
		for i := range x {
			if x[i] = 1; r.Float64() < share {
				x[i] = math.NaN()
			}
		}
		k := Learn(planOf(time.Minute, plainLevel), plainLevel, History{Start: deploy, Ticks: Ticks{Value: x}})
		if usual := k.Silences.at(deploy); usual < 3 || usual > 8 {
			t.Fatalf("series %d: %d missing ticks in a row are usual", seed, usual)
		}
	}
}

// TestRunsByChance gives the longest run that one in a hundred watches of thirty ticks has: 3,000 times the share to its
// power is one or more.
func TestRunsByChance(t *testing.T) {
	for _, c := range []struct{ present, followed, want int }{
		{1000, 0, 0}, {1000, 1, 1}, {1000, 20, 2}, {1000, 100, 3}, {800, 100, 3}, {1000, 500, 11}, {10, 10, 0}, {0, 0, 0},
	} {
		var g randomGaps
		g.present[5], g.followed[5] = c.present, c.followed
		if got := g.run(5, 1, 30); got != c.want {
			t.Errorf("%d of %d ticks followed by a gap: %d, want %d", c.followed, c.present, got, c.want)
		}
	}
}

// TestRandomGapsKeepToTheirHours: a signal with random gaps at night is missed by day as soon as one without.
func TestRandomGapsKeepToTheirHours(t *testing.T) {
	var g randomGaps
	for hour := range hoursOfDay {
		g.present[hour] = 60
	}
	g.followed[2] = 20
	runs := make(Runs, hoursOfDay).orByChance(g, 30)
	if runs[1] != 3 || runs[2] != 3 || runs[3] != 3 || runs[0] != 0 || runs[12] != 0 {
		t.Errorf("usual runs by hour: %v", runs)
	}
	if all := (Runs{0}).orByChance(g, 30); all[0] != 1 {
		t.Errorf("usual runs at any hour: %v", all)
	}
}
