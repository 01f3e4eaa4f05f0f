package watch

import (
	"slices"

	"github.com/pushback/pushback/detector"
)

// byUrgency are the states, the most urgent for a reader first.
var byUrgency = []State{Regressed, Blind, Watching, Waiting, Inconclusive, Superseded, Healthy}

// Fold returns the most urgent state of a change's watches, and their highest grade. A watch of a
// rule that is not about the service does not count beside others. The state is "" where there is no
// watch.
func Fold(all []Watch) (worst State, grade detector.Grade) {
	for _, w := range all {
		grade = max(grade, w.Grade)
	}
	if about := slices.DeleteFunc(slices.Clone(all), Watch.SawNothing); len(about) > 0 {
		all = about
	}
	for _, state := range byUrgency {
		if slices.ContainsFunc(all, func(w Watch) bool { return w.State == state }) {
			return state, grade
		}
	}
	return "", grade
}
