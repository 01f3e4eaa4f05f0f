package detector

import (
	"math"
	"sort"

	"github.com/pushback/pushback/detector/stats"
)

// placeboStep is how many ticks apart placebo changes are at least, and mostPlacebos how
// many there are at most. Neighbours share most of their ticks, so more would add little.
const (
	placeboStep  = 3
	mostPlacebos = 1600
)

// minPlacebos is how many placebos a scan needs. With fewer, too few lie beyond the 80 %
// quantile to estimate a tail.
const minPlacebos = 60

// keptOrder is how many order statistics of G a profile keeps at most.
const keptOrder = 1024

// placebos are moments of the past without a change, with their baselines and forecasts.
// The forecasts lie end to end, after ticks each.
type placebos struct {
	lookbacks int
	at        []int
	baselines []baseline
	forecast  []float64
	spread    []float64
}

// placebos are wherever the before window, the after-ticks and what the
// seasons look back to are mostly there.
func (l learner) placebos(seasons []season) placebos {
	p, past := placebos{lookbacks: waysBack * len(seasons)}, 0
	for _, s := range seasons {
		past = max(past, s.needed()*s.period)
	}
	p.at = l.spaced(past + l.before)
	p.baselines = reused(&l.work.baselines, len(p.at))[:0]
	back, scratch := reused(&l.work.back, len(p.at)*p.lookbacks), make([]float64, 0, l.before)
	kept := p.at[:0]
	for _, at := range p.at {
		if l.lookBack(seasons, back, at, scratch) {
			kept = append(kept, at)
			p.baselines = append(p.baselines, baselineOf(l.x[at-l.before:at], l.long[at], back[:p.lookbacks:p.lookbacks], scratch))
			back = back[p.lookbacks:]
		}
	}
	p.at = kept
	return p
}

// spaced are the moments from first on around which enough ticks are present, evenly thinned.
// What is thinned is what exists and not what was asked for: a service of eight hours has a
// history of eight hours, however many days the rule wants.
func (l learner) spaced(first int) []int {
	seen := reused(&l.work.seen, len(l.x)+1)
	seen[0] = 0
	for i, v := range l.x {
		seen[i+1] = seen[i]
		if !math.IsNaN(v) {
			seen[i+1]++
		}
	}
	usable := func(i int) bool {
		return enoughPresent(seen[i]-seen[i-l.before], l.before) && enoughPresent(seen[i+l.after]-seen[i], l.after)
	}
	all := 0
	for i := first; i+l.after <= len(l.x); i++ {
		if usable(i) {
			all++
		}
	}
	step := max(placeboStep, (all+mostPlacebos-2)/mostPlacebos)
	at := make([]int, 0, all/step+1)
	for i := first; i+l.after <= len(l.x); i += step {
		if usable(i) {
			at = append(at, i)
		}
	}
	return at
}

func (l learner) lookBack(seasons []season, back []lookback, at int, scratch []float64) bool {
	for i, s := range seasons {
		if !mostlyPresent(l.x[at-s.period-l.before:at-s.period]) || !s.fillLookbacks(back[waysBack*i:], at, 0, at, l.before, l.after, scratch) {
			return false
		}
	}
	return true
}

// forecastAll forecasts every placebo.
func (l learner) forecastAll(p *placebos, weights []float64) {
	o := newForecast(l.before, l.after)
	work := &l.work.forecasts[min(p.lookbacks, 1)]
	p.forecast, p.spread = reused(&work.ticks, len(p.at)*l.after)[:0], reused(&work.spread, len(p.at))[:0]
	for i, at := range p.at {
		o.blend(l.x[at-l.before:at], &p.baselines[i], l.horizon, weights)
		p.forecast, p.spread = append(p.forecast, o.forecast...), append(p.spread, o.spread)
	}
}

// typicalSpread is s0: the median spread within a window, and at least the spread of the
// steps from tick to tick, and of the moves of a series that hardly ever moves.
func (l learner) typicalSpread(spreads []float64) float64 {
	return max(stats.Median(spreads, nil), l.steps, l.move, l.floor)
}

func (p placebos) meanSquare() float64 {
	sum := 0.0
	for _, m := range p.spread {
		sum += m * m
	}
	return sum / float64(len(p.spread))
}

// mostlyPresent reports whether enough of the ticks have a value.
func mostlyPresent(x []float64) bool { return enoughPresent(finite(x), len(x)) }

// enoughPresent reports whether so many values are enough for n ticks: half of them, as
// for a mean of the scan. A percentile of a quiet service has no value in many minutes.
func enoughPresent(there, n int) bool { return 2*there >= n }

// peaks are, for every placebo, the largest mean of each length.
func (l learner) peaks(p placebos, of *Scan, d direction) [][lengths]float64 {
	peaks := reused(&l.work.peaks, len(p.at))
	s, residuals := newScanner(l.after, of.Noise), make([]float64, l.after)
	for i, at := range p.at {
		scale := of.sigma(p.spread[i])
		peaks[i] = s.peak(residuals, l.x[at:at+l.after], p.forecast[i*l.after:], scale, d)
	}
	return peaks
}

// peak is the largest mean of each length. Where no tick is missing, the
// largest sum of a length makes its largest mean. It overwrites residuals, one a tick.
func (s *scanner) peak(residuals, x, forecast []float64, scale float64, d direction) (peak [lengths]float64) {
	s.reset()
	sums, rises, last := s.sums[:len(x)+1], s.rises[:len(x)+1], 0.0
	for j, a := range x {
		r := residual(a, forecast[j], scale, d)
		if math.IsNaN(r) {
			return s.peakWithGaps(x, forecast, scale, d)
		}
		sums[j+1], rises[j+1], last = sums[j]+r, rises[j]+max(r-last, 0), r
		residuals[j] = r
	}
	peak[lengths-1] = s.since.largest(residuals)
	for i, k := range meanLengths {
		peak[i] = largestMeanOf(sums, k)
	}
	for i, k := range riseLengths {
		peak[len(meanLengths)+i] = largestMeanOf(rises, k)
	}
	return peak
}

// largestMeanOf is the largest mean of k steps in a row of running sums; −Inf where
// there are not so many.
func largestMeanOf(sums []float64, k int) float64 {
	largest := math.Inf(-1)
	if k >= len(sums) {
		return largest
	}
	late := sums[k:]
	other, early := largest, sums[:len(late)]
	t := 0
	for ; t+1 < len(late); t += 2 { // two at once do not wait for each other
		if rise := late[t] - early[t]; rise > largest {
			largest = rise
		}
		if rise := late[t+1] - early[t+1]; rise > other {
			other = rise
		}
	}
	if t < len(late) {
		largest = max(largest, late[t]-early[t])
	}
	return max(largest, other) / float64(k)
}

// peakWithGaps is peak where ticks are missing.
func (s *scanner) peakWithGaps(x, forecast []float64, scale float64, d direction) (peak [lengths]float64) {
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

// scores are G of every placebo: the largest score of all its lengths.
func scores(peaks [][lengths]float64, tails []Tail) []float64 {
	g := make([]float64, len(peaks))
	for i := range peaks {
		g[i] = largestScore(&peaks[i], tails)
	}
	return g
}

// summarise sets what P needs from the ascending G.
func (s *Scan) summarise(g []float64) {
	at := indexOfQ80(len(g))
	s.Q80, s.Q99 = g[at], stats.Quantile(g, 0.99)
	beyond := stats.Finite(nil, g[at+1:])
	for _, v := range beyond {
		s.Excess += (v - s.Q80) / float64(len(beyond))
	}
	s.Order = thinned(g[:at+1])
	s.shrinkExcess()
	if s.constant() {
		return // no placebo would have been an alarm: P is 1
	}
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
