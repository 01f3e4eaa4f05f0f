package watch

import (
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/pushback/pushback/detector"
	"github.com/pushback/pushback/sources"
)

var start = time.Date(2026, 3, 29, 1, 59, 0, 0, time.UTC)

// at is so many minutes after the change began.
func at(minutes float64) time.Time { return start.Add(time.Duration(minutes * float64(time.Minute))) }

// waiting is a watch of 30 minutes that settles for one and looks every 15 s.
func waiting() Watch {
	return Watch{ID: "k.red", ChangeKey: "k", Rule: "red", State: Waiting, BaseAt: start, Settle: time.Minute, Bake: 30 * time.Minute, Every: 15 * time.Second}
}

func watching(grade detector.Grade) Watch {
	w := waiting()
	w.State, w.Grade, w.From, w.Until = Watching, grade, at(1), at(31)
	return w
}

func finished() sources.Change { return sources.Change{StartedAt: start, FinishedAt: start} }

func failed() sources.Change {
	c := finished()
	c.Status = sources.Failed
	return c
}

// failing is a watch of a rollout that failed.
func failing() Watch {
	w := watching(detector.None)
	w.Reason = detector.FailedRollout
	return w
}

func verdict(o detector.Outcome, g detector.Grade, r detector.Reason) *detector.Verdict {
	return &detector.Verdict{Outcome: o, Grade: g, Reason: r}
}

func TestAdvance(t *testing.T) {
	f := func(name string, w Watch, facts Facts, state State, grade detector.Grade, reason detector.Reason) {
		t.Run(name, func(t *testing.T) {
			got := Advance(w, facts)
			if got.State != state || got.Grade != grade || got.Reason != reason {
				t.Errorf("%s, %s, %q; want %s, %s, %q", got.State, got.Grade, got.Reason, state, grade, reason)
			}
			if got.State.Open() != got.EndedAt.IsZero() {
				t.Errorf("state %s ended at %s", got.State, got.EndedAt)
			}
		})
	}
	rolling := sources.Change{StartedAt: start}
	bad := verdict(detector.Regressed, detector.Certain, "")

	f("before the change", waiting(), Facts{Now: at(-1), Change: rolling}, Waiting, detector.None, "")
	f("the change began", waiting(), Facts{Now: at(0), Change: rolling}, Watching, detector.None, "")
	f("superseded while waiting", waiting(), Facts{Now: at(1), Change: rolling, Superseded: true}, Superseded, detector.None, detector.Superseded)
	f("superseded beats a verdict", watching(detector.Likely), Facts{Now: at(5), Change: finished(), Superseded: true, Verdict: bad}, Superseded, detector.Likely, detector.Superseded)
	f("rolled back", watching(detector.Certain), Facts{Now: at(5), Change: finished(), RolledBackAt: at(4)}, Regressed, detector.Certain, detector.RolledBack)
	f("rolls for ever", waiting(), Facts{Now: at(121), Change: rolling}, Inconclusive, detector.None, detector.RollingNeverEnded)
	f("a grade rises", watching(detector.Suspect), Facts{Now: at(5), Change: finished(), Verdict: bad}, Watching, detector.Certain, "")
	f("a grade does not fall", watching(detector.Certain), Facts{Now: at(5), Change: finished(), Verdict: verdict(detector.Inconclusive, detector.None, "")}, Watching, detector.Certain, "")
	f("but for transient", watching(detector.Certain), Facts{Now: at(5), Change: finished(), Verdict: verdict(detector.Inconclusive, detector.Suspect, detector.Transient)}, Watching, detector.Suspect, detector.Transient)
	f("the bake is over, well", watching(detector.None), Facts{Now: at(31), Final: true, Change: finished(), Verdict: verdict(detector.Healthy, detector.None, "")}, Healthy, detector.None, "")
	f("the bake is over, bad", watching(detector.None), Facts{Now: at(31), Final: true, Change: finished(), Verdict: bad}, Regressed, detector.Certain, "")
	f("the bake is over, blind", watching(detector.None), Facts{Now: at(31), Final: true, Change: finished(), Verdict: verdict(detector.Blind, detector.None, detector.SourceError)}, Blind, detector.None, detector.SourceError)
	f("the bake is over, nothing earned", watching(detector.None), Facts{Now: at(31), Final: true, Change: finished(), Verdict: &detector.Verdict{}}, Inconclusive, detector.None, "")
	f("a moment before the end", watching(detector.None), Facts{Now: at(30.9), Change: finished(), Verdict: bad}, Watching, detector.Certain, "")
	f("after the end, by a look that began before it", watching(detector.None), Facts{Now: at(31.1), Change: finished(), Verdict: verdict(detector.Inconclusive, detector.None, detector.StillWatching)}, Watching, detector.None, detector.StillWatching)
	f("its rollout failed", watching(detector.None), Facts{Now: at(5), Change: failed(), Verdict: bad}, Watching, detector.Certain, detector.FailedRollout)
	f("its rollout failed, and it is well", watching(detector.None), Facts{Now: at(31), Final: true, Change: failed(), Verdict: verdict(detector.Healthy, detector.None, "")}, Healthy, detector.None, detector.FailedRollout)
	f("its rollout failed, and the store too", watching(detector.None), Facts{Now: at(31), Final: true, Change: failed(), Verdict: verdict(detector.Blind, detector.None, detector.SourceError)}, Blind, detector.None, detector.FailedRollout)
	f("its rollout failed before a look", waiting(), Facts{Now: at(0.5), Change: failed()}, Watching, detector.None, detector.FailedRollout)
	f("its rollout failed, and it has gone by itself", watching(detector.Certain), Facts{Now: at(5), Change: failed(), Verdict: verdict(detector.Inconclusive, detector.Suspect, detector.Transient)}, Watching, detector.Suspect, detector.FailedRollout)
	f("superseded after it failed", watching(detector.None), Facts{Now: at(5), Change: failed(), Superseded: true}, Superseded, detector.None, detector.Superseded)
	f("it was tried again", failing(), Facts{Now: at(5), Change: finished(), Verdict: verdict(detector.Inconclusive, detector.None, "")}, Watching, detector.None, "")
	f("confounded", watching(detector.None), Facts{Now: at(5), Change: finished(), Verdict: bad, Confounded: true}, Watching, detector.Certain, detector.Confounded)
	f("confounded to the end", watching(detector.None), Facts{Now: at(31), Final: true, Change: finished(), Verdict: bad, Confounded: true}, Regressed, detector.Certain, detector.Confounded)
	f("confounded, beyond its limit", watching(detector.None), Facts{Now: at(5), Change: finished(), Verdict: verdict(detector.Regressed, detector.Certain, detector.LimitBreached), Confounded: true}, Watching, detector.Certain, detector.Confounded)
	f("nothing to confound", watching(detector.None), Facts{Now: at(31), Final: true, Change: finished(), Verdict: verdict(detector.Healthy, detector.None, ""), Confounded: true}, Healthy, detector.None, "")
	f("confounded, and gone by itself", watching(detector.Certain), Facts{Now: at(5), Change: finished(), Verdict: verdict(detector.Inconclusive, detector.Suspect, detector.Transient), Confounded: true}, Watching, detector.Suspect, detector.Transient)
	f("confounded, and blind", watching(detector.Suspect), Facts{Now: at(31), Final: true, Change: finished(), Verdict: verdict(detector.Blind, detector.Suspect, detector.SourceError), Confounded: true}, Blind, detector.Suspect, detector.SourceError)
	f("failed and confounded", watching(detector.None), Facts{Now: at(5), Change: failed(), Verdict: bad, Confounded: true}, Watching, detector.Certain, detector.FailedRollout)
	f("no look, no end", watching(detector.None), Facts{Now: at(40), Change: finished()}, Watching, detector.None, "")
}

func TestFinalStatesStay(t *testing.T) {
	for _, state := range []State{Healthy, Regressed, Inconclusive, Blind, Superseded} {
		w := watching(detector.Likely)
		w.State, w.EndedAt = state, at(31)
		got := Advance(w, Facts{Now: at(60), Change: finished(), Superseded: true, RolledBackAt: at(50), Verdict: verdict(detector.Regressed, detector.Certain, "")})
		if diff := cmp.Diff(w, got); diff != "" {
			t.Errorf("%s moved (-before +after):\n%s", state, diff)
		}
	}
}

func TestScheduleLearnsTheEndOnce(t *testing.T) {
	w := Advance(waiting(), Facts{Now: at(2.1), Change: sources.Change{StartedAt: start, FinishedAt: at(2)}})
	if !w.From.Equal(at(3)) || !w.Until.Equal(at(33)) {
		t.Errorf("from %s until %s; want %s until %s", w.From, w.Until, at(3), at(33))
	}
	if wait := w.Next.Sub(at(2.1)); wait <= 0 || wait > 15*time.Second {
		t.Errorf("the next look comes after %s; want it within 15 s", wait)
	}
	later := Advance(w, Facts{Now: at(32.9), Change: sources.Change{StartedAt: start, FinishedAt: at(9)}})
	if !later.From.Equal(w.From) {
		t.Errorf("a later end moved from to %s", later.From)
	}
	if !later.Next.Equal(at(33)) {
		t.Errorf("next look %s; want the end of the bake, %s", later.Next, at(33))
	}
}

func TestRecoveryLooksFromTheRollbackOn(t *testing.T) {
	w := watching(detector.Certain)
	w.Responded, w.Acts = []int{0, 1}, true
	r := w.Recovery(at(6), at(6.1))
	if r.Acts || len(r.Responded) > 0 || r.Grade != detector.None || r.ID == w.ID || !r.BaseAt.Equal(w.BaseAt) {
		t.Errorf("recovery watch %+v", r)
	}
	r = Advance(r, Facts{Now: at(6.2), Change: finished(), RolledBackAt: at(6)})
	if r.State != Watching || !r.From.Equal(at(7)) {
		t.Errorf("%s from %s; want watching from %s", r.State, r.From, at(7))
	}
}

func TestExprReproducesTheNumbers(t *testing.T) {
	a, b := sources.Query{Expr: "a"}, sources.Query{Expr: "b"}
	f := func(form Form, want string) {
		if got := (Input{Form: form, Value: a, Part: b, Edge: 0.3}).Expr(time.Minute); got != want {
			t.Errorf("%s: %s; want %s", form, got, want)
		}
	}
	f(FormLevel, "a")
	f(FormRatio, "(b) / (a)")
	f(FormCounts, "sum(increase(b[60000ms])) / sum(increase(a[60000ms]))")
	f(FormMean, "sum(increase(a[60000ms])) / sum(increase(b[60000ms]))")
	f(FormSlow, "1 - sum(increase(b[60000ms])) / sum(increase(a[60000ms]))")
	f(FormNativeMean, "histogram_avg(sum(increase(a[60000ms])))")
	f(FormNativeSlow, "histogram_fraction(0.3, +Inf, sum(increase(a[60000ms])))")
}

// A watch has fired once it was likely, also where it was suspect and not so often before that, and is not likely any more.
func TestFired(t *testing.T) {
	t.Parallel()
	f := func(want bool, grades ...detector.Grade) {
		t.Helper()
		w := watching(detector.None)
		for i, grade := range grades {
			w = w.withGrade(grade, at(float64(i)))
		}
		if w.Fired() != want || len(w.Grades) > maxGrades {
			t.Errorf("after %v: %v, and remembers %v", grades, w.Fired(), w.Grades)
		}
	}
	f(false)
	f(false, detector.Suspect, detector.None)
	f(true, detector.Certain)
	f(true, detector.Suspect, detector.Likely, detector.None)
	turns := slices.Repeat([]detector.Grade{detector.Suspect, detector.None}, maxGrades)
	f(false, turns...)
	f(true, append(turns, detector.Likely, detector.None)...)
}
