package detector

import (
	"slices"

	"github.com/pushback/pushback/detector/stats"
)

// Judge says what one look shows of a change: a grade a signal, corrected for
// their number, and what they come to together. Equal arguments give equal
// verdicts; it keeps none of its arguments and changes none.
//
// A plan without thresholds has DefaultThresholds; a signal without profile
// is judged as one without history; a signal without reading has no data.
func Judge(p Plan, k Profiles, o Observation) Verdict { return judge(p, k, o, nil) }

// judge is Judge with what earlier looks at the same change have scanned, or
// nil.
func judge(p Plan, k Profiles, o Observation, earlier followers) Verdict {
	if p.Thresholds == (Thresholds{}) {
		p.Thresholds = DefaultThresholds
	}
	trials := make([]trial, len(p.Signals))
	for i, s := range p.Signals {
		plan := p.On(s)
		look := o.on(plan)
		trials[i] = openTrial(&plan, s, k, &look)
		if earlier != nil {
			trials[i].followers = earlier
		}
		trials[i].runTests()
	}
	checkSplits(trials)
	trials = pairHorizons(trials)
	correctForSignals(trials)
	for i := range trials {
		if fine := trials[i].fine; fine != nil {
			fine.grade()
		}
		trials[i].grade()
		trials[i].preferFine()
	}
	gradeTogether(trials, p.Thresholds)
	return conclude(p, o, trials)
}

// correctForSignals applies Holm's correction over the signals that were tested. Signals
// that could not be tested have no p-value and cost the others nothing.
func correctForSignals(trials []trial) {
	var p []float64
	for i := range trials {
		if claim, ok := trials[i].pValue(); ok {
			p = append(p, claim)
		}
	}
	for i, adjusted := 0, stats.Holm(p); i < len(trials); i++ {
		if _, ok := trials[i].pValue(); ok {
			trials[i].adjust(adjusted[0])
			adjusted = adjusted[1:]
		}
	}
}

// conclude combines the signals. Regressed wins over blind, because its evidence was
// read. Blind wins over healthy, because what could not be read may be bad.
func conclude(p Plan, o Observation, trials []trial) Verdict {
	v := Verdict{Rule: p.Rule, At: o.At, Method: Method, Signals: make([]Evidence, len(trials))}
	for i := range trials {
		v.Signals[i] = trials[i].e
		v.Grade = max(v.Grade, trials[i].e.Grade)
		v.Tick = max(v.Tick, len(trials[i].after.Value))
	}
	switch {
	case v.Grade >= Likely:
		v.Outcome, v.MayAct = Regressed, mayAct(trials)
	case slices.ContainsFunc(trials, trial.blind):
		v.Outcome = Blind
	case o.Final && healthy(trials):
		v.Outcome = Healthy
	}
	v.Reason = reason(v, o.Final)
	if v.Outcome == Inconclusive && o.Final && v.Reason != Transient && neededUnseen(trials) {
		v.Reason = NeededUnseen
	}
	return v
}

// mayAct keeps the promise that a single scan never rolls back: a signal must be certain by
// a limit, by counts or by a loss that the rule acts on, or certain with a second signal at
// least likely.
func mayAct(trials []trial) bool {
	agreeing, certain := map[string]bool{}, false
	for i := range trials {
		t := &trials[i]
		if t.e.Grade >= Likely && (!t.unproven || t.over) {
			agreeing[t.whole()] = true
		}
		if t.e.Grade < Certain {
			continue
		}
		certain = true
		if slices.Contains(t.e.Tests, ByLimit) || slices.Contains(t.e.Tests, ByCounts) || slices.Contains(t.e.Tests, ByLoss) {
			return true
		}
	}
	return certain && len(agreeing) >= 2
}

// whole is the signal that a part belongs to. A part does not count as a second signal
// beside its own whole.
func (t *trial) whole() string {
	if t.signal.Part != "" {
		return t.signal.Part
	}
	return t.signal.Name
}

// healthy reports whether every signal that should be there is healthy, and there was one.
func healthy(trials []trial) bool {
	judged := 0
	for i := range trials {
		t := &trials[i]
		if t.unneeded() || t.e.Reason == BucketsChanged || t.e.silentPart() {
			continue
		}
		if !t.e.Healthy {
			return false
		}
		judged++
	}
	return judged > 0
}

// reason is the one code that a verdict shows: that of the signal which decided.
func reason(v Verdict, final bool) Reason {
	var found Reason
	switch v.Outcome {
	case Healthy:
		return ""
	case Regressed:
		found = reasonOf(v.Signals, func(e Evidence) bool { return e.Grade == v.Grade })
	case Blind:
		found = reasonOf(v.Signals, func(e Evidence) bool {
			return e.Reason == SourceError || e.Reason == StaleData || e.Reason == PartialData
		})
	case Inconclusive:
		found = reasonOf(v.Signals, func(e Evidence) bool { return e.Reason == Transient })
		if found == "" {
			found = reasonOf(v.Signals, func(e Evidence) bool { return !e.Healthy && !e.silentPart() })
		}
		if found == "" && !final {
			found = StillWatching
		}
	}
	return found
}

// silentPart reports whether this is a part without evidence against the change. Few events
// in a part mean nothing, because the whole has them all.
func (e Evidence) silentPart() bool { return e.Part != "" && e.Grade == None }

func reasonOf(signals []Evidence, decided func(Evidence) bool) Reason {
	for _, e := range signals {
		if decided(e) && e.Reason != "" {
			return e.Reason
		}
	}
	return ""
}
