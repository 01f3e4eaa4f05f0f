package detector

// grade turns what was found into the signal's grade and health, in the order
// of trust: p and the present effect, what has receded, what vanished, what
// the rule forbids.
func (t *trial) grade() {
	here := t.gradeByTest()
	if t.lost {
		t.e.Grade, t.e.Tests = Likely, []Test{ByLoss}
		if t.signal.ActOnLost {
			t.e.Grade = Certain
		}
	}
	if t.over {
		t.exceed()
	}
	if t.e.Grade >= Suspect {
		t.e.Onset = t.onset()
	}
	if !t.tested && t.measured() {
		t.e.Effect = t.plainEffect()
	}
	t.e.Healthy = t.healthy(here)
}

func (t *trial) exceed() {
	t.e.Reason = LimitBreached
	if t.e.Grade < Certain || t.lost {
		t.e.Grade, t.e.Tests = Certain, nil
	}
	t.e.Tests = append([]Test{ByLimit}, t.e.Tests...)
}

// gradeByTest grades p. Persistence looks at the effect of the last ticks and
// never at p, which is a running maximum's and cannot rise again. At the last
// look most of the last ticks decide, because no later look can mend a newest
// tick that dipped by chance.
func (t *trial) gradeByTest() presence {
	if !t.tested {
		return presence{}
	}
	th, here := t.plan.Thresholds, t.presence()
	if t.unwell {
		return here
	}
	switch {
	case t.e.P <= th.Certain && here.persistent:
		t.e.Grade = Certain
	case t.e.P <= th.Likely && (here.now || t.look.Final && here.most):
		t.e.Grade = Likely
	case t.e.P <= th.Suspect:
		t.e.Grade = Suspect
	}
	if t.capped {
		t.e.Grade = min(t.e.Grade, Suspect)
	}
	switch {
	case t.e.P > th.Likely || !here.receded:
	case t.everMattered():
		t.e.Grade, t.e.Reason = Suspect, Transient
		t.note("It got worse and has been back for five ticks in a row.")
	default:
		here.slight = true
		t.note("It moved, but never by as much as min_effect.")
	}
	if t.e.Grade >= Suspect {
		t.e.Tests = t.finding.tests
	}
	return here
}

// enoughSeen is the share of the horizon that must have been seen before a
// signal may be called well.
const enoughSeen = 0.8

// healthy is earned: the signal was tested on most of the horizon, nothing
// stands against it, and a suspicion has nothing to show at present.
func (t *trial) healthy(here presence) bool {
	ticks := t.after.Value
	if t.after.counts() {
		ticks = t.after.Total
	}
	switch {
	case float64(finite(ticks)) < enoughSeen*float64(t.plan.After) || !t.tested:
		return false
	case t.e.Reason != "" && t.e.Reason != ShortHistory:
		return false
	case t.e.Grade == Suspect:
		return here.slight || !here.now && t.e.P > t.plan.Thresholds.Likely
	}
	return t.e.Grade == None
}
