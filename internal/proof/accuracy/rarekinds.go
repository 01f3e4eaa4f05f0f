package accuracy

import (
	"math"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/pushback/pushback/detector"
	"github.com/pushback/pushback/detector/stats"
)

// sparseKinds are zeros with a spike now and then.
func sparseKinds() []rare {
	var kinds []rare
	for _, every := range []int{50, 20, 10} {
		name := "a spike in " + number(float64(every)) + " min"
		kinds = append(
			kinds,
			rare{what: name + ", nothing happens", spans: shortAndLong, within: window, quiet: true, draw: spikesEvery(every)},
			rare{what: name + ", spikes × 20, at least one", spans: shortAndLong, within: window, draw: spikesEvery(every), change: higherSpikes(every, 20)},
			rare{what: name + ", none but one, 50 × the worst ever", spans: shortAndLong, within: window, draw: spikesEvery(every), change: oneSpike},
		)
	}
	return kinds
}

// spikesEvery draws zeros with a spike at one tick of so many, one high on average.
func spikesEvery(ticks int) func(r *rand.Rand, n int) []float64 {
	return func(r *rand.Rand, n int) []float64 {
		x := make([]float64, n)
		for i := range x {
			if r.IntN(ticks) == 0 {
				x[i] = r.ExpFloat64()
			}
		}
		return x
	}
}

// higherSpikes draws after-ticks with spikes as often as before, and so many times as high.
// Without any spike there would be nothing to find, so at least one is drawn.
func higherSpikes(every int, times float64) func(r *rand.Rand, history, after []float64) []float64 {
	draw := spikesEvery(every)
	return func(r *rand.Rand, _, after []float64) []float64 {
		x := draw(r, len(after))
		for slices.Max(x) == 0 {
			x = draw(r, len(after))
		}
		for i := range x {
			x[i] *= times
		}
		return x
	}
}

// oneSpike is a single tick, fifty times as high as anything in the history.
func oneSpike(r *rand.Rand, history, after []float64) []float64 {
	x := make([]float64, len(after))
	x[r.IntN(len(x))] = 50 * slices.Max(history)
	return x
}

// flatKinds never move before the change.
func flatKinds() []rare {
	constant := func(value float64) func(r *rand.Rand, n int) []float64 {
		return func(_ *rand.Rand, n int) []float64 { return slices.Repeat([]float64{value}, n) }
	}
	to := func(value float64) func(r *rand.Rand, history, after []float64) []float64 {
		return func(_ *rand.Rand, _, after []float64) []float64 { return slices.Repeat([]float64{value}, len(after)) }
	}
	const soon = 3
	return []rare{
		{what: "a success rate flat at 100 %, then 99 %", worse: detector.Lower, spans: Spans, within: soon, draw: constant(1), change: to(0.99), once: true},
		{what: "a success rate flat at 100 %, then 50 %", worse: detector.Lower, spans: Spans, within: soon, draw: constant(1), change: to(0.5), once: true},
		{what: "a gauge flat at 0, then 5", worse: detector.Higher, spans: Spans, within: soon, draw: constant(0), change: to(5), once: true},
		{what: "flat at 100 % but for the last bit, a tenth missing, then 99 %", worse: detector.Lower, spans: []time.Duration{8 * time.Hour, 14 * 24 * time.Hour}, within: soon, draw: nearlyFlat, change: to(0.99)},
		{what: "flat at any level, some ticks missing, nothing happens", worse: detector.Either, spans: []time.Duration{8 * time.Hour, 48 * time.Hour}, within: window, quiet: true, draw: flatAnywhere, times: 7},
		{what: "flat but for the last bit, a tenth missing, nothing happens", worse: detector.Either, spans: []time.Duration{8 * time.Hour, 48 * time.Hour}, within: window, quiet: true, draw: nearlyFlat, times: 7},
		{what: "flat at 100 % but for a dip of one tick every third day, nothing happens", worse: detector.Lower, spans: shortAndLong, within: window, quiet: true, draw: rareDips},
	}
}

// flatAnywhere draws a constant of any size, and up to a fifth of the ticks missing.
func flatAnywhere(r *rand.Rand, n int) []float64 {
	levels := []float64{0, 1, 5, 0.999, 100, 1e9, 1. / 3, -40}
	x := slices.Repeat([]float64{levels[r.IntN(len(levels))]}, n)
	leaveOut(r, x, 0.2*r.Float64())
	return x
}

// nearlyFlat draws 1 as a store computes it: a sum of parts, off by the last bit at times.
func nearlyFlat(r *rand.Rand, n int) []float64 {
	x := make([]float64, n)
	for i := range x {
		x[i] = []float64{1, 1, math.Nextafter(1, 0), math.NaN(), 1, 1, 1, 1, 1, 1}[r.IntN(10)]
	}
	return x
}

// rareDips draws 1, and a dip of one tick every third day on average.
func rareDips(r *rand.Rand, n int) []float64 {
	x := slices.Repeat([]float64{1}, n)
	for i := range x {
		if r.IntN(3*dayTicks) == 0 {
			x[i] = 0.5 + 0.5*r.Float64()
		}
	}
	return x
}

// spikeKinds are ordinary series with one short spike, far beyond all of their history.
func spikeKinds() []rare {
	var kinds []rare
	for _, g := range Generators {
		if !slices.Contains([]string{"white noise", "AR .9", "t3 noise", "lognormal", "hourly cron, jitter"}, g.Name) {
			continue
		}
		for _, ticks := range []int{1, 3} {
			kinds = append(kinds, rare{
				what:  g.Name + ", one spike of " + number(float64(ticks)) + " min, three times as far out as the worst ever",
				spans: Spans[2:3], within: window, draw: g.draw, change: farSpike(ticks),
			})
		}
	}
	return kinds
}

// farSpike lifts some ticks in a row to three times the distance of the history's worst from
// its median.
func farSpike(ticks int) func(r *rand.Rand, history, after []float64) []float64 {
	return func(r *rand.Rand, history, after []float64) []float64 {
		x, usual := slices.Clone(after), stats.Median(history, nil)
		begin := r.IntN(len(x) - ticks)
		for i := begin; i < begin+ticks; i++ {
			x[i] = usual + 3*(slices.Max(history)-usual)
		}
		return x
	}
}
