package accuracy

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	moremath "github.com/aclements/go-moremath/stats"
	"pgregory.net/rapid"
)

// grains are random values on a grid, so that many are tied.
func grains(seed uint64, n int, shift float64) []float64 {
	r := rand.New(rand.NewPCG(seed, 11))
	x := make([]float64, n)
	for i := range x {
		x[i] = math.Round(20*(r.NormFloat64()+shift)) / 20
	}
	return x
}

// TestMannWhitneyAgainstMoremath compares the three hypotheses with the moremath library,
// for samples that are too large for its exact distribution. The other hypotheses follow
// from the one-sided test.
func TestMannWhitneyAgainstMoremath(t *testing.T) {
	f := func(n, m int, shift float64) {
		t.Helper()
		before, after := grains(1, n, 0), grains(2, m, shift)
		rise, fall := mannWhitney(before, after), mannWhitney(after, before)
		for alternative, got := range map[moremath.LocationHypothesis]float64{
			moremath.LocationGreater: rise,
			moremath.LocationLess:    fall,
			moremath.LocationDiffers: min(1, 2*min(rise, fall)),
		} {
			want, err := moremath.MannWhitneyUTest(after, before, alternative)
			if err != nil {
				t.Fatal(err)
			}
			if math.Abs(got-want.P) > 1e-12 {
				t.Errorf("%d and %d, shift %v, alternative %d: %v, want %v", n, m, shift, alternative, got, want.P)
			}
		}
		above, _ := rank(after, before).sum(0)
		u, err := moremath.MannWhitneyUTest(after, before, moremath.LocationGreater)
		if err != nil || above+float64(n*m)/2 != u.U {
			t.Errorf("U is %v, want %v (%v)", above+float64(n*m)/2, u.U, err)
		}
	}
	f(1440, 1440, 0)
	f(1440, 1440, 0.05)
	f(1440, 1440, -0.2)
	f(60, 200, 0.3)
	f(300, 26, 1)
}

// TestRanksAsTheyAreWritten compares with ranking every value by counting.
func TestRanksAsTheyAreWritten(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		values := rapid.SliceOfN(rapid.Map(rapid.IntRange(-5, 5), func(i int) float64 { return float64(i) / 4 }), 1, 30)
		x, y := values.Draw(t, "x"), values.Draw(t, "y")
		mu := float64(rapid.IntRange(-4, 4).Draw(t, "mu")) / 4
		above := 0.0
		for _, a := range x {
			for _, b := range y {
				if a-mu > b {
					above += 0.5
				} else if a-mu < b {
					above -= 0.5
				}
			}
		}
		if got, _ := rank(x, y).sum(mu); math.Abs(got-above) > 1e-9 {
			t.Fatalf("rank sum %v above its mean, want %v", got, above)
		}
	})
}

// TestTestsAgainstPermutation computes every split of a small sample in two. The share of
// splits that are at least as extreme is the exact p-value.
func TestTestsAgainstPermutation(t *testing.T) {
	f := func(name string, test func(before, after []float64) float64, tolerance float64, before, after []float64) {
		t.Helper()
		all, observed := slices.Concat(before, after), test(before, after)
		splits, extreme := 0, 0
		for chosen := range 1 << len(all) {
			var one, other []float64
			for i, v := range all {
				if chosen>>i&1 == 1 {
					other = append(other, v)
				} else {
					one = append(one, v)
				}
			}
			if len(other) != len(after) {
				continue
			}
			splits++
			if test(one, other) <= observed+1e-12 {
				extreme++
			}
		}
		if want := float64(extreme) / float64(splits); math.Abs(observed-want) > tolerance {
			t.Errorf("%s: p %v, permutation %v", name, observed, want)
		}
	}
	r := rand.New(rand.NewPCG(3, 3))
	for i := range 6 {
		var before, after []float64
		for range 8 {
			before, after = append(before, r.NormFloat64()), append(after, r.NormFloat64()+float64(i)/4)
		}
		f(fmt.Sprintf("Welch, shift %d/4", i), welch, 0.02, before, after)
		f(fmt.Sprintf("Mann-Whitney, shift %d/4", i), mannWhitney, 0.01, before, after)
	}
	f("Mann-Whitney with ties", mannWhitney, 0.02, []float64{1, 1, 2, 2, 2, 3, 3, 4}, []float64{2, 2, 3, 3, 4, 4, 4, 5})
}

func BenchmarkMannWhitney(b *testing.B) {
	before, after := grains(1, 1440, 0), grains(2, 1440, 0.05)
	b.Run("ours", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			mannWhitney(before, after)
		}
	})
	b.Run("moremath", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			_, _ = moremath.MannWhitneyUTest(after, before, moremath.LocationGreater)
		}
	})
}

// TestMannWhitneyKeepsItsMemory bounds allocations, because mannWhitney is called at every
// tick of every scenario. With the race detector a pool sometimes drops its values, which
// is at most one allocation per call; without a pool there are three.
func TestMannWhitneyKeepsItsMemory(t *testing.T) {
	before, after := grains(1, 1440, 0), grains(2, 1440, 0.05)
	if n := testing.AllocsPerRun(200, func() { mannWhitney(before, after) }); n > 1 {
		t.Errorf("%v allocations a test", n)
	}
}
