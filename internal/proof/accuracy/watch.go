package accuracy

import (
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

// levelPlan is the plan of watches of one level signal in minutes.
func levelPlan(worse detector.Worse) detector.Plan {
	return detector.Plan{Rule: "accuracy", Tick: time.Minute, Before: window, After: window, Signals: []detector.Signal{
		{Name: "value", Kind: detector.Level, Worse: worse},
	}}
}

// learnQuiet learns from a history that ends where the change is, and from good changes in
// it.
func learnQuiet(worse detector.Worse, history []float64, good ...detector.GoodChange) quietWatch {
	w := quietWatch{plan: levelPlan(worse), before: history[len(history)-window:]}
	w.profile = detector.Learn(w.plan, w.plan.Signals[0], detector.History{
		Start: simulated.Add(-time.Duration(len(history)) * w.plan.Tick), Ticks: detector.Ticks{Value: history}, Good: good,
	})
	return w
}

// reached is, by grade, the first tick at which a watch reached it, from 1; 0 for never.
type reached [detector.Certain + 1]int

// look judges the after-ticks one by one, as the engine does, with the default thresholds.
func (w quietWatch) look(after []float64) reached {
	var first reached
	course := detector.NewCourse(w.plan, detector.Profiles{"value": w.profile})
	for n := 1; n <= len(after); n++ {
		v := course.Look(detector.Observation{
			At: simulated.Add(time.Duration(n) * w.plan.Tick), StartedAt: simulated, From: simulated, Final: n == w.plan.After,
			Readings: []detector.Reading{readingOf("value", w.before, after[:n])},
		})
		first.note(v.Grade, n)
	}
	return first
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
