package detector

import (
	"math"
	"slices"
	"time"

	"github.com/pushback/pushback/detector/stats"
)

// blended is the blend with the days before, where that finds the smaller
// shift, and without them behind it. Choosing among all forecasters by what
// they would detect was tried, and fell for whichever had the calmer placebos.
//
// Under a week of history the published forecasters serve, their shares fixed:
// weights learned from two days of minutes believed those two days too much,
// and raised false alarms by half.
func (l learner) blended(d float64, periods []int) []Scan {
	l.tempered = true
	if l.period == 0 || len(l.x) < typicalDays*l.period {
		return l.scans(d, periods)
	}
	local, daily := l.blendScan(0, d), l.blendScan(l.period, d)
	chain := []Scan{local}
	if daily.usable() && (!local.usable() || daily.Detectable < local.Detectable) {
		chain = []Scan{daily, local}
	}
	if chain = slices.DeleteFunc(chain, func(s Scan) bool { return !s.usable() }); len(chain) > 0 {
		return chain
	}
	return l.scans(d, periods)
}

// usable says whether there were placebos enough to tell a tail.
func (s Scan) usable() bool { return s.Placebos >= minPlacebos }

// blendScan is the placebo scan of the blend, with the days before where a
// period is given.
func (l learner) blendScan(period int, d float64) Scan {
	s := Scan{Forecaster: blend, Period: time.Duration(period) * l.tick}
	if period > 0 {
		s.Forecaster = dailyBlend
	}
	stances, at := l.stances(period)
	s.Placebos = len(at)
	if len(at) < minPlacebos {
		return s
	}
	s.Weights = l.learnWeights(stances, at, period)
	p := placebos{at: at}
	o := outlook{forecast: make([]float64, l.after), scratch: make([]float64, 0, l.before)}
	for i, at := range at {
		o.blend(l.x[at-l.before:at], stances[i], s.Weights)
		p.forecast, p.spread = append(p.forecast, o.forecast...), append(p.spread, o.spread)
	}
	l.sumUp(&s, p, d)
	return s
}

// stances are the before windows of all placebos the blend can be tried at.
func (l learner) stances(period int) (stances []stance, at []int) {
	scratch, fade := make([]float64, 0, l.before), fading(l.after)
	for t := l.before; t <= len(l.x)-l.after; t += placeboStep {
		if t-period-l.before < 0 || !mostly(l.x[t-l.before:t]) || !mostly(l.x[t:t+l.after]) {
			continue
		}
		days, ok := l.days(t, period, scratch)
		if !ok {
			continue
		}
		stances, at = append(stances, stanceOf(l.x[t-l.before:t], fade, days, scratch)), append(at, t)
	}
	return stances, at
}

func (l learner) days(at, period int, scratch []float64) ([]lookback, bool) {
	if period == 0 {
		return nil, true
	}
	from, to := at-period-l.before, at-period
	if !mostly(l.x[from:to]) || !mostly(l.smooth[to:to+l.after]) {
		return nil, false
	}
	return []lookback{
		lookBack(l.smooth[from:to], l.smooth[to:to+l.after], scratch),
		lookBack(l.typical[from:to], l.typical[to:to+l.after], scratch),
	}, true
}

// How weights are learned: ridge is the share of each part's own sum of
// squares that the prior is worth, robustAt the size in σ beyond which a
// residual counts linearly (Huber 1964), rounds the reweightings.
const (
	ridge    = 0.1
	robustAt = 1.5
	rounds   = 3
)

// learnWeights is a robust ridge regression of what came after every placebo
// on the parts of its before window. Windows count by their own precision, so
// that the noisy hours do not decide for the calm ones.
func (l learner) learnWeights(stances []stance, at []int, period int) []float64 {
	parts := localParts
	if period > 0 {
		parts = blendParts
	}
	weights := append([]float64(nil), blendPrior[:parts]...)
	scales := l.plainScales(stances, at)
	for range rounds {
		normal := stats.NewNormal(parts)
		for i, s := range stances {
			l.regress(normal, s, at[i], scales[i], weights)
		}
		weights = normal.Solve(ridge, blendPrior[:parts])
	}
	return weights
}

func (l learner) regress(normal *stats.Normal, s stance, at int, scale float64, weights []float64) {
	for j, a := range l.x[at : at+l.after] {
		if math.IsNaN(a) {
			continue
		}
		parts := s.ahead(j)
		w := 1 / (scale * scale)
		if z := math.Abs(a-s.weigh(parts, weights)) / scale; z > robustAt {
			w *= robustAt / z
		}
		normal.Add(parts[:len(weights)], a-s.median, w)
	}
}

// plainScales are σ of every placebo's window around its median.
func (l learner) plainScales(stances []stance, at []int) []float64 {
	spreads := make([]float64, len(at))
	o := outlook{scratch: make([]float64, 0, l.before)}
	for i, at := range at {
		o.measure(l.x[at-l.before:at], func(int) float64 { return stances[i].median })
		spreads[i] = o.spread
	}
	usual := l.typicalSpread(spreads)
	for i, m := range spreads {
		spreads[i] = scaleOf(m, usual)
	}
	return spreads
}
