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

// Of a length's own mean excess, generalExcess of its Q80 is believed by
// generalShare: the twenty independent placebos beyond Q80 are too few to
// tell. Both have a floor, so that a scale that never rose does not make a
// mountain of nothing.
const (
	generalShare  = 0.4
	generalExcess = 0.5
	leastQ80      = 0.1
	leastExcess   = 0.05
)

// tails are those of every length's peaks. A length that no horizon reaches
// has none to tell and never speaks.
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

// tenth is the tail of means over ten ticks, or of the longest that a horizon
// holds.
func (s *Scan) tenth(after int) Tail { return s.Lengths[min(fitting(after)-1, tenTicks)] }

// farthest is the largest score of any length: what is farthest out on its own
// tail speaks. Measured in each length's 90 % quantile instead, as the
// published method does, the lengths with heavy tails — the short ones — raise
// most false alarms.
func farthest(means *[lengths]float64, tails []Tail) float64 {
	g := math.Inf(-1)
	for i, t := range tails {
		g = max(g, t.score(means[i]))
	}
	return g
}

// A placebo overlaps the next nine, so that a history of placebos holds far
// fewer tails than placebos. An exponential tail whose mean was estimated from
// n exceedances is, for the next value, a Pareto one with shape n: the more
// that is unknown, the heavier. Taken as known instead, β raised a nominal
// 1 % of false alarms to 2 % on real series.
//
// β of one signal is drawn towards that of signals in general, because over
// hundreds of real series it varied less than its estimate does.
const (
	independent   = 0.15 // exceedances that count, of all: neighbours share most of their ticks
	priorTails    = 20   // exceedances that the general β is worth
	generalBeta   = 1.4  // of signals in general, in mean excesses of a length
	priorHeaviest = 10   // shape of the tail where nothing was seen of it
)

// temper replaces the plain β by one drawn to the general, and says what it is
// worth. A history that never moved keeps its zero.
func (s *Scan) temper() {
	if s.Excess <= 0 {
		return
	}
	own := tailShare * independent * float64(s.Placebos)
	s.Excess = (own*s.Excess + priorTails*generalBeta) / (own + priorTails)
	s.Tail = own + priorHeaviest
}

// beyond is the share of exceedances larger than so many β.
func (s Scan) beyond(excess float64) float64 {
	return math.Pow(1+excess/s.Tail, -s.Tail)
}

// level is the g at which p, under tailShare, is reached; of a history that
// never moved, all there is.
func (s Scan) level(p float64) float64 {
	if s.Tail <= 0 {
		return s.Q80
	}
	return s.Q80 + s.Excess*s.Tail*(math.Pow(p/tailShare, -1/s.Tail)-1)
}
