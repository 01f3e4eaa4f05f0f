package detector

import (
	"math"
	"sort"
	"time"

	"github.com/pushback/pushback/detector/stats"
)

const day = 24 * time.Hour

// unitFloor keeps a scale that never rose from making a mountain of nothing.
const unitFloor = 0.25

// keptOrder is how many order statistics of G a profile keeps at most.
const keptOrder = 1024

// scans returns the best scan in direction d and, where that one needs the
// season, the best of the others behind it. Nil where the history holds too
// few whole placebos.
func (l learner) scans(d float64, periods []int) []Scan {
	candidates := []Scan{l.scan(recent, 0, d), l.scan(trend, 0, d)}
	for _, period := range periods {
		candidates = append(candidates, l.scan(season, period, d))
	}
	best, local := Scan{}, Scan{}
	for i, c := range candidates {
		if c.Placebos < minPlacebos {
			continue
		}
		if best.Placebos == 0 || c.Detectable < best.Detectable {
			best = c
		}
		if i < 2 {
			local = best
		}
	}
	switch {
	case best.Placebos == 0:
		return nil
	case best.Forecaster == season && local.Placebos > 0:
		return []Scan{best, local}
	}
	return []Scan{best}
}

// scan lays a placebo change at every third tick and sums up what one
// forecaster made of them.
func (l learner) scan(forecaster string, period int, d float64) Scan {
	p := l.placebos(forecaster, period)
	s := Scan{Forecaster: forecaster, Period: time.Duration(period) * l.tick, Placebos: len(p.at)}
	if len(p.at) < minPlacebos {
		return s
	}
	l.sumUp(&s, p, d)
	return s
}

// sumUp turns what a forecaster made of its placebos into its scan.
func (l learner) sumUp(s *Scan, p placebos, d float64) {
	s.Scale = l.typicalSpread(p.spread)
	peaks := l.peaks(p, s.Scale, d)
	s.Units = units(peaks, fitting(l.after))
	s.summarise(largest(peaks, s.Units), p.meanSquare(), l.tempered)
}

// typicalSpread is s0: the usual spread within a window, and no less than the
// steps from tick to tick tell.
func (l learner) typicalSpread(spreads []float64) float64 {
	return max(stats.Median(spreads, nil), stats.NormalMAD*stats.MAD(differences(l.x), nil)/math.Sqrt2, l.floor)
}

// placebos are the moments a forecaster could be tried at, its forecasts and
// the spread of its windows. Forecasts lie end to end, after ticks each.
type placebos struct {
	at       []int
	forecast []float64
	spread   []float64
}

func (p placebos) meanSquare() float64 {
	sum := 0.0
	for _, m := range p.spread {
		sum += m * m
	}
	return sum / float64(len(p.spread))
}

// placebos tries a forecaster wherever its before window, its after-ticks
// and, for a season, the past behind both are mostly there.
func (l learner) placebos(forecaster string, period int) placebos {
	var p placebos
	o := outlook{forecast: make([]float64, l.after), scratch: make([]float64, 0, l.before)}
	for at := l.before; at <= len(l.x)-l.after; at += placeboStep {
		if at-period-l.before < 0 {
			continue
		}
		b, past := l.x[at-l.before:at], l.shape(at, period)
		if !mostly(b) || !mostly(l.x[at:at+l.after]) || !mostly(past.raw) || !mostly(past.ahead) {
			continue
		}
		o.look(forecaster, b, past)
		p.at = append(p.at, at)
		p.forecast = append(p.forecast, o.forecast...)
		p.spread = append(p.spread, o.spread)
	}
	return p
}

func (l learner) shape(at, period int) shape {
	from, to := at-period-l.before, at-period
	return shape{raw: l.x[from:to], smooth: l.smooth[from:to], ahead: l.smooth[to : to+l.after]}
}

// mostly says whether three quarters of the ticks have a value.
func mostly(x []float64) bool { return 4*finite(x) >= 3*len(x) }

// peaks are, for every placebo, the largest Z of each scan length.
func (l learner) peaks(p placebos, typical, d float64) [][len(scanLengths)]float64 {
	peaks := make([][len(scanLengths)]float64, len(p.at))
	s := newScanner(l.after)
	for i, at := range p.at {
		scale := scaleOf(p.spread[i], typical)
		peaks[i] = s.peak(l.x[at:at+l.after], p.forecast[i*l.after:], scale, d)
	}
	return peaks
}

func (s *scanner) peak(x, forecast []float64, scale, d float64) [len(scanLengths)]float64 {
	var peak [len(scanLengths)]float64
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

// units are u_k: what the largest Z of each length stays under at nine
// placebos of ten.
func units(peaks [][len(scanLengths)]float64, lengths int) []float64 {
	u := make([]float64, lengths)
	column := make([]float64, 0, len(peaks))
	for k := range u {
		column = column[:0]
		for _, p := range peaks {
			column = append(column, p[k])
		}
		sort.Float64s(column)
		u[k] = unitFloor
		if q := stats.Quantile(column, 0.9); q > unitFloor && !math.IsInf(q, 0) {
			u[k] = q
		}
	}
	return u
}

// largest is G of every placebo, ascending.
func largest(peaks [][len(scanLengths)]float64, units []float64) []float64 {
	g := make([]float64, len(peaks))
	for i, p := range peaks {
		g[i] = math.Inf(-1)
		for k, u := range units {
			g[i] = max(g[i], p[k]/u)
		}
	}
	sort.Float64s(g)
	return g
}

// summarise keeps of the ascending G what P needs, and how small a shift the
// scan would find.
func (s *Scan) summarise(g []float64, meanSquare float64, tempered bool) {
	at := atQ80(len(g))
	s.Q80, s.Q99 = g[at], stats.Quantile(g, 0.99)
	beyond := stats.Finite(nil, g[at+1:])
	for _, v := range beyond {
		s.Excess += (v - s.Q80) / float64(len(beyond))
	}
	s.Order = thinned(g[:at+1])
	if tempered {
		s.temper()
	}
	likely := s.level(DefaultThresholds.Likely)
	s.AlarmRate = float64(len(g)-sort.SearchFloat64s(g, likely)) / float64(len(g))
	unit := s.Units[min(len(s.Units)-1, 4)]
	s.Detectable = likely * unit * math.Sqrt(meanSquare/2+s.Scale*s.Scale/2)
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
