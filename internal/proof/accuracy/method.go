package accuracy

import (
	"math"
	"slices"

	"gonum.org/v1/gonum/stat"

	"github.com/pushback/pushback/detector/stats"
)

// Method is one way of comparing before and after. Its score at a look says how certain
// it is. It alarms if a score reaches the threshold at one of the looks.
type Method struct {
	Name      string
	Default   string  // the default of its documentation, in words
	Threshold float64 // the same as a score
	score     func(before, after []float64) float64
	last      bool // judges once, at the end of the horizon
	// learn, if set, replaces score: it learns from the history of a moment and
	// returns the scores of all ticks.
	learn func(m moment, history int) func(after []float64) []float64
}

// Peers are the methods of other tools, each with its documented default.
var Peers = []Method{
	{Name: "Placebo scan as published", Default: "p ≤ .01", Threshold: 2, learn: watchRecipe},
	{Name: "Kayenta's judge, at the end", Default: "confidence .98, tolerance .25", Threshold: kayentaThreshold, score: kayentaScore, last: true},
	{Name: "Kayenta's judge, every tick", Default: "confidence .98, tolerance .25", Threshold: kayentaThreshold, score: kayentaScore},
	{Name: "Flagger-like", Default: "5 checks over 1.5 × median", Threshold: 1.5, score: failedChecks(5)},
	{Name: "Argo-like", Default: "over 1.5 × median, failureLimit 0", Threshold: 1.5, score: failedChecks(1)},
	{Name: "Argo-like, lenient", Default: "over 1.5 × median, failureLimit 3", Threshold: 1.5, score: failedChecks(4)},
	{Name: "Welch's t", Default: "p ≤ .05", Threshold: -math.Log10(0.05), score: scoreOfP(welch)},
	{Name: "Mann-Whitney U", Default: "p ≤ .05", Threshold: -math.Log10(0.05), score: scoreOfP(mannWhitney)},
	{Name: "k-sigma", Default: "5 sigma", Threshold: 5, score: sigmas},
	{Name: "asymptotic confidence sequence", Default: "α = .05", Threshold: -math.Log10(0.05), score: scoreOfP(confidenceSequence)},
}

// maxScore bounds a score of a p-value. unbounded is the score of a rise above a spread
// of zero. Both are finite, because JSON has no infinity.
const (
	maxScore  = 300
	unbounded = math.MaxFloat64 / 2
)

func scoreOfP(test func(before, after []float64) float64) func(before, after []float64) float64 {
	return func(before, after []float64) float64 {
		p := test(before, after)
		if !(p > 0) {
			return maxScore
		}
		return max(0, min(-math.Log10(p), maxScore))
	}
}

// failedChecks is the ratio to the before median that at least needed after-ticks reach.
// Flagger rolls back when the number of failed checks reaches its threshold (5 in its
// documentation), Argo Rollouts when failures exceed failureLimit (default 0; 3 in its
// documentation). Both count over the whole analysis, not in a row, and leave the bound
// to the user. That Flagger acts one interval later is not counted here.
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
