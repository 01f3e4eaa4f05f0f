package accuracy

import (
	"math"
	"slices"
	"sort"

	"github.com/pushback/pushback/detector/stats"
)

// The placebo scan as it was first published. The detector is derived from it and
// compared with it. It has three forecasters with fixed shares, scan lengths in units of
// their 90 % quantiles, and an exponential tail whose mean is taken as known.
const (
	recipeRecent = "recent"
	recipeTrend  = "trend"
	recipeSeason = "season"

	recipeShortest = 60 // placebos, at least
	recipeStep     = 3  // ticks between placebos
	recipeTail     = 0.2
)

var recipeLengths = [...]int{1, 2, 3, 5, 10, 20, 30}

// recipe is what one forecaster has learned from one history.
type recipe struct {
	forecaster string
	period     int
	x, smooth  []float64
	scale      float64                     // s0
	units      [len(recipeLengths)]float64 // u_k
	order      []float64                   // G, ascending
	q80, q99   float64
	excess     float64 // β
	detectable float64
	floor      float64 // the history's 5 % quantile
}

// learnRecipe returns the forecaster with the smallest detectable shift; nil if the
// history has too few complete placebos.
func learnRecipe(x []float64, period int) *recipe {
	var best *recipe
	for _, name := range []string{recipeRecent, recipeTrend, recipeSeason} {
		r := &recipe{forecaster: name, x: x, smooth: stats.Smooth5(x)}
		if name == recipeSeason {
			r.period = period
		}
		if r.learn() && (best == nil || r.detectable < best.detectable) {
			best = r
		}
	}
	return best
}

func (r *recipe) learn() bool {
	at := r.placebos()
	if len(at) < recipeShortest {
		return false
	}
	forecasts, spreads := make([][]float64, len(at)), make([]float64, len(at))
	square := 0.0
	for i, t := range at {
		forecasts[i], spreads[i] = r.forecast(t, r.x[t-window:t])
		square += spreads[i] * spreads[i] / float64(len(at))
	}
	r.scale = max(stats.Median(spreads, nil), r.leastScale())
	peaks := make([][len(recipeLengths)]float64, len(at))
	for i, t := range at {
		peaks[i] = peaksOf(r.residuals(r.x[t:t+window], forecasts[i], spreads[i]))
	}
	r.rank(peaks)
	r.floor = quantileOf(r.x, 0.05)
	r.detectable = (r.q80 + r.excess*math.Log(20)) * r.units[4] * math.Sqrt(square/2+r.scale*r.scale/2)
	return true
}

// leastScale is the spread of the steps between ticks, with a tiny floor.
func (r *recipe) leastScale() float64 {
	var steps []float64
	for i := 1; i < len(r.x); i++ {
		steps = append(steps, r.x[i]-r.x[i-1])
	}
	return max(stats.NormalMAD*stats.MAD(steps, nil)/math.Sqrt2, 1e-9*math.Abs(stats.Mean(r.x))+1e-100)
}

// placebos are the ticks whose windows, and the windows one period earlier, have at least
// three quarters of their samples.
func (r *recipe) placebos() []int {
	there := func(x []float64) bool { return 4*len(stats.Finite(nil, x)) >= 3*len(x) }
	var at []int
	for t := window; t <= len(r.x)-window; t += recipeStep {
		if t-r.period-window < 0 || !there(r.x[t-window:t]) || !there(r.x[t:t+window]) {
			continue
		}
		if r.period == 0 || there(r.x[t-r.period-window:t-r.period]) && there(r.smooth[t-r.period:min(t-r.period+window, len(r.x))]) {
			at = append(at, t)
		}
	}
	return at
}

// forecast is f_j of every after-tick, and m_B, for a change at tick t whose
// before window is b.
func (r *recipe) forecast(t int, b []float64) (f []float64, spread float64) {
	median, slope, middle := stats.Median(b, nil), 0.6*stats.Slope(b), float64(window-1)/2
	f, away := make([]float64, window), make([]float64, window)
	level, step := median+slope*middle, slope
	var base float64
	if r.forecaster == recipeSeason {
		base = stats.Median(r.x[t-r.period-window:t-r.period], nil)
	}
	for j := range f {
		step *= 0.93
		level += step
		switch r.forecaster {
		case recipeRecent:
			f[j], away[j] = median/2+stats.Median(b[window-10:], nil)/2, b[j]-median
		case recipeTrend:
			f[j], away[j] = level, b[j]-median-slope*(float64(j)-middle)
		case recipeSeason:
			ahead := r.smooth[min(t-r.period+j, len(r.smooth)-1)]
			f[j], away[j] = median+0.8*(ahead-base), b[j]-median-0.8*(r.smooth[t-r.period-window+j]-base)
		}
	}
	for j, v := range away {
		away[j] = math.Abs(v)
	}
	return f, stats.NormalMAD * stats.Median(away, nil)
}

// residuals are in units of σ, compressed logarithmically above 5; a missing tick is 0.
func (r *recipe) residuals(a, f []float64, spread float64) []float64 {
	sigma, out := math.Sqrt(spread*spread/2+r.scale*r.scale/2), make([]float64, len(a))
	for j := range a {
		v := (a[j] - f[j]) / sigma
		if size := math.Abs(v); size > 5 {
			v = math.Copysign(5*(1+math.Log(size/5)), v)
		}
		if !math.IsNaN(v) {
			out[j] = v
		}
	}
	return out
}

// peaksOf is max_t Z_{t,k} for every k.
func peaksOf(residuals []float64) (peaks [len(recipeLengths)]float64) {
	sums := make([]float64, len(residuals)+1)
	for j, v := range residuals {
		sums[j+1] = sums[j] + v
	}
	for i, k := range recipeLengths {
		peaks[i] = math.Inf(-1)
		for t := k; t < len(sums); t++ {
			peaks[i] = max(peaks[i], (sums[t]-sums[t-k])/float64(k))
		}
	}
	return peaks
}

func (r *recipe) rank(peaks [][len(recipeLengths)]float64) {
	column := make([]float64, len(peaks))
	for k := range r.units {
		for i := range peaks {
			column[i] = peaks[i][k]
		}
		r.units[k] = max(quantileOf(column, 0.9), 0.25)
	}
	for i := range peaks {
		r.order = append(r.order, r.largest(peaks[i]))
	}
	sort.Float64s(r.order)
	at := int((1 - recipeTail) * float64(len(r.order)))
	r.q80, r.q99 = r.order[at], stats.Quantile(r.order, 0.99)
	for _, g := range r.order[at+1:] {
		r.excess += (g - r.q80) / float64(len(r.order)-at-1)
	}
}

func (r *recipe) largest(peaks [len(recipeLengths)]float64) float64 {
	g := math.Inf(-1)
	for k, z := range peaks {
		g = max(g, z/r.units[k])
	}
	return g
}

// p of the running maximum g.
func (r *recipe) p(g float64) float64 {
	if g > r.q80 {
		return recipeTail * math.Exp(-(g-r.q80)/r.excess)
	}
	n := len(r.order)
	return float64(n-sort.SearchFloat64s(r.order, g)+1) / float64(n+1)
}

// path is g after every tick of a change right after the history. Its before window may
// differ from the end of the history.
func (r *recipe) path(before, after []float64) []float64 {
	f, spread := r.forecast(len(r.x), before)
	for j := range f {
		f[j] = max(f[j], r.floor)
	}
	residuals, g := r.residuals(after, f, spread), make([]float64, len(after))
	for t := range g {
		g[t] = r.largest(peaksOf(residuals[:t+1]))
	}
	return g
}

func quantileOf(x []float64, q float64) float64 {
	return stats.Quantile(slices.Sorted(slices.Values(stats.Finite(nil, x))), q)
}

// watchRecipe is the recipe's score, −log10 p, at every tick; 0 if the history is too
// short or constant.
func watchRecipe(m moment, history int) func(after []float64) []float64 {
	r := learnRecipe(m.history(history), m.day())
	return func(after []float64) []float64 {
		scores := make([]float64, len(after))
		if r == nil || !(r.excess > 0) {
			return scores
		}
		for t, g := range r.path(m.before(), after) {
			scores[t] = max(0, -math.Log10(r.p(g)))
		}
		return scores
	}
}
