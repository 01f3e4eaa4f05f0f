package demo

import (
	"slices"

	"github.com/pushback/pushback/detector"
	"github.com/pushback/pushback/internal/report"
	"github.com/pushback/pushback/internal/server/api"
)

// printEvidence prints how far the signals moved, in the words of every message.
func (s *Scenario) printEvidence(e api.Explanation) {
	for _, w := range e.Watches {
		if w.Last == nil {
			continue
		}
		for _, line := range report.Moved(w.Last.Verdict, w.Plan.Length()) {
			s.print("    %s", line)
		}
	}
}

// certainTests returns the tests of the signals that were judged certain.
func certainTests(e api.Explanation) (all []detector.Test) {
	for _, w := range e.Watches {
		if w.Last == nil {
			continue
		}
		for _, signal := range w.Last.Verdict.Signals {
			if signal.Grade == detector.Certain {
				all = append(all, signal.Tests...)
			}
		}
	}
	return all
}

// capped says whether a signal had too little history for statistics to say
// more than suspect.
func capped(e api.Explanation) bool {
	return slices.ContainsFunc(e.Watches, func(w api.Watch) bool {
		return w.Last != nil && slices.ContainsFunc(w.Last.Verdict.Signals, func(signal detector.Evidence) bool {
			return signal.Reason == detector.ShortHistory
		})
	})
}

// ended says whether the watches of a change in this state have ended.
func ended(state string) bool {
	return state != "waiting" && state != "watching"
}
