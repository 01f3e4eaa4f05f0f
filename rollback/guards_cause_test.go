package rollback_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/pushback/pushback/detector"
	"github.com/pushback/pushback/rollback"
	"github.com/pushback/pushback/rollback/hooktest"
	"github.com/pushback/pushback/sources"
)

type suspect = rollback.Suspect

// began is when the change of every case began. Its rollout took a minute, and its
// ticks are a minute long.
var began = hooktest.Situation().Change.StartedAt

// other is another change, which began and ended these minutes after began.
func other(service string, kind sources.Kind, distance int, from, to float64, riders ...string) suspect {
	minute := func(m float64) time.Time { return began.Add(time.Duration(m * float64(time.Minute))) }
	return suspect{Distance: distance, Change: sources.Change{
		ID: fmt.Sprint(service, kind, from), Service: service, Environment: "production", Kind: kind, Version: "v9",
		StartedAt: minute(from), FinishedAt: minute(to), Riders: riders,
	}}
}

func TestConfounded(t *testing.T) {
	f := func(name string, refused bool, onset rollback.Onset, suspects ...suspect) {
		t.Helper()
		t.Run(name, func(t *testing.T) {
			t.Helper()
			s := hooktest.Situation()
			s.Tick, s.Onset, s.Suspects = time.Minute, onset, suspects
			w, refusals := rollback.Permit(hooktest.Order(), s)
			if w.Valid() == refused || refused && refusals[0].Guard != rollback.GuardConfounded {
				t.Errorf("refused by %v, want refused: %v", refusals, refused)
			}
		})
	}
	// The regression shows at the first tick after settling, so that it began at any time
	// since the change.
	first := rollback.Onset{From: began, To: began.Add(2 * time.Minute)}
	// The regression began ten minutes after the change.
	late := rollback.Onset{From: began.Add(10 * time.Minute), To: began.Add(10 * time.Minute)}
	// Nobody knows whether it was there four minutes before the change, or three.
	early := rollback.Onset{From: began.Add(-4 * time.Minute), To: began.Add(2 * time.Minute)}
	lately := rollback.Onset{From: began.Add(-3 * time.Minute), To: began.Add(2 * time.Minute)}

	f("no other change", false, first)
	f("a config push at the same time", true, first, other("cart", sources.Config, 0, 0.5, 0.5))
	f("a flag at the same time", true, first, other("cart", sources.Flag, 0, 1, 1))
	f("of a dependency at the same time", true, first, other("payments", sources.Deploy, 1, 0, 1))
	f("two steps up, at the same time", false, first, other("ledger", sources.Deploy, 2, 0, 1))
	f("an experiment of a dependency", false, first, other("payments", sources.Experiment, 1, 0, 1))
	f("five minutes before", false, first, other("cart", sources.Deploy, 0, -6, -5))
	f("a minute before", true, first, other("cart", sources.Deploy, 0, -2, -1))
	f("a minute before, with many on board", true, first, other("cart", sources.Deploy, 0, -2, -1, "a", "b", "c", "d", "e"))
	f("after it broke", false, first, other("cart", sources.Deploy, 0, 5, 6))
	f("rolling since before", true, first, suspect{Change: sources.Change{ID: "canary", Service: "cart", StartedAt: began.Add(-time.Hour)}})
	f("nearer to a late onset", true, late, other("cart", sources.Config, 0, 9, 9.5))
	f("both show late", true, late, other("cart", sources.Deploy, 0, -20, -19))
	f("it shows late, and there is no other", false, late)
	f("it may have been there before", true, early, other("cart", sources.Deploy, 0, -20, -19))
	f("it may have been there before, and there is no other", false, early)
	f("it may have begun right before", false, lately, other("cart", sources.Deploy, 0, -20, -19))
	f("when is not known", true, rollback.Onset{}, other("cart", sources.Config, 0, -20, -19))
}

// While a change settles nothing is measured, so that its first tick afterwards is not late.
func TestSettlingIsNotLate(t *testing.T) {
	s := hooktest.Situation()
	s.Tick, s.Suspects = time.Minute, []suspect{other("cart", sources.Deploy, 0, -20, -19)}
	s.Onset = rollback.Onset{From: began, To: began.Add(11 * time.Minute)}
	for settled, refused := range map[time.Duration]bool{time.Minute: true, 9*time.Minute - time.Second: true, 9 * time.Minute: false} {
		s.JudgedFrom = began.Add(settled)
		if _, refusals := rollback.Permit(hooktest.Order(), s); len(refusals) > 0 != refused {
			t.Errorf("settled after %s: %v, want refused: %v", settled, refusals, refused)
		}
	}
}

// What took long from half of its rise to the first bad tick has taken as long until there: then the version before,
// which had settled three minutes ahead of that, is as likely the cause.
func TestWhatGrewBeganBefore(t *testing.T) {
	s := hooktest.Situation()
	s.Tick, s.Suspects = time.Minute, []suspect{other("cart", sources.Deploy, 0, -7, -6)}
	for to, refused := range map[time.Duration]bool{0: false, 90 * time.Second: true} {
		s.Onset = rollback.Onset{From: began.Add(-3 * time.Minute), To: began.Add(to)}
		if _, refusals := rollback.Permit(hooktest.Order(), s); len(refusals) > 0 != refused {
			t.Errorf("from 3 min before it to %s after it: %v, want refused: %v", to, refusals, refused)
		}
	}
}

func TestConfoundedNamesTheOthers(t *testing.T) {
	s := hooktest.Situation()
	s.Tick, s.Suspects = time.Minute, []suspect{other("payments", sources.Deploy, 1, 0, 1)}
	_, refusals := rollback.Permit(hooktest.Order(), s)
	for _, want := range []string{"cannot tell this change apart from", "payments v9 (deploy at 12:00:00 UTC, a direct dependency)", "approve"} {
		if len(refusals) != 1 || !strings.Contains(refusals[0].Why, want) {
			t.Errorf("%v does not say %q", refusals, want)
		}
	}
}

func TestRank(t *testing.T) {
	onset := rollback.Onset{From: began.Add(10 * time.Minute), To: began.Add(10 * time.Minute)}
	want := []suspect{
		other("a", sources.Deploy, 0, 9, 10, "x", "y"), // riders
		other("b", sources.Deploy, 0, 9, 10),
		other("c", sources.Flag, 0, 9, 10),
		other("d", sources.Deploy, 1, 9, 10),
		other("e", sources.Experiment, 0, 9, 10),
		other("f", sources.Deploy, 0, 5, 6),
		other("g", sources.Deploy, 0, 30, 31),
	}
	for shift := range want {
		mixed := append(append([]suspect{}, want[shift:]...), want[:shift]...)
		for i, r := range rollback.Rank(mixed, onset, time.Minute) {
			if r.Change.ID != want[i].Change.ID {
				t.Errorf("place %d: %s, want %s", i, r, want[i].Change.Service)
			}
		}
	}
	if _, ok := rollback.StandsOut(nil, 2); ok {
		t.Error("a suspect stands out of none")
	}
	if _, ok := rollback.StandsOut(rollback.Rank(want[6:], onset, time.Minute), 2); ok {
		t.Error("one that came afterwards stands out")
	}
}

func TestBadBefore(t *testing.T) {
	f := func(name string, refused bool, signals ...detector.Evidence) {
		t.Helper()
		t.Run(name, func(t *testing.T) {
			t.Helper()
			s := hooktest.Situation()
			s.Tick, s.Verdict.Signals = time.Minute, signals
			_, refusals := rollback.Permit(hooktest.Order(), s)
			if (len(refusals) == 1 && refusals[0].Guard == rollback.GuardBefore) != refused {
				t.Errorf("refused by %v, want refused: %v", refusals, refused)
			}
			s.Approved = true
			if _, refusals := rollback.Permit(hooktest.Order(), s); len(refusals) > 0 {
				t.Errorf("approved, and refused by %v", refusals)
			}
		})
	}
	errors := detector.Evidence{Signal: "errors", Grade: detector.Certain, Worse: detector.Higher, Tests: []detector.Test{detector.ByCounts}}
	with := func(change func(*detector.Evidence)) detector.Evidence {
		e := errors
		change(&e)
		return e
	}
	onset := func(m int) detector.Evidence {
		return with(func(e *detector.Evidence) { e.Onset = began.Add(time.Duration(m) * time.Minute) })
	}
	limit := func(worse detector.Worse, expected, was float64) detector.Evidence {
		return with(func(e *detector.Evidence) {
			e.Tests, e.Worse = []detector.Test{detector.ByLimit}, worse
			e.Effect = detector.Effect{Forecast: expected, After: was, Difference: was - expected}
		})
	}
	unhealthyBefore := with(func(e *detector.Evidence) { e.Reason = detector.BaselineUnhealthy })

	f("broke after", false, onset(2))
	f("broke three ticks before, as far as one can tell", false, onset(-3))
	f("broke ten ticks before", true, onset(-10))
	f("one broke before, one after", false, onset(-10), onset(2))
	f("two broke before", true, onset(-10), onset(-9))
	f("outside its usual range before", true, unhealthyBefore)
	f("a signal of grade suspect that was bad before", false, errors, with(func(e *detector.Evidence) {
		e.Grade, e.Reason = detector.Suspect, detector.BaselineUnhealthy
	}))
	f("beyond its limit, as before", true, limit(detector.Higher, 0.06, 0.061))
	f("beyond its limit, and worse", false, limit(detector.Higher, 0.06, 0.09))
	f("beyond its limit, and better", true, limit(detector.Higher, 0.09, 0.06))
	f("below its limit, as before", true, limit(detector.Lower, 10, 9.9))
	f("below its limit, and worse", false, limit(detector.Lower, 10, 5))
	f("nothing was expected", false, limit(detector.Higher, 0, 0.3))
	unmeasured := limit(detector.Higher, 0, 0.3)
	unmeasured.UnknownBefore = true
	f("nothing was measured before", true, unmeasured)
	f("of one signal nothing was measured before, the other broke after", false, unmeasured, onset(2))
	f("of one signal nothing was measured before, the other broke before", true, unmeasured, onset(-10))
}

func TestFleet(t *testing.T) {
	now := began
	alarm := func(service string, minutes int, blamed string) rollback.Alarm {
		return rollback.Alarm{Service: service, At: now.Add(-time.Duration(minutes) * time.Minute), Cause: blamed}
	}
	f := func(name string, trips bool, open int, alarms ...rollback.Alarm) {
		t.Helper()
		why := rollback.DefaultLimits().Fleet.HoldReason(rollback.Fleet{Open: open, Alarms: alarms}, now)
		if (why != "") != trips {
			t.Errorf("%s: %q, want it to trip: %v", name, why, trips)
		}
	}
	four := []rollback.Alarm{alarm("a", 1, "1"), alarm("b", 2, "2"), alarm("c", 3, "3"), alarm("d", 10, "4")}
	f("nothing is bad", false, 100)
	f("four services of twenty watches", true, 20, four...)
	f("three services", false, 20, four[:3]...)
	f("four, one of them longer ago", false, 20, alarm("a", 1, "1"), alarm("b", 2, "2"), alarm("c", 3, "3"), alarm("d", 11, "4"))
	f("nineteen watches", false, 19, four...)
	f("one change is to blame", false, 20, alarm("a", 1, "1"), alarm("b", 2, "1"), alarm("c", 3, "1"), alarm("d", 3, "1"))
	f("one change is to blame for all but one", true, 20, alarm("a", 1, "1"), alarm("b", 2, "1"), alarm("c", 3, "1"), alarm("d", 3, "2"))
	two := []rollback.Alarm{alarm("a", 1, "1"), alarm("a", 1, "2"), alarm("a", 1, "3"), alarm("b", 1, "4")}
	f("a fifth of the watches", false, 20, two...)
	f("more than a fifth of the watches", true, 20, append(two, alarm("b", 1, "5"))...)
}
