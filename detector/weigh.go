package detector

import (
	"math"
	"sort"

	"github.com/pushback/pushback/detector/stats"
)

// learnLimits are how large each level of a before window has been, at all but
// the most extreme of the placebos.
func learnLimits(stances []stance, lookbacks int) []float64 {
	limits, sizes := make([]float64, levelsOf(lookbacks)), make([]float64, len(stances))
	for k := range limits {
		for i := range stances {
			sizes[i] = math.Abs(stances[i].levels[k])
		}
		sort.Float64s(sizes)
		limits[k] = stats.Quantile(sizes, believed)
	}
	return limits
}

// learnedTicks are the after-ticks that weights are learned from: close
// together where forecasts change fast, and apart where they do not.
func learnedTicks(after int) []int {
	var ticks []int
	for j, step := 0, 1; j < after; j += step {
		ticks = append(ticks, j)
		step = 1 + j/3
	}
	return ticks
}

// learnWeights is a robust ridge regression of what came after the placebos on
// the parts of their before windows: how much of each part this signal gives
// reason to believe. Windows count by their own precision, so that the noisy
// hours do not decide for the calm ones.
func (l learner) learnWeights(p placebos) []float64 {
	stride := (len(p.at) + learnedWindows - 1) / learnedWindows
	weights, believed := prior(p.lookbacks), prior(p.lookbacks)
	scales := l.plainScales(p, stride)
	for range rounds {
		normal := stats.NewNormal(len(weights))
		for i, scale := range scales {
			l.regress(normal, &p.stances[i*stride], p.at[i*stride], scale, weights)
		}
		weights = normal.Solve(ridge, believed)
	}
	return weights
}

func (l learner) regress(normal *stats.Normal, s *stance, at int, scale float64, weights []float64) {
	for _, j := range l.ticks {
		a := l.x[at+j]
		if math.IsNaN(a) {
			continue
		}
		parts, n := s.parts(j, l.horizon)
		off := a - s.median
		miss := off
		for i, w := range weights {
			miss -= w * parts[i]
		}
		weight := 1 / (scale * scale)
		if z := math.Abs(miss) / scale; z > robustAt {
			weight *= robustAt / z
		}
		normal.Add(parts[:n], off, weight)
	}
}

// plainScales are σ of every stride-th placebo's window around its median.
func (l learner) plainScales(p placebos, stride int) []float64 {
	var spreads []float64
	o := outlookOf(l.before, 0)
	for i := 0; i < len(p.at); i += stride {
		o.measure(l.x[p.at[i]-l.before:p.at[i]], func(int) float64 { return p.stances[i].median })
		spreads = append(spreads, o.spread)
	}
	usual := l.typicalSpread(spreads)
	for i, m := range spreads {
		spreads[i] = scaleOf(m, usual)
	}
	return spreads
}
