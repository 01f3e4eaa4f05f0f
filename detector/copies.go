package detector

import (
	"cmp"
	"math"
	"slices"

	"github.com/pushback/pushback/detector/stats"
)

// Two percentiles of one latency, or a usage in cores and in percent, are one signal under two
// names. Whatever moves one moves the other, so that both together are no more evidence than
// one of them.
//
// See adr/0072.

// copyCorrelation is the rank correlation of two signals' steps before the change from which
// one is a copy of the other. Signals that only share a cause have noise of their own.
const copyCorrelation = 0.9

// leastSteps is from how many common steps that can be told.
const leastSteps = 10

// copies reports whether one signal is a copy of the other, by what they did before the
// change. Afterwards all that a change makes worse moves together. Steps are compared and not
// values, because any two drifts resemble each other for half an hour.
func (t *trial) copies(other *trial) bool {
	a, b := differences(t.before.Value), differences(other.before.Value)
	if len(a) != len(b) || t.plan.Tick != other.plan.Tick {
		return false
	}
	var x, y []float64
	for i, u := range a {
		if !math.IsNaN(u + b[i]) {
			x, y = append(x, u), append(y, b[i])
		}
	}
	return len(x) >= leastSteps && math.Abs(stats.RankCorrelation(x, y)) >= copyCorrelation
}

// withoutCopies leaves out of signals that are copies of each other all but the one with the
// smallest p.
func withoutCopies(trials []*trial) []*trial {
	kept := make([]*trial, 0, len(trials))
	for _, t := range slices.SortedStableFunc(slices.Values(trials), func(a, b *trial) int { return cmp.Compare(a.e.RawP, b.e.RawP) }) {
		if !slices.ContainsFunc(kept, t.copies) {
			kept = append(kept, t)
		}
	}
	return kept
}
