package store

import (
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/pushback/pushback/detector"
	"github.com/pushback/pushback/rollback"
	"github.com/pushback/pushback/sources"
	"github.com/pushback/pushback/watch"
)

// Only a watch that may act, and has ended, marks a version bad.
func TestStandingAfter(t *testing.T) {
	open := watch.Watch{State: watch.Watching, Grade: detector.Certain, Acts: true}
	f := func(name string, alter func(w *watch.Watch), want Standing) {
		t.Helper()
		to := open
		alter(&to)
		if got := StandingAfter(open, to); got != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
	f("still open", func(*watch.Watch) {}, Unjudged)
	f("regressed", func(w *watch.Watch) { w.State = watch.Regressed }, Bad)
	f("may not act", func(w *watch.Watch) { w.State, w.Acts = watch.Regressed, false }, Unjudged)
	f("healthy", func(w *watch.Watch) { w.State = watch.Healthy }, Good)
	f("healthy echo", func(w *watch.Watch) { w.State, w.Acts = watch.Healthy, false }, Good)
	f("blind", func(w *watch.Watch) { w.State = watch.Blind }, Unjudged)
	f("superseded early", func(w *watch.Watch) { w.State, w.Grade, w.From, w.EndedAt = watch.Superseded, 0, at(1), at(5) }, Unjudged)
	f("superseded later", func(w *watch.Watch) { w.State, w.Grade, w.From, w.EndedAt = watch.Superseded, 0, at(1), at(11) }, Good)
	f("superseded, suspected", func(w *watch.Watch) { w.State, w.From, w.EndedAt = watch.Superseded, at(1), at(11) }, Unjudged)
	f("the rollback helped", func(w *watch.Watch) { w.State, w.After, w.Acts = watch.Healthy, at(3), false }, Unjudged)
	f("the rollback did not help", func(w *watch.Watch) { w.State, w.After, w.Acts = watch.Regressed, at(3), false }, Cleared)
}

// watched stores a change of a service, and the end of a watch of it that turned bad
// at likely; not at all if it is negative.
func watched(t *testing.T, s *Store, e sources.Event, likely int, end func(w *watch.Watch)) Change {
	t.Helper()
	c := accept(t, s, e).Change
	w := watch.Watch{ID: c.Key + ".red", ChangeKey: c.Key, Rule: "red", RuleHash: "h", State: watch.Watching, BaseAt: e.At, From: e.At, Acts: true}
	if likely >= 0 {
		w.LikelyAt, w.Grade = at(likely), detector.Certain
	}
	to := w
	to.State, to.EndedAt = watch.Regressed, at(likely+1)
	if end != nil {
		end(&w)
		end(&to)
	}
	if err := s.PlanChange(t.Context(), c.Key, []watch.Watch{w}); err != nil {
		t.Fatal(err)
	}
	outcome := Outcome{WatchID: w.ID, ChangeKey: c.Key, Rule: w.Rule, RuleHash: w.RuleHash, EndedAt: to.EndedAt, Fired: to.Grade >= detector.Likely}
	moved, _, _, err := s.MoveWatch(t.Context(), w, to, Effects{Outcome: &outcome})
	must(t, true, "ending a watch")(moved, err)
	return c
}

func deployOf(service, version string, minute int) sources.Event {
	e := eventOf(service+" "+version, version, sources.Succeeded, minute)
	e.Service = service
	return e
}

func wantStanding(t *testing.T, s *Store, c Change, want Standing) {
	t.Helper()
	if got := reread(t, s, c).Standing; got != want {
		t.Errorf("%s stands %q, want %q", c.ID, got, want)
	}
}

// Of two rules' marks the stronger stays, in whichever order their watches end.
func strongerMarkStays(t *testing.T, s *Store) {
	c := accept(t, s, eventOf("c1", "v1", sources.Succeeded, 1)).Change
	f := func(st, want Standing) {
		t.Helper()
		if err := s.SetStanding(t.Context(), c.Key, st); err != nil {
			t.Fatal(err)
		}
		wantStanding(t, s, c, want)
	}
	f(Good, Good)
	f(Bad, Bad)
	f(Good, Bad)
	f(Cleared, Cleared)
	f(Bad, Cleared)
	f(Good, Cleared)
}

// An incident clears what turned bad in it, and nothing else, until it is withdrawn.
func incidentClears(t *testing.T, s *Store) {
	inside := watched(t, s, deployOf("cart", "v1", 5), 12, nil)
	before := watched(t, s, deployOf("mail", "v1", 5), 8, nil)
	elsewhere := watched(t, s, deployOf("search", "v1", 5), 12, nil)
	saved := watched(t, s, deployOf("payments", "v1", 5), 12, nil)
	open := watched(t, s, deployOf("orders", "v1", 5), 12, func(w *watch.Watch) { w.State = watch.Watching })
	if err := s.PutOutcome(t.Context(), Outcome{WatchID: saved.Key + ".red", ChangeKey: saved.Key, RuleHash: "h", Saved: true}); err != nil {
		t.Fatal(err)
	}
	for _, c := range []Change{inside, before, elsewhere, saved} {
		wantStanding(t, s, c, Bad)
	}
	for _, service := range []string{"cart", "mail", "payments", "orders"} {
		i, err := s.NoteIncident(t.Context(), Incident{Service: service, From: at(10), To: at(30), Why: "the cable", Actor: "amy", At: at(40)})
		if err != nil {
			t.Fatal(err)
		}
		if service == "cart" {
			defer func() { // a person withdraws it
				if _, err := s.RemoveIncident(t.Context(), i.ID, "amy", at(50)); err != nil {
					t.Fatal(err)
				}
				wantStanding(t, s, inside, Bad)
			}()
		}
	}
	wantStanding(t, s, inside, Cleared)
	wantStanding(t, s, before, Bad)
	wantStanding(t, s, elsewhere, Bad)
	wantStanding(t, s, saved, Bad)
	wantStanding(t, s, open, Cleared)
	later := watched(t, s, deployOf("cart", "v2", 15), 20, nil) // its watch ends after the incident was noted
	wantStanding(t, s, later, Cleared)
	recovered(t, s, open, later)
	wantStanding(t, s, open, Bad) // rolling it back helped, so that it was the cause
	wantStanding(t, s, later, Bad)
	entries, err := s.Journal(t.Context(), inside.Key)
	if err != nil || len(entries) != 1 || entries[0].Action != "clear" || entries[0].Actor != "amy" {
		t.Errorf("the journal: %+v, %v", entries, err)
	}
}

// recovered ends the recovery watches of changes: rolling them back helped.
func recovered(t *testing.T, s *Store, changes ...Change) {
	t.Helper()
	for _, c := range changes {
		ws, err := s.WatchesOf(t.Context(), c.Key)
		if err != nil || len(ws) != 1 {
			t.Fatal(ws, err)
		}
		after := ws[0].Recovery(at(40), at(40))
		if err := s.PlanChange(t.Context(), c.Key, []watch.Watch{after}); err != nil {
			t.Fatal(err)
		}
		ended := after
		ended.State, ended.EndedAt = watch.Healthy, at(50)
		moved, _, _, err := s.MoveWatch(t.Context(), after, ended, Effects{})
		must(t, true, "ending the recovery watch")(moved, err)
	}
}

// A rule that found nothing before a rollback cannot tell whether the rollback helped.
func onlyItsRuleClears(t *testing.T, s *Store) {
	c := watched(t, s, deployOf("cart", "v2", 5), 7, nil)
	quiet := watch.Watch{ID: c.Key + ".blue", ChangeKey: c.Key, Rule: "blue", State: watch.Regressed, EndedAt: at(9), Acts: true}
	after := quiet.Recovery(at(9), at(9))
	if err := s.PlanChange(t.Context(), c.Key, []watch.Watch{quiet, after}); err != nil {
		t.Fatal(err)
	}
	ended := after
	ended.State, ended.EndedAt = watch.Regressed, at(25)
	moved, _, _, err := s.MoveWatch(t.Context(), after, ended, Effects{})
	must(t, true, "ending the recovery watch")(moved, err)
	wantStanding(t, s, c, Bad)
}

// The fleet breaker holds because what turned bad has a common cause. What turns bad
// while it holds has that cause too.
func fleetHoldClears(t *testing.T, s *Store) {
	alarmed := watched(t, s, deployOf("cart", "v1", 5), 12, nil)
	earlier := watched(t, s, deployOf("mail", "v1", 1), 2, nil)
	hold := Hold{Kind: FleetHold, Why: "too much", Actor: "fleet breaker", Since: at(10), At: at(20), Until: at(40)}
	if _, set, err := s.SetHold(t.Context(), hold, func(Hold) []Outgoing { return nil }); err != nil || !set {
		t.Fatal(set, err)
	}
	wantStanding(t, s, alarmed, Cleared)
	wantStanding(t, s, earlier, Bad)
	wantStanding(t, s, watched(t, s, deployOf("search", "v1", 5), 25, nil), Cleared)
	wantStanding(t, s, watched(t, s, deployOf("orders", "v1", 5), 45, nil), Bad)
	gate := Hold{Kind: GateHold, Service: "mail", Why: "a sale", Actor: "amy", At: at(46)}
	if _, _, err := s.SetHold(t.Context(), gate, func(Hold) []Outgoing { return nil }); err != nil {
		t.Fatal(err)
	}
	wantStanding(t, s, earlier, Bad)
}

// A false alarm clears a change once no rule is left that fired rightly.
func falseAlarmsClear(t *testing.T, s *Store) {
	c := watched(t, s, deployOf("cart", "v1", 5), 12, nil)
	other := Outcome{WatchID: c.Key + ".blue", ChangeKey: c.Key, Rule: "blue", RuleHash: "b", EndedAt: at(13), Fired: true}
	wrong := Outcome{WatchID: c.Key + ".red", ChangeKey: c.Key, Rule: "red", RuleHash: "h", EndedAt: at(14), Fired: true, FalseAlarm: true}
	f := func(o Outcome, want Standing) {
		t.Helper()
		if err := s.PutOutcome(t.Context(), o); err != nil {
			t.Fatal(err)
		}
		wantStanding(t, s, c, want)
	}
	f(other, Bad)
	f(wrong, Bad)
	other.FalseAlarm = true
	f(other, Cleared)
}

// A change of which a person says that it was bad is marked bad, and its watch is no clean one. What was cleared stays so.
func missedMarksBad(t *testing.T, s *Store) {
	c := accept(t, s, deployOf("missing", "v1", 5)).Change
	if err := s.SetStanding(t.Context(), c.Key, Good); err != nil {
		t.Fatal(err)
	}
	o := Outcome{WatchID: c.Key + ".red", ChangeKey: c.Key, Rule: "red", RuleHash: "m", Service: "missing", EndedAt: at(13), Clean: true}
	f := func(want Standing, clean, missed int) {
		t.Helper()
		if err := s.PutOutcome(t.Context(), o); err != nil {
			t.Fatal(err)
		}
		wantStanding(t, s, c, want)
		n, err := s.CountClean(t.Context(), "m", "missing", time.Time{})
		counts, err2 := s.OutcomeCounts(t.Context(), "m")
		if err != nil || err2 != nil || n != clean || len(counts) != 1 || counts[0].Missed != missed {
			t.Errorf("%d clean, want %d; %+v, want %d missed; %v %v", n, clean, counts, missed, err, err2)
		}
	}
	f(Good, 1, 0)
	o.Clean, o.Missed = false, true
	f(Bad, 0, 1)
	f(Bad, 0, 1)
	if cleared, err := s.ClearChange(t.Context(), c.Key, "amy", "w", at(20)); err != nil || !cleared {
		t.Fatal(cleared, err)
	}
	f(Cleared, 0, 1)
}

// A rollback that did not help clears what newer changes were marked for by the same
// before window: theirs is the same outage, whether they were judged before or after.
func sameBaselineIsCleared(t *testing.T, s *Store) {
	inherits := func(w *watch.Watch) { w.BaseAt = at(5) }
	bad := watched(t, s, deployOf("cart", "v2", 5), 7, nil)
	next := watched(t, s, deployOf("cart", "v3", 12), 14, inherits)
	own := watched(t, s, deployOf("cart", "v4", 20), 22, nil)
	wantStanding(t, s, next, Bad)
	ws, err := s.WatchesOf(t.Context(), bad.Key)
	if err != nil || len(ws) != 1 {
		t.Fatal(ws, err)
	}
	after := ws[0].Recovery(at(9), at(9))
	if err := s.PlanChange(t.Context(), bad.Key, []watch.Watch{after}); err != nil {
		t.Fatal(err)
	}
	ended := after
	ended.State, ended.EndedAt = watch.Regressed, at(25)
	moved, _, _, err := s.MoveWatch(t.Context(), after, ended, Effects{})
	must(t, true, "ending the recovery watch")(moved, err)
	wantStanding(t, s, bad, Cleared)
	wantStanding(t, s, next, Cleared)
	wantStanding(t, s, own, Bad)
	wantStanding(t, s, watched(t, s, deployOf("cart", "v5", 30), 32, inherits), Cleared)
}

// A bad version that we rolled back was live until then, whether the tool reports the
// rollback or not.
func rolledBackWindow(t *testing.T, s *Store) {
	c := watched(t, s, deployOf("cart", "v2", 5), 7, nil)
	window := func(to int) {
		t.Helper()
		got, err := s.BadWindows(t.Context(), "cart", "production", at(0), at(50))
		if diff := cmp.Diff([]sources.Window{{From: at(5), To: at(to)}}, got); err != nil || diff != "" {
			t.Error(err, diff)
		}
	}
	window(50)
	if _, created, err := s.CreateOrder(t.Context(), orderFor(c)); err != nil || !created {
		t.Fatal(created, err)
	}
	claim, ok, err := s.ClaimOrder(t.Context(), c.Key, c.Epoch, at(8))
	must(t, true, "claiming")(ok, err)
	ok, err = s.FinishOrder(t.Context(), OrderResult{Key: c.Key, Claim: claim, State: rollback.Done, At: at(9)})
	must(t, true, "finishing")(ok, err)
	window(9)
	wantRecovery(t, s, c.Key, at(9))
	ok, err = s.VerifyOrder(t.Context(), c.Key, rollback.Verification{State: rollback.TargetNotRunning, At: at(14)})
	must(t, true, "verifying")(ok, err)
	window(50)
	if got := (rollback.Order{State: rollback.Unknown, EndedAt: at(9)}).TookPlaceAt(); !got.Equal(time.Time{}) {
		t.Errorf("an unknown order took place at %s", got)
	}
}

// wantRecovery wants that a change whose watch has ended is watched again since its rollback, and is found as such.
func wantRecovery(t *testing.T, s *Store, key string, undone time.Time) {
	t.Helper()
	ws, err := s.WatchesOf(t.Context(), key)
	if err != nil || len(ws) != 2 || !ws[1].After.Equal(undone) || !ws[1].Next.Equal(undone) || ws[1].State != watch.Waiting {
		t.Errorf("watches after a rollback: %+v, %v", ws, err)
	}
	open, err := s.OpenWatchIDs(t.Context(), nil)
	if err != nil || !slices.Contains(open, key+".red.after") {
		t.Errorf("open watches: %v, %v", open, err)
	}
}

// What is known of a version comes from the changes of its slot that brought it before.
func earlierOfVersion(t *testing.T, s *Store) {
	f := func(c Change, version string, want ...string) {
		t.Helper()
		found, err := s.EarlierOfVersion(t.Context(), c, version, 2)
		if err != nil || !slices.Equal(ids(found), want) {
			t.Errorf("%s before %s: %v, %v; want %v", version, c.ID, ids(found), err, want)
		}
	}
	first := accept(t, s, eventOf("c1", "v1", sources.Succeeded, 1)).Change
	accept(t, s, eventOf("c2", "v1", sources.Succeeded, 5), eventOf("c3", "v2", sources.Succeeded, 10), eventOf("c4", "v1", sources.Succeeded, 20))
	other := deployOf("search", "v1", 2)
	accept(t, s, other)
	last := accept(t, s, eventOf("c5", "v1", sources.Succeeded, 30)).Change
	f(last, "v1", "c4", "c2")
	f(last, "v2", "c3")
	f(last, "v3")
	f(first, "v1")
}
