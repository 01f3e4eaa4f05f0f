package detector

import (
	"math"
	"sort"
	"time"

	"github.com/pushback/pushback/detector/stats"
)

// placeboStep is how many ticks apart the placebo changes are set at least, and
// mostPlacebos how many there are at most: neighbours share most of their
// ticks, so that more of them say hardly more.
const (
	placeboStep  = 3
	mostPlacebos = 1600
)

// minPlacebos is how many placebos a scan needs: with fewer, the twelve
// beyond the 80 % quantile say nothing of a tail.
const minPlacebos = 60

// keptOrder is how many order statistics of G a profile keeps at most.
const keptOrder = 1024

// placebos are the moments at which a change is pretended, and what the
// forecaster makes of them. Forecasts lie end to end, after ticks each.
type placebos struct {
	lookbacks int
	at        []int
	stances   []stance
	forecast  []float64
	spread    []float64
}

// scans are the placebo scan with all seasons, and behind it the one without,
// for a change that the profile's past does not reach. Choosing by what they
// would detect was tried, and fell for whichever had the calmer placebos.
func (l learner) scans(d float64) []Scan {
	var scans []Scan
	if len(l.seasons) > 0 {
		if s := l.scan(l.seasons, d); s.Placebos >= minPlacebos {
			scans = append(scans, s)
		}
	}
	if s := l.scan(nil, d); s.Placebos >= minPlacebos {
		scans = append(scans, s)
	}
	return scans
}

// scan lays placebo changes over the history, learns how to forecast them, and
// sums up how far what came after lay from the forecasts.
func (l learner) scan(seasons []season, d float64) Scan {
	s := Scan{Forecaster: forecasterOf(seasons, l.tick)}
	for _, season := range seasons {
		s.Periods = append(s.Periods, time.Duration(season.period)*l.tick)
	}
	p := l.placebos(seasons)
	s.Placebos = len(p.at)
	if s.Placebos < minPlacebos {
		return s
	}
	s.Limits = learnLimits(p.stances, p.lookbacks)
	for i := range p.stances {
		p.stances[i].limit(s.Limits)
	}
	s.Weights = l.learnWeights(p)
	l.foresee(&p, s.Weights)
	s.Scale = l.typicalSpread(p.spread)
	peaks := l.peaks(p, s.Scale, d)
	s.Lengths = tails(peaks)
	s.summarise(largest(peaks, s.Lengths))
	s.Detectable = s.tenth(l.after).at(s.level(DefaultThresholds.Likely)) * scaleOf(math.Sqrt(p.meanSquare()), s.Scale)
	return s
}

// forecasterOf names a forecaster by how far it looks back.
func forecasterOf(seasons []season, tick time.Duration) string {
	switch {
	case len(seasons) == 0:
		return "blend"
	case time.Duration(seasons[len(seasons)-1].period)*tick >= week:
		return "weekly blend"
	}
	return "daily blend"
}

// placebos are wherever the before window, the after-ticks and what the
// seasons look back to are mostly there.
func (l learner) placebos(seasons []season) placebos {
	p := placebos{lookbacks: waysBack * len(seasons)}
	longest := 0
	for _, s := range seasons {
		longest = max(longest, s.period)
	}
	first, last := longest+l.before, len(l.x)-l.after
	step := max(placeboStep, (last-first+mostPlacebos-1)/mostPlacebos)
	scratch := make([]float64, 0, l.before)
	for at := first; at <= last; at += step {
		if b := l.x[at-l.before : at]; mostly(b) && mostly(l.x[at:at+l.after]) {
			if back, ok := l.lookBack(seasons, at, scratch); ok {
				p.at, p.stances = append(p.at, at), append(p.stances, stanceOf(b, back, scratch))
			}
		}
	}
	return p
}

func (l learner) lookBack(seasons []season, at int, scratch []float64) ([]lookback, bool) {
	back := lookbacks(len(seasons), l.before, l.after)
	for i, s := range seasons {
		if !mostly(l.x[at-s.period-l.before:at-s.period]) || !s.retrace(back[waysBack*i:], at, 0, at, scratch) {
			return nil, false
		}
	}
	return back, true
}

// foresee forecasts every placebo.
func (l learner) foresee(p *placebos, weights []float64) {
	o := outlookOf(l.before, l.after)
	p.forecast, p.spread = make([]float64, 0, len(p.at)*l.after), make([]float64, 0, len(p.at))
	for i, at := range p.at {
		o.blend(l.x[at-l.before:at], &p.stances[i], l.horizon, weights)
		p.forecast, p.spread = append(p.forecast, o.forecast...), append(p.spread, o.spread)
	}
}

// typicalSpread is s0: the usual spread within a window, and no less than the
// steps from tick to tick tell.
func (l learner) typicalSpread(spreads []float64) float64 {
	return max(stats.Median(spreads, nil), l.steps, l.floor)
}

func (p placebos) meanSquare() float64 {
	sum := 0.0
	for _, m := range p.spread {
		sum += m * m
	}
	return sum / float64(len(p.spread))
}

// mostly says whether three quarters of the ticks have a value.
func mostly(x []float64) bool { return 4*finite(x) >= 3*len(x) }

// peaks are, for every placebo, the largest mean of each length.
func (l learner) peaks(p placebos, typical, d float64) [][lengths]float64 {
	peaks := make([][lengths]float64, len(p.at))
	s := newScanner(l.after)
	for i, at := range p.at {
		scale := scaleOf(p.spread[i], typical)
		peaks[i] = s.peak(l.x[at:at+l.after], p.forecast[i*l.after:], scale, d)
	}
	return peaks
}

func (s *scanner) peak(x, forecast []float64, scale, d float64) [lengths]float64 {
	var peak [lengths]float64
	for i := range peak {
		peak[i] = math.Inf(-1)
	}
	s.reset()
	for j, a := range x {
		for i, z := range s.add(residual(a, forecast[j], scale, d)) {
			peak[i] = max(peak[i], z)
		}
	}
	return peak
}

// largest is G of every placebo, ascending: of all its lengths, what lies
// farthest out on its own tail.
func largest(peaks [][lengths]float64, tails []Tail) []float64 {
	g := make([]float64, len(peaks))
	for i := range peaks {
		g[i] = farthest(&peaks[i], tails)
	}
	sort.Float64s(g)
	return g
}

// summarise keeps of the ascending G what P needs.
func (s *Scan) summarise(g []float64) {
	at := atQ80(len(g))
	s.Q80, s.Q99 = g[at], stats.Quantile(g, 0.99)
	beyond := stats.Finite(nil, g[at+1:])
	for _, v := range beyond {
		s.Excess += (v - s.Q80) / float64(len(beyond))
	}
	s.Order = thinned(g[:at+1])
	s.temper()
	s.AlarmRate = float64(len(g)-sort.SearchFloat64s(g, s.level(DefaultThresholds.Likely))) / float64(len(g))
}

// thinned keeps at most keptOrder of the ascending values, evenly spread, six
// digits each: a profile is stored, and p needs no more.
func thinned(ascending []float64) []float64 {
	kept := make([]float64, min(len(ascending), keptOrder))
	for i := range kept {
		kept[i] = round6(ascending[i*len(ascending)/len(kept)])
	}
	return kept
}

func round6(v float64) float64 {
	if math.Abs(v) > 1e9 {
		return v
	}
	return math.Round(v*1e6) / 1e6
}

// differences are the steps of x from tick to tick; NaN where one is missing.
func differences(x []float64) []float64 {
	d := make([]float64, max(len(x)-1, 0))
	for i := range d {
		d[i] = x[i+1] - x[i]
	}
	return d
}
