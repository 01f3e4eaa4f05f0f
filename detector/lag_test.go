package detector

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/pushback/pushback/sources"
)

// replicated are the samples of a counter that grows by so much a minute, shown by two
// replicas: the second one's values are changed.
func replicated(from, by float64, second []bool, change func(v float64) float64) []float64 {
	values := steadily(from, by, len(second))
	for i := range values {
		if second[i] {
			values[i] = change(values[i])
		}
	}
	return values
}

// atRandom draws which samples come from the second replica, the first usual ones apart.
func atRandom(r *rand.Rand, n, usual int, part float64) []bool {
	second := make([]bool, n)
	for i := usual; i < n; i++ {
		second[i] = r.Float64() < part
	}
	return second
}

// sameShare holds that 20 % are slow wherever anything was counted, and that up to the last
// sample of the first replica nothing was counted twice, and no more than so much lost.
func sameShare(t *testing.T, name string, lost float64, count, fast []float64) {
	t.Helper()
	r := Raw{Form: FormSlow, Value: []sources.Series{minutes(count...)}, Part: []sources.Series{minutes(fast...)}}
	got, sum := Tabulate(r, grid(len(count)-1)), 0.0
	for i, v := range got.Value {
		if !math.IsNaN(v) && math.Abs(v-0.2) > 1e-9 {
			t.Errorf("%s: tick %d is %v of %v", name, i, got.Bad[i], got.Total[i])
		}
		if !math.IsNaN(got.Total[i]) {
			sum += got.Total[i]
		}
	}
	if want := 100 * float64(len(count)-1); sum > want+1e-6 || sum < want-lost-1e-6 {
		t.Errorf("%s: %v events were counted of %v", name, sum, want)
	}
}

// TestReplicasInTurn holds that two replicas of a histogram, which a store shows at random, are
// read as one: those that lag, those that began at another time, one of its counters alone, and each by itself.
func TestReplicasInTurn(t *testing.T) {
	const n, count, fast = 120, 3e6, 2.9e6
	behind := func(by float64) func(v float64) float64 { return func(v float64) float64 { return v - by } }
	for seed := range uint64(40) {
		r := rand.New(rand.NewPCG(seed, 57))
		second := atRandom(r, n-1, 8, 0.5)
		second = append(second, false)
		sameShare(t, "one lags by two samples", 0, replicated(count, 100, second, behind(200)), replicated(fast, 80, second, behind(160)))
		sameShare(t, "one lags by three samples", 0, replicated(count, 100, second, behind(300)), replicated(fast, 80, second, behind(240)))
		sameShare(t, "one began later", 0, steadily(count, 100, n), replicated(fast, 80, second, behind(2.6e5)))
		second = append(atRandom(r, n-1, 8, 0.8), false)
		sameShare(t, "one began later and is shown mostly", 100*n, steadily(count, 100, n), replicated(fast, 80, second, behind(2.6e5)))
		each, other := append(atRandom(r, n-1, 8, 0.5), false), append(atRandom(r, n-1, 8, 0.5), false)
		sameShare(t, "one began later, each counter by itself", 300, replicated(count, 100, other, behind(2.6e5)), replicated(fast, 80, each, behind(2.6e5)))
		second = append(atRandom(r, n-1, 0, 0.5), false)
		sameShare(t, "one began later, from the start", 100, steadily(count, 100, n), replicated(fast, 80, second, behind(2.6e5)))
	}
}

// TestThreeReplicasInTurn holds the same of three replicas, of which the store chooses one for each counter by itself.
func TestThreeReplicasInTurn(t *testing.T) {
	const n, count, fast = 120, 3e6, 2.9e6
	for seed := range uint64(40) {
		r := rand.New(rand.NewPCG(seed, 59))
		turns := func(from, by float64) []float64 {
			values := steadily(from, by, n)
			for i := 8; i < n-1; i++ {
				values[i] -= 2.6e5 * float64(r.IntN(3))
			}
			return values
		}
		sameShare(t, "each counter by itself", 0.15*100*n, turns(count, 100), turns(fast, 80))
	}
}

// TestReplicaThatIsForgotten holds that what waited for a replica to come back is forgotten with it.
func TestReplicaThatIsForgotten(t *testing.T) {
	var second []bool
	for k, n := range []int{2, 1, 1, 10, 7, 4, 3, 5, 2} {
		second = append(second, slices.Repeat([]bool{k%2 == 1}, n)...)
	}
	sameShare(t, "the first is not shown for eleven samples", 300, steadily(3e6, 100, len(second)), replicated(2.9e6, 80, second, func(v float64) float64 { return v - 2.6e5 }))
}

// TestDipsThatComeAgain holds that values which are wrong now and then are no replica, whose
// growth would be believed.
func TestDipsThatComeAgain(t *testing.T) {
	const n = 120
	dip := func(v float64) float64 { return math.Floor(0.95 * v) }
	for seed := range uint64(40) {
		r := rand.New(rand.NewPCG(seed, 58))
		second := make([]bool, n)
		for i := 10 + r.IntN(5); i < n-1; i += 6 + r.IntN(5) {
			second[i] = true
		}
		sameShare(t, "the fast ones dip", 0, steadily(3e6, 100, n), replicated(2.9e6, 80, second, dip))
		sameShare(t, "all dip", 0, replicated(3e6, 100, second, dip), steadily(2.9e6, 80, n))
		sameShare(t, "both dip", 0, replicated(3e6, 100, second, dip), replicated(2.9e6, 80, second, dip))
	}
}
