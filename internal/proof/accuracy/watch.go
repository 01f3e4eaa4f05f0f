package accuracy

import (
	"iter"
	"math"
	"time"

	"github.com/pushback/pushback/detector"
)

// quietWatch is a watch of one level signal at a change that does nothing: the profile
// learned from the history, and the before window, which is the history's end.
type quietWatch struct {
	plan    detector.Plan
	profile detector.Profile
	before  []float64
}

// planOf is the plan of every watch.
func planOf(tick time.Duration, signals ...detector.Signal) detector.Plan {
	return detector.Plan{Rule: "accuracy", Tick: tick, Before: window, After: window, Signals: signals}
}

// levelSignal is the signal of watches that have one alone.
func levelSignal(worse detector.Worse) detector.Signal {
	return detector.Signal{Name: "value", Kind: detector.Level, Worse: worse}
}

// verdicts judges a change tick by tick, as the engine does: after each tick, from 1, by what
// can be read then.
func verdicts(p detector.Plan, k detector.Profiles, from time.Time, ticks int, read func(n int) []detector.Reading) iter.Seq2[int, detector.Verdict] {
	return func(yield func(int, detector.Verdict) bool) {
		course := detector.NewCourse(p, k)
		for n := 1; n <= ticks; n++ {
			v := course.Look(detector.Observation{
				At: from.Add(time.Duration(n) * p.Tick), StartedAt: from, From: from, Final: n == p.After, Readings: read(n),
			})
			if !yield(n, v) {
				return
			}
		}
	}
}

// learnQuiet learns from a history that ends where the change is, and from good changes in
// it.
func learnQuiet(worse detector.Worse, history []float64, good ...detector.GoodChange) quietWatch {
	w := quietWatch{plan: planOf(time.Minute, levelSignal(worse)), before: history[len(history)-window:]}
	w.profile = detector.Learn(w.plan, w.plan.Signals[0], detector.History{
		Start: simulated.Add(-time.Duration(len(history)) * w.plan.Tick), Ticks: detector.Ticks{Value: history}, Good: good,
	})
	return w
}

// reached is, by grade, the first tick at which a watch reached it, from 1; 0 for never.
type reached [detector.Certain + 1]int

// look judges the after-ticks one by one, with the default thresholds.
func (w quietWatch) look(after []float64) reached {
	var first reached
	read := func(n int) []detector.Reading { return []detector.Reading{readingOf("value", w.before, after[:n])} }
	for n, v := range verdicts(w.plan, detector.Profiles{"value": w.profile}, simulated, len(after), read) {
		first.note(v.Grade, n)
	}
	return first
}

// scores judges the after-ticks one by one, and returns a score for each look: −log10 p if the
// grade would be likely, or certain, with thresholds of 1; 0 if the effect was too small or had
// not lasted. So a grade at threshold α is a score of at least −log10 α.
func (w quietWatch) scores(from time.Time, after []float64) (likely, certain []float64) {
	p := w.plan
	p.Thresholds = detector.Thresholds{Suspect: 1, Likely: 1, Certain: 1}
	read := func(n int) []detector.Reading {
		return []detector.Reading{{
			Signal: "value", Supply: detector.Fresh,
			Before: detector.Ticks{Value: w.before}, After: detector.Ticks{Value: after[:n]},
		}}
	}
	likely, certain = make([]float64, len(after)), make([]float64, len(after))
	for n, v := range verdicts(p, detector.Profiles{"value": w.profile}, from, len(after), read) {
		e := v.Signals[0]
		if e.Grade >= detector.Likely {
			likely[n-1] = -math.Log10(e.P)
		}
		if e.Grade >= detector.Certain {
			certain[n-1] = -math.Log10(e.P)
		}
	}
	return likely, certain
}

// note enters that a grade, and so every lower one, was reached at a tick.
func (f *reached) note(grade detector.Grade, tick int) {
	for g := detector.Suspect; g <= grade; g++ {
		if f[g] == 0 {
			f[g] = tick
		}
	}
}

// ticksOf are the ticks at which watches reached the grade, of those that did.
func ticksOf(watches []reached, grade detector.Grade) []int {
	var ticks []int
	for _, w := range watches {
		if w[grade] > 0 {
			ticks = append(ticks, w[grade])
		}
	}
	return ticks
}

// rateOf is the share of watches that reached the grade.
func rateOf(watches []reached, grade detector.Grade) Share {
	return shareOf(len(ticksOf(watches, grade)), len(watches))
}

// columnOf is watch i of each outcome.
func columnOf(outcomes [][]reached, i int) []reached {
	watches := make([]reached, len(outcomes))
	for k, o := range outcomes {
		watches[k] = o[i]
	}
	return watches
}
