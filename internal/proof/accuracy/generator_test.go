package accuracy

import (
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"gonum.org/v1/gonum/stat"

	"github.com/pushback/pushback/detector/stats"
)

// drawn is a fortnight of one generator.
func drawn(t *testing.T, name string) []float64 {
	t.Helper()
	for _, g := range Generators {
		if g.Name == name {
			return g.draw(rand.New(rand.NewPCG(5, 5)), 14*dayTicks)
		}
	}
	t.Fatalf("no generator %q", name)
	return nil
}

// correlation is that of values so many ticks apart.
func correlation(x []float64, lag int) float64 {
	return stat.Correlation(x[:len(x)-lag], x[lag:], nil)
}

// TestGenerators compares moments with what the processes have by theory.
func TestGenerators(t *testing.T) {
	f := func(what string, got, want, tolerance float64) {
		t.Helper()
		if math.Abs(got-want) > tolerance {
			t.Errorf("%s: %v, want %v ± %v", what, got, want, tolerance)
		}
	}
	ar := drawn(t, "AR .9")
	f("AR .9, mean", stats.Mean(ar), 100, 2)
	f("AR .9, standard deviation", stat.StdDev(ar, nil), 5/math.Sqrt(1-.81), 0.5)
	f("AR .9, correlation of neighbours", correlation(ar, 1), 0.9, 0.01)
	f("AR .9, correlation at ten ticks", correlation(ar, 10), math.Pow(0.9, 10), 0.05)
	walk := differencesOf(drawn(t, "random walk"))
	f("random walk, standard deviation of steps", stat.StdDev(walk, nil), 1, 0.02)
	f("random walk, correlation of steps", correlation(walk, 1), 0, 0.02)
	f("daily season, correlation at a day", correlation(drawn(t, "daily season"), dayTicks), 800/(800+16*1.08), 0.01)
	f("weekly season, correlation at a week", correlation(drawn(t, "weekly season"), 7*dayTicks), 0.98, 0.015)
	grown := drawn(t, "daily season, growth 15 %")
	f("growth, last day over first", stats.Mean(grown[13*dayTicks:])/stats.Mean(grown[:dayTicks]), math.Pow(1.15, 13), 0.1)
	linear := drawn(t, "daily season, linear growth")
	f("linear growth, last day", stats.Mean(linear[13*dayTicks:]), 97, 1)
	f("linear growth, first day", stats.Mean(linear[:dayTicks]), 19, 2)
	memory := differencesOf(drawn(t, "daily season, AR .9 noise"))
	f("season with memory, correlation of steps", correlation(memory, 1), -0.05, 0.02)
	f("t3, standard deviation", stat.StdDev(drawn(t, "t3 noise"), nil), 5, 0.5)
	f("lognormal, median", stats.Median(drawn(t, "lognormal"), nil), 100, 2)
	f("cron, mean", stats.Mean(drawn(t, "hourly cron")), 105, 0.3)
	f("cron, correlation at an hour", correlation(drawn(t, "hourly cron"), 60), 475/500., 0.02)
	f("jittered cron, mean", stats.Mean(drawn(t, "hourly cron, jitter")), 100+100*3.5/60, 0.6)
	for name, rate := range map[string]float64{"Poisson .2": 0.2, "Poisson 3": 3} {
		x := drawn(t, name)
		f(name+", mean", stats.Mean(x), rate, 0.04*math.Sqrt(rate))
		f(name+", variance", stat.Variance(x, nil), rate, 0.04*rate)
	}
	f("spikes, mean", stats.Mean(drawn(t, "sparse spikes")), 0.02, 0.003)
	f("missing share", missing(drawn(t, "10 % missing")), 0.1, 0.01)
	f("minutes without requests", missing(drawn(t, "gappy percentile")), math.Exp(-1.5), 0.01)
	f("saw-tooth, mean", stats.Mean(drawn(t, "saw-tooth")), 200+2*(65*64+15*15)/(2*65.), 3)
}

func differencesOf(x []float64) []float64 {
	d := make([]float64, len(x)-1)
	for i := range d {
		d[i] = x[i+1] - x[i]
	}
	return d
}

// missing is the share of ticks without a value.
func missing(x []float64) float64 { return 1 - float64(len(stats.Finite(nil, x)))/float64(len(x)) }

// TestRegress holds that a count stays a count, and that the others are shifted or doubled.
func TestRegress(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 1))
	noise := Generator{Sigma: 2}
	if got := noise.regress(r, []float64{1, 3}, 0); got[0] != 7 || got[1] != 9 {
		t.Errorf("+3 σ: %v", got)
	}
	if got := noise.regress(r, []float64{1, 3}, 1); got[0] != 2 || got[1] != 6 {
		t.Errorf("×2: %v", got)
	}
	counts := poissonOf("", 3)
	worse := counts.regress(r, make([]float64, 20000), 1)
	if mean := stats.Mean(worse); math.Abs(mean-6) > 0.1 || worse[0] != math.Round(worse[0]) {
		t.Errorf("doubled counts: mean %v, first %v", mean, worse[0])
	}
}

// TestSourceOf holds that a series depends on its own kind, length, seed and number
// only.
func TestSourceOf(t *testing.T) {
	first := func(g Generator, span time.Duration, seed uint64, number int) uint64 {
		return sourceOf(g.Name, span, seed, number).Uint64()
	}
	g := Generators[0]
	seen := map[uint64]bool{}
	for _, value := range []uint64{
		first(g, time.Hour, 1, 0), first(g, time.Hour, 1, 1), first(g, time.Hour, 2, 0), first(g, 2*time.Hour, 1, 0), first(Generators[1], time.Hour, 1, 0),
	} {
		if seen[value] {
			t.Error("two series have the same source")
		}
		seen[value] = true
	}
	if !seen[first(g, time.Hour, 1, 0)] {
		t.Error("a source is not the same twice")
	}
}
