package detector

import (
	"math"

	"github.com/pushback/pushback/detector/stats"
)

// How weights are learned: ridge is the share of each part's own sum of squares that the
// prior is worth, huberThreshold the size in σ beyond which a residual counts linearly
// (Huber 1964), rounds the number of reweightings, windowsForWeights about how many windows
// are enough, and limitQuantile the quantile of a level's size at which it is cut; of the long
// level, see fadeQuantile.
const (
	ridge             = 0.1
	huberThreshold    = 1.5
	rounds            = 2
	windowsForWeights = 480
	limitQuantile     = 0.99
)

// learnLimits are how large each level of a before window has been, at all but
// the most extreme of the placebos.
func learnLimits(baselines []baseline, lookbacks int) []float64 {
	limits, sizes := make([]float64, levelsOf(lookbacks)), make([]float64, len(baselines))
	for k := range limits {
		for i := range baselines {
			sizes[i] = math.Abs(baselines[i].levels[k])
		}
		limits[k] = stats.QuantileInPlace(sizes, cutQuantile(k))
	}
	return limits
}

func cutQuantile(level int) float64 {
	if level == longLevel {
		return fadeQuantile
	}
	return limitQuantile
}

// learnedTicks are the after-ticks that weights are learned from: close
// together where forecasts change fast, and apart where they do not.
func learnedTicks(after int) []int {
	var ticks []int
	for j := 0; j < after; j += 1 + j/3 {
		ticks = append(ticks, j)
	}
	return ticks
}

// learnWeights is a robust ridge regression of the ticks after the placebos on the parts of
// their before windows. Each window counts by its own precision, so that noisy hours do not
// dominate calm ones.
//
// See adr/0013.
func (l learner) learnWeights(p placebos) []float64 {
	stride := (len(p.at) + windowsForWeights - 1) / windowsForWeights
	weights, shrinkTo := prior(p.lookbacks), prior(p.lookbacks)
	scales := l.plainScales(p, stride)
	for range rounds {
		normal := stats.NewNormal(len(weights))
		for i, scale := range scales {
			l.regress(normal, &p.baselines[i*stride], p.at[i*stride], scale, weights)
		}
		weights = normal.Solve(ridge, shrinkTo)
	}
	return weights
}

// regress adds a window. Every part of a forecast is a number of the window times one of a
// few functions of the tick. Only these functions are summed over the ticks, and the parts
// are made of the sums once.
func (l learner) regress(normal *stats.Normal, s *baseline, at int, scale float64, weights []float64) {
	g := group{functions: nearFunctions + len(s.back)}
	g.fold(s, weights)
	for _, j := range l.ticks {
		if a := l.x[at+j]; !math.IsNaN(a) {
			g.tick(s, j, l.horizon, a-s.median, scale)
		}
	}
	normal.AddGroup(g.coefficients[:len(weights)], g.of[:len(weights)], g.functions, g.xx[:], g.xy[:])
}

// The functions of the tick: one, how near it is, how far a slope still
// carries, and the shape of each lookback.
const (
	lasting = iota
	nearby
	carried
	nearFunctions
	mostFunctions = nearFunctions + mostLookbacks
)

// group is one window on its way into the normal equations.
type group struct {
	functions    int
	coefficients [mostParts]float64 // of every part, in the order of fold
	of           [mostParts]int     // the function each is a multiple of
	folded       [mostFunctions]float64
	xx           [mostFunctions * mostFunctions]float64
	xy           [mostFunctions]float64
}

// fold sets the parts of a forecast (every level for good and while the tick is near, the
// slope, and the shape of every lookback) and their weighted sum for each function.
func (g *group) fold(s *baseline, weights []float64) {
	levels := levelsOf(len(s.back))
	for i, v := range s.levels[:levels] {
		g.coefficients[2*i], g.of[2*i] = v, lasting
		g.coefficients[2*i+1], g.of[2*i+1] = v, nearby
	}
	g.coefficients[2*levels], g.of[2*levels] = s.slope, carried
	for i := range s.back {
		g.coefficients[2*levels+1+i], g.of[2*levels+1+i] = 1, nearFunctions+i
	}
	for i, w := range weights {
		g.folded[g.of[i]] += w * g.coefficients[i]
	}
}

// tick adds one after-tick, whose distance from the median is off.
func (g *group) tick(s *baseline, j int, h horizon, off, scale float64) {
	var f [mostFunctions]float64
	f[lasting], f[nearby], f[carried] = 1, h.near[j], s.middle+h.carried[j]
	for i := range s.back {
		f[nearFunctions+i] = offset(s.back[i].ahead[j], s.back[i].base)
	}
	miss := off
	for i, w := range g.folded[:g.functions] {
		miss -= w * f[i]
	}
	weight := 1 / (scale * scale)
	if z := math.Abs(miss) / scale; z > huberThreshold {
		weight *= huberThreshold / z
	}
	for i, v := range f[:g.functions] {
		v *= weight
		row := g.xx[i*g.functions : (i+1)*g.functions]
		for k := i; k < g.functions; k++ {
			row[k] += v * f[k]
		}
		g.xy[i] += v * off
	}
}

// plainScales are σ of every stride-th placebo's window around its median.
func (l learner) plainScales(p placebos, stride int) []float64 {
	spreads := make([]float64, 0, len(p.at)/stride+1)
	o := newForecast(l.before, 0)
	for i := 0; i < len(p.at); i += stride {
		o.measure(l.x[p.at[i]-l.before:p.at[i]], func(int) float64 { return p.baselines[i].median })
		spreads = append(spreads, o.spread)
	}
	usual := l.typicalSpread(spreads)
	for i, m := range spreads {
		spreads[i] = scaleOf(m, usual, evenShare)
	}
	return spreads
}
