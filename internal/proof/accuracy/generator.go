package accuracy

import (
	"math"
	"math/rand/v2"

	"gonum.org/v1/gonum/stat/distuv"

	"github.com/pushback/pushback/detector/stats"
)

// Generator draws series of one kind, a value a minute, in which nothing was deployed.
// Sigma is the standard deviation of what is new in a tick: the noise, or the innovation
// of a series that remembers.
type Generator struct {
	Name  string
	Sigma float64
	draw  func(r *rand.Rand, n int) []float64
	// redraw, if set, draws after-ticks whose rate is worse, because a constant added to
	// a count would be no count. Nil: see regressions.
	redraw func(r *rand.Rand, n int, rate float64) []float64
	rate   float64 // of redraw, when nothing was deployed
}

// dayTicks is a day of minutes.
const dayTicks = 24 * 60

// Generators are the kinds of series on which the detector is calibrated.
var Generators = []Generator{
	{Name: "white noise", Sigma: 5, draw: around(100, 5, 0)},
	{Name: "AR .9", Sigma: 5, draw: around(100, 5, 0.9)},
	{Name: "AR .99", Sigma: 2, draw: around(100, 2, 0.99)},
	{Name: "daily season", Sigma: 4, draw: seasonal(0, false)},
	{Name: "weekly season", Sigma: 4, draw: seasonal(0, true)},
	{Name: "daily season, growth 3 %", Sigma: 4, draw: seasonal(0.03, false)},
	{Name: "daily season, growth 7 %", Sigma: 4, draw: seasonal(0.07, false)},
	{Name: "daily season, growth 15 %", Sigma: 4, draw: seasonal(0.15, false)},
	{Name: "daily season, linear growth", Sigma: 4, draw: linearGrowth},
	{Name: "daily season, AR .9 noise", Sigma: 4, draw: seasonalWithMemory},
	{Name: "t3 noise", Sigma: 5, draw: heavyTailed},
	{Name: "lognormal", Sigma: 60, draw: skewed},
	{Name: "random walk", Sigma: 1, draw: around(1000, 1, 1)},
	{Name: "hourly cron", Sigma: 5, draw: cron(0)},
	{Name: "hourly cron, jitter", Sigma: 5, draw: cron(10)},
	{Name: "level shifts", Sigma: 5, draw: levelShifts},
	poissonOf("Poisson .2", 0.2),
	poissonOf("Poisson 3", 3),
	{Name: "10 % missing", Sigma: 5, draw: withGaps(0.1)},
	{Name: "saw-tooth", Sigma: 3, draw: sawTooth},
	{Name: "sparse spikes", Sigma: 1, draw: spikesEvery(50)},
	{Name: "gappy percentile", Sigma: 0.1, draw: gappyPercentile},
}

// around draws an autoregressive series of order one about a level; rho 0 is white noise,
// and rho 1 a random walk that begins at the level.
func around(level, sigma, rho float64) func(r *rand.Rand, n int) []float64 {
	return func(r *rand.Rand, n int) []float64 {
		x, state := make([]float64, n), 0.0
		if rho < 1 {
			state = sigma / math.Sqrt(1-rho*rho) * r.NormFloat64()
		}
		for i := range x {
			state = rho*state + sigma*r.NormFloat64()
			x[i] = level + state
		}
		return x
	}
}

// seasonal draws a level that swings by 40 % in a day and grows by a share of itself each
// day; its last day is about 100. With a week, two days of seven are half as high. Its
// noise is in proportion to the level.
func seasonal(growth float64, week bool) func(r *rand.Rand, n int) []float64 {
	return func(r *rand.Rand, n int) []float64 {
		x, phase := make([]float64, n), r.IntN(7*dayTicks)
		for i := range x {
			at := i + phase
			level := 100 * (1 + 0.4*math.Sin(2*math.Pi*float64(at)/dayTicks))
			level *= math.Pow(1+growth, float64(i-n)/dayTicks)
			if week && at/dayTicks%7 >= 5 {
				level /= 2
			}
			x[i] = level * (1 + 0.04*r.NormFloat64())
		}
		return x
	}
}

// linearGrowth draws a level that grows by 6 each day, to 100 at the end, and swings.
func linearGrowth(r *rand.Rand, n int) []float64 {
	x, phase := make([]float64, n), r.IntN(dayTicks)
	for i := range x {
		level := 100 + 6*float64(i-n)/dayTicks
		x[i] = level * (1 + 0.4*math.Sin(2*math.Pi*float64(i+phase)/dayTicks)) * (1 + 0.04*r.NormFloat64())
	}
	return x
}

// seasonalWithMemory draws a level that swings by 40 % in a day, with noise that remembers.
func seasonalWithMemory(r *rand.Rand, n int) []float64 {
	x, phase := around(100, 4, 0.9)(r, n), r.IntN(dayTicks)
	for i := range x {
		x[i] += 40 * math.Sin(2*math.Pi*float64(i+phase)/dayTicks)
	}
	return x
}

// heavyTailed draws Student's t with three degrees of freedom: its variance is finite, and
// its fourth moment is not.
func heavyTailed(r *rand.Rand, n int) []float64 {
	t := distuv.StudentsT{Mu: 100, Sigma: 5 / math.Sqrt(3), Nu: 3, Src: r}
	x := make([]float64, n)
	for i := range x {
		x[i] = t.Rand()
	}
	return x
}

// skewed draws a median of 100 with a long upper tail.
func skewed(r *rand.Rand, n int) []float64 {
	x := make([]float64, n)
	for i := range x {
		x[i] = 100 * math.Exp(0.5*r.NormFloat64())
	}
	return x
}

// cron draws noise about 100, doubled for three minutes of each hour. With jitter, each
// run begins up to that many minutes late, and takes one to six minutes.
func cron(jitter int) func(r *rand.Rand, n int) []float64 {
	return func(r *rand.Rand, n int) []float64 {
		x := around(100, 5, 0)(r, n)
		for hour := -r.IntN(60); hour < n; hour += 60 {
			begin, length := hour, 3
			if jitter > 0 {
				begin, length = hour+r.IntN(jitter+1), 1+r.IntN(6)
			}
			for i := max(begin, 0); i < min(begin+length, n); i++ {
				x[i] += 100
			}
		}
		return x
	}
}

// levelShifts draws noise about a level that moves once a day on average, at any time, by
// four times the noise on average.
func levelShifts(r *rand.Rand, n int) []float64 {
	x, level := make([]float64, n), 200.0
	for i := range x {
		if r.Float64() < 1./dayTicks {
			level += 20 * r.NormFloat64()
		}
		x[i] = level + 5*r.NormFloat64()
	}
	return x
}

// poissonOf draws events a minute.
func poissonOf(name string, rate float64) Generator {
	draw := func(r *rand.Rand, n int, rate float64) []float64 {
		x := make([]float64, n)
		for i := range x {
			x[i] = distuv.Poisson{Lambda: rate, Src: r}.Rand()
		}
		return x
	}
	return Generator{
		Name: name, Sigma: math.Sqrt(rate), rate: rate, redraw: draw,
		draw: func(r *rand.Rand, n int) []float64 { return draw(r, n, rate) },
	}
}

// withGaps draws a series that remembers a little, of which a share of the ticks is
// missing.
func withGaps(missing float64) func(r *rand.Rand, n int) []float64 {
	return func(r *rand.Rand, n int) []float64 {
		x := around(100, 5, 0.5)(r, n)
		leaveOut(r, x, missing)
		return x
	}
}

// leaveOut makes a share of the ticks missing.
func leaveOut(r *rand.Rand, x []float64, share float64) {
	for i := range x {
		if r.Float64() < share {
			x[i] = math.NaN()
		}
	}
}

// sawTooth draws memory that fills for 40 to 90 minutes and is then collected.
func sawTooth(r *rand.Rand, n int) []float64 {
	x := make([]float64, n)
	for i := -r.IntN(60); i < n; {
		length := 40 + r.IntN(51)
		for k := range length {
			if at := i + k; at >= 0 && at < n {
				x[at] = 200 + 2*float64(k) + 3*r.NormFloat64()
			}
		}
		i += length
	}
	return x
}

// gappyPercentile draws the 95th percentile of a minute's latencies, of one and a half requests
// on average: none in a minute without requests.
func gappyPercentile(r *rand.Rand, n int) []float64 {
	x, requests := make([]float64, n), distuv.Poisson{Lambda: 1.5, Src: r}
	for i := range x {
		latencies := make([]float64, int(requests.Rand()))
		for k := range latencies {
			latencies[k] = 0.1 * math.Exp(0.7*r.NormFloat64())
		}
		x[i] = math.NaN()
		if len(latencies) > 0 {
			x[i] = stats.QuantileInPlace(latencies, 0.95)
		}
	}
	return x
}

// regressions are what is done to the after-ticks to see what is found: they are multiplied,
// and so many standard deviations of the innovation are added.
var regressions = []struct {
	name           string
	factor, sigmas float64
}{{"+3 σ", 1, 3}, {"×2", 2, 0}}

// regress returns after-ticks with a lasting regression.
func (g Generator) regress(r *rand.Rand, after []float64, regression int) []float64 {
	factor, shift := regressions[regression].factor, regressions[regression].sigmas*g.Sigma
	if g.redraw != nil {
		return g.redraw(r, len(after), g.rate*factor+shift)
	}
	worse := make([]float64, len(after))
	for i, x := range after {
		worse[i] = x*factor + shift
	}
	return worse
}
