package watch

import (
	"cmp"
	"slices"
	"time"

	"github.com/pushback/pushback/detector"
)

// MaxRolling is how long a change may roll before its watch stops waiting for
// the end of the rollout. A rule with a longer bake waits that long instead.
const MaxRolling = 2 * time.Hour

// transition is one row of the table in the package comment.
type transition struct {
	name   string
	when   func(Watch, Facts) bool
	effect func(Watch, Facts) Watch
}

// transitions of a waiting or a watching watch, in order: the first that fits
// is taken, and the last one always fits.
var transitions = []transition{
	{"rolled back", rolledBack, Watch.endRolledBack},
	{"superseded", superseded, Watch.endSuperseded},
	{"still rolling", stillRolling, Watch.endStillRolling},
	{"last look", lastLook, Watch.endWithOutcome},
	{"look", looked, Watch.takeVerdict},
	{"no look", always, Watch.takeNoVerdict},
}

// Advance is the watch after this moment. It lowers a grade only for a
// transient verdict, and never leaves a final state.
func Advance(w Watch, f Facts) Watch {
	if !w.State.Open() {
		return w
	}
	return fitting(w, f).effect(w, f)
}

func fitting(w Watch, f Facts) transition {
	return transitions[slices.IndexFunc(transitions, func(t transition) bool { return t.when(w, f) })]
}

// rolledBack does not hold for a recovery watch: that one begins with the
// rollback.
func rolledBack(w Watch, f Facts) bool { return !f.RolledBackAt.IsZero() && w.After.IsZero() }

func superseded(_ Watch, f Facts) bool { return f.Superseded }

func stillRolling(w Watch, f Facts) bool {
	return w.schedule(f).From.IsZero() && f.Now.Sub(f.Change.StartedAt) > max(MaxRolling, w.Bake)
}

// lastLook does not ask the clock: a look sees as much as the store could give when the
// look began, which is less than the bake where the store lags or answers slowly.
func lastLook(w Watch, f Facts) bool { return looked(w, f) && f.Final }

func looked(_ Watch, f Facts) bool { return f.Verdict != nil }

func always(Watch, Facts) bool { return true }

// endRolledBack ends the watch at once, because what is measured from now on
// says something about the rollback and not about the change.
func (w Watch) endRolledBack(f Facts) Watch {
	return w.end(Regressed, detector.RolledBack, f.Now)
}

func (w Watch) endSuperseded(f Facts) Watch {
	return w.end(Superseded, detector.Superseded, f.Now)
}

func (w Watch) endStillRolling(f Facts) Watch {
	return w.end(Inconclusive, detector.RollingNeverEnded, f.Now)
}

func (w Watch) endWithOutcome(f Facts) Watch {
	return w.takeVerdict(f).end(finalState(*f.Verdict), f.Reason(), f.Now)
}

// takeVerdict records grade and reason of a look.
func (w Watch) takeVerdict(f Facts) Watch {
	w = w.schedule(f).begin(f)
	w = w.withGrade(nextGrade(w.Grade, *f.Verdict), f.Now)
	w.Reason = f.Reason()
	switch {
	case w.Grade < detector.Likely:
		w.LikelyAt = time.Time{}
	case w.LikelyAt.IsZero():
		w.LikelyAt = f.Now
	}
	return w
}

func (w Watch) takeNoVerdict(f Facts) Watch {
	w = w.schedule(f).begin(f)
	w.Reason = cmp.Or(f.Reason(), w.Reason)
	return w
}

// begin starts watching once the change has started.
func (w Watch) begin(f Facts) Watch {
	if !f.Now.Before(f.Change.StartedAt) {
		w.State = Watching
	}
	return w
}

// schedule records the end of the rollout and sets the next look.
func (w Watch) schedule(f Facts) Watch {
	if done := w.SettleFrom(f.Change); w.From.IsZero() && !done.IsZero() {
		w.From = w.JudgedFrom(f.Change)
		w.Until = w.From.Add(w.Bake)
	}
	w.Next = nextTurn(f.Now, w.Every, f.Change.Service)
	if !w.Until.IsZero() && f.Now.Before(w.Until) && w.Next.After(w.Until) {
		w.Next = w.Until
	}
	return w
}

func (w Watch) end(s State, r detector.Reason, now time.Time) Watch {
	w.State, w.Reason, w.EndedAt, w.Next = s, r, now, time.Time{}
	return w
}

// nextGrade is the higher of both grades: a p-value may vary from look to look,
// evidence once found stays. A transient verdict is the one exception, because
// it says that the effect has gone by itself.
func nextGrade(old detector.Grade, v detector.Verdict) detector.Grade {
	if v.Reason == detector.Transient {
		return v.Grade
	}
	return max(old, v.Grade)
}

// finalState maps the last verdict to a final state. An outcome that is none
// of the three is inconclusive.
func finalState(v detector.Verdict) State {
	switch v.Outcome {
	case detector.Healthy:
		return Healthy
	case detector.Regressed:
		return Regressed
	case detector.Blind:
		return Blind
	}
	return Inconclusive
}
