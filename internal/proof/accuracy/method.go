package accuracy

import (
	"math"
	"slices"

	"gonum.org/v1/gonum/stat"

	"github.com/pushback/pushback/detector/stats"
)

// Method is one way of comparing before and after. Its score says how sure it
// is at one look; an alarm is a score that reaches the threshold at any look.
type Method struct {
	Name      string
	Default   string  // what its documentation says, in words
	Threshold float64 // the same as a score
	score     func(before, after []float64) float64
	last      bool // asked once, at the end of the horizon
	// learn, where set, stands in for score: it learns from the history of a
	// moment and gives the scores of all ticks.
	learn func(m moment, history int) func(after []float64) []float64
}

// Peers are the methods people use, each at its documented default.
var Peers = []Method{
	{Name: "Placebo scan as published", Default: "p ≤ .01", Threshold: 2, learn: watchRecipe},
	{Name: "Kayenta's judge, at the end", Default: "confidence .98, tolerance .25", Threshold: kayentaThreshold, score: kayentaScore, last: true},
	{Name: "Kayenta's judge, every tick", Default: "confidence .98, tolerance .25", Threshold: kayentaThreshold, score: kayentaScore},
	{Name: "Flagger-like", Default: "5 checks over 1.5 × median", Threshold: 1.5, score: failedChecks(5)},
	{Name: "Argo-like", Default: "over 1.5 × median, failureLimit 0", Threshold: 1.5, score: failedChecks(1)},
	{Name: "Argo-like, lenient", Default: "over 1.5 × median, failureLimit 3", Threshold: 1.5, score: failedChecks(4)},
	{Name: "Welch's t", Default: "p ≤ .05", Threshold: -math.Log10(0.05), score: scored(welch)},
	{Name: "Mann-Whitney U", Default: "p ≤ .05", Threshold: -math.Log10(0.05), score: scored(mannWhitney)},
	{Name: "k-sigma", Default: "5 sigma", Threshold: 5, score: sigmas},
	{Name: "asymptotic confidence sequence", Default: "α = .05", Threshold: -math.Log10(0.05), score: scored(confidenceSequence)},
}

// surest bounds a score from a p-value, and unbounded stands for infinitely
// many times a spread of nothing; both are numbers that JSON can hold.
const (
	surest    = 300
	unbounded = math.MaxFloat64 / 2
)

func scored(test func(before, after []float64) float64) func(before, after []float64) float64 {
	return func(before, after []float64) float64 {
		p := test(before, after)
		if !(p > 0) {
			return surest
		}
		return max(0, min(-math.Log10(p), surest))
	}
}

// failedChecks is the ratio to the before median that as many of the
// after-ticks reach. Flagger rolls back once as many checks as its threshold
// have failed (its documented example: 5), Argo Rollouts when the failures
// exceed failureLimit (0 unless said; its documented example: 3). Both count
// over the whole analysis and not in a row, and leave the bound to their user.
// Flagger acts on it an interval later, which is not held against it here.
func failedChecks(needed int) func(before, after []float64) float64 {
	return func(before, after []float64) float64 {
		if len(after) < needed {
			return 0
		}
		median := stats.Median(before, nil)
		value := slices.Sorted(slices.Values(after))[len(after)-needed]
		switch {
		case median > 0:
			return value / median
		case value > median:
			return unbounded
		}
		return 0
	}
}

// sigmas is how many standard deviations of before the newest value lies
// above its mean.
func sigmas(before, after []float64) float64 {
	mean, deviation := stat.MeanStdDev(before, nil)
	rise := after[len(after)-1] - mean
	switch {
	case rise <= 0:
		return 0
	case deviation > 0:
		return rise / deviation
	}
	return unbounded
}

// watcher is the method at one moment.
func (m Method) watcher(at moment, history int) func(after []float64) []float64 {
	if m.learn != nil {
		return m.learn(at, history)
	}
	return func(after []float64) []float64 { return m.path(at.before(), after) }
}

// path is the score at every tick.
func (m Method) path(before, after []float64) []float64 {
	scores := make([]float64, len(after))
	for n := range scores {
		if !m.last || n == len(after)-1 {
			scores[n] = m.score(before, after[:n+1])
		}
	}
	return scores
}
