package detector

// grade sets the signal's grade and health from, in this order: p and the present effect,
// whether the effect has receded, whether the signal vanished, and the rule's limit.
func (t *trial) grade() {
	here := t.gradeByTest()
	if t.lost {
		t.e.Grade, t.e.Tests = Likely, []Test{ByLoss}
		if t.signal.ActOnLost && len(t.after.Incomplete) == 0 {
			t.e.Grade = Certain
		}
	}
	if t.over {
		t.applyLimit()
	}
	if t.e.Grade >= Suspect {
		t.findOnset()
		t.checkBefore()
	}
	if !t.tested && t.measured() {
		t.e.Effect = t.plainEffect()
	}
	t.e.Healthy = t.healthy(here)
}

// applyLimit makes the signal certain by its limit.
func (t *trial) applyLimit() {
	t.e.Reason = LimitBreached
	if t.e.Grade < Certain || t.lost {
		t.e.Grade, t.e.Tests = Certain, nil
	}
	t.e.Tests = append([]Test{ByLimit}, t.e.Tests...)
}

// gradeByTest grades p. Persistence is judged by the effect of the last ticks and never by
// p, which belongs to a running maximum and cannot rise again. At the last look the
// majority of the last ticks decides, because no later look can correct a newest tick that
// dipped by chance.
func (t *trial) gradeByTest() presentEffect {
	if !t.tested {
		return presentEffect{}
	}
	th, here := t.plan.Thresholds, t.presentEffect()
	if t.unhealthyBefore {
		return here
	}
	switch {
	case t.e.P <= th.Certain && here.persistent:
		t.e.Grade = Certain
	case t.e.P <= th.Likely && (here.now || here.recurring || t.look.Final && here.most):
		t.e.Grade = Likely
	case t.e.P <= th.Suspect:
		t.e.Grade = Suspect
	}
	if t.capped {
		t.e.Grade = min(t.e.Grade, Suspect)
	}
	switch {
	case t.e.P > th.Likely || !here.receded:
	case here.recurring:
		t.note("It got worse, was back for at least five ticks, and got worse again.")
	case here.ever:
		t.e.Grade, t.e.Reason = Suspect, Transient
		t.note("It got worse and has been back for five ticks in a row.")
	default:
		here.slight = true
		t.note("It moved, but never by as much as min_effect.")
	}
	t.capUnproven()
	if t.e.Grade >= Suspect {
		t.e.Tests = t.finding.tests
	}
	return here
}

// minObserved is the share of the horizon that must have values before a signal can be
// healthy.
const minObserved = 0.8

// healthy reports whether the signal was tested on most of the horizon, has no evidence
// against it, and shows no present effect where it was suspect.
func (t *trial) healthy(here presentEffect) bool {
	ticks := t.after.Value
	if t.after.counts() {
		ticks = t.after.Total
	}
	switch {
	case float64(finite(ticks)) < minObserved*float64(t.plan.After) || !t.tested:
		return false
	case t.e.Reason != "" && t.e.Reason != ShortHistory:
		return false
	case t.e.Grade == Suspect:
		return here.slight || !here.now && t.e.P > t.plan.Thresholds.Likely
	}
	return t.e.Grade == None
}
