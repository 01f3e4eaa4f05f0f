package detector

import "slices"

// ratioRange is what one counter of a pair usually grows by for each event of the other, in a
// sample: from its 5th to its 95th percentile.
type ratioRange struct{ low, high float64 }

// What a range of ratios is told from: so many samples at least, and no more than the first so
// many of a series, which are those before a change.
const (
	rangeSamples = 20
	rangeMost    = 120
	rangeOutside = 0.05
)

// rangeOf is the usual range of a pair; nothing lies outside of the zero value.
func rangeOf(s pointSeries) ratioRange {
	ratios := make([]float64, 0, rangeMost)
	for i := 1; i < len(s.points) && len(ratios) < rangeMost; i++ {
		if ratio, ok := s.ratio(i-1, i); ok {
			ratios = append(ratios, ratio)
		}
	}
	if len(ratios) < rangeSamples {
		return ratioRange{}
	}
	slices.Sort(ratios)
	out := int(rangeOutside * float64(len(ratios)))
	return ratioRange{ratios[out], ratios[len(ratios)-1-out]}
}

// ratio is what the counter beside grew by for each event between two points.
func (s pointSeries) ratio(from, to int) (float64, bool) {
	events, beside := s.points[to].v-s.points[from].v, s.beside[to].v-s.beside[from].v
	return beside / events, events > 0 && beside >= 0
}

// notched reports whether the i-th point lacks what the next one makes up for: the ratio is
// unusual in both, to opposite sides, and usual over both. One of the two counters was shown by
// a replica that lags by less than a sample, or dips by less than it grows.
func (r ratioRange) notched(s pointSeries, i int) bool {
	if r == (ratioRange{}) || i == 0 || i+1 >= len(s.points) {
		return false
	}
	before, ok1 := s.ratio(i-1, i)
	after, ok2 := s.ratio(i, i+1)
	both, ok3 := s.ratio(i-1, i+1)
	if !ok1 || !ok2 || !ok3 || both < r.low || both > r.high {
		return false
	}
	return before < r.low && after > r.high || before > r.high && after < r.low
}
