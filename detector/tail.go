package detector

import (
	"math"

	"github.com/pushback/pushback/detector/stats"
)

// tailShare is the part of the placebos beyond Q80, where an exponential tail
// takes over from counting.
const tailShare = 0.2

// Tail is the upper end of a distribution: its 80 % quantile and the mean
// excess beyond, in the unit of what it is of.
type Tail struct {
	Q80    float64 `json:"q80"`
	Excess float64 `json:"excess"`
}

// A length's mean excess is drawn by generalShare towards generalExcess of its Q80, because
// some twenty independent placebos beyond Q80 are few. Both have a floor, so that a length
// that never rose does not turn noise into a large score.
const (
	generalShare  = 0.25
	generalExcess = 0.5
	leastQ80      = 0.1
	leastExcess   = 0.05
)

// tails are those of every length's peaks. A length beyond the horizon has no peaks, and its
// score is never the largest.
func tails(peaks [][lengths]float64) []Tail {
	ts, column := make([]Tail, lengths), make([]float64, 0, len(peaks))
	for k := range ts {
		column = column[:0]
		for i := range peaks {
			if v := peaks[i][k]; !math.IsInf(v, -1) {
				column = append(column, v)
			}
		}
		ts[k] = tailOf(column)
	}
	return ts
}

// tailOf may reorder the values.
func tailOf(values []float64) Tail {
	t := Tail{Q80: leastQ80}
	if len(values) == 0 {
		return Tail{leastQ80, 1}
	}
	t.Q80 = max(stats.QuantileInPlace(values, 1-tailShare), leastQ80)
	n := 0.0
	for _, v := range values {
		if v > t.Q80 {
			t.Excess, n = t.Excess+v-t.Q80, n+1
		}
	}
	own := t.Excess / max(n, 1)
	t.Excess = max((1-generalShare)*own+generalShare*generalExcess*t.Q80, leastExcess)
	return t
}

// score is how many mean excesses v lies beyond Q80.
func (t Tail) score(v float64) float64 { return (v - t.Q80) / t.Excess }

// at is what has this score.
func (t Tail) at(score float64) float64 { return t.Q80 + score*t.Excess }

// nineTenths is the score of a tail's 90 % quantile.
const nineTenths = math.Ln2

// largestScore is the largest score of any length, each scored by its own tail. In units of
// each length's 90 % quantile, as in the published method, the short lengths with their
// heavy tails raise most false alarms. See adr/0014.
func largestScore(means *[lengths]float64, tails []Tail) float64 {
	g := math.Inf(-1)
	for i, t := range tails {
		g = max(g, t.score(means[i])+aheadOf(i))
	}
	return g
}

// sinceAhead is what the score of sinceChange is ahead of the others, in mean excesses: among
// the lengths it has about twice the share of one, because most regressions begin with the
// change and last.
const sinceAhead = 0.6

func aheadOf(length int) float64 {
	if length == lengths-1 {
		return sinceAhead
	}
	return 0
}

// A placebo overlaps the next nine, so the exceedances of a history are far from
// independent. An exponential tail whose mean was estimated from n exceedances is, for the
// next value, a Pareto tail with shape n. With β taken as known, a nominal 1 % of false
// alarms became 2 % on real series.
//
// The tails of real series are not exponential either, because things happen in them that nobody
// declared: a nominal 0.1 % of false alarms was 0.3 %. Both together are a Pareto tail with the
// sum of the reciprocal shapes.
//
// β of one signal is drawn towards that of signals in general, because it varied less over
// hundreds of real series than its estimate does.
//
// See adr/0074.
const (
	independent   = 0.15 // exceedances that count, of all: neighbours share most of their ticks
	priorTails    = 20   // exceedances that the general β is worth
	priorHeaviest = 10   // shape of the tail where nothing was seen of it
)

// generalBeta is β of signals in general, in mean excesses of a length, and realTail the shape of the tails of real
// series. What must surprise two scans is further out more rarely (adr/0143).
const (
	generalBeta, realTail           = 1.4, 6
	generalMixedBeta, realMixedTail = 1.44, 7.5
)

// shrinkExcess draws β towards the general one, and sets the shape of the tail. A history
// that never moved keeps β = 0.
func (s *Scan) shrinkExcess() {
	if s.Excess <= 0 {
		return
	}
	beta, shape := generalBeta, float64(realTail)
	if s.Plain > 0 {
		beta, shape = generalMixedBeta, realMixedTail
	}
	own := tailShare * independent * float64(s.Placebos)
	s.Excess = (own*s.Excess + priorTails*beta) / (own + priorTails)
	s.Tail = 1 / (1/shape + 1/(own+priorHeaviest))
	s.Excess *= (s.Tail - 1) / s.Tail // a Pareto tail's mean is larger than its scale
}

// exceedance is the share of exceedances that are larger than so many β.
func (s Scan) exceedance(excess float64) float64 {
	return math.Pow(1+excess/s.Tail, -s.Tail)
}

// level is the g at which p, which is under tailShare, is reached. For a history that never
// moved it is Q80.
func (s Scan) level(p float64) float64 {
	if s.Tail <= 0 {
		return s.Q80
	}
	return s.Q80 + s.Excess*s.Tail*(math.Pow(p/tailShare, -1/s.Tail)-1)
}
