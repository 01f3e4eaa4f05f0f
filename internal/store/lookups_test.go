package store

import (
	"fmt"
	"testing"
	"time"

	"github.com/pushback/pushback/detector"
	"github.com/pushback/pushback/rollback"
	"github.com/pushback/pushback/sources"
	"github.com/pushback/pushback/watch"
)

// filteredChanges lists changes with every combination of filters.
func filteredChanges(t *testing.T, s *Store) {
	for i, of := range [][2]string{{"cart", "production"}, {"cart", "staging"}, {"shop", "production"}, {"shop", "staging"}, {"cart", "production"}} {
		e := eventOf(fmt.Sprint("c", i), "v1", sources.Succeeded, 10+i)
		e.Service, e.Environment = of[0], of[1]
		accept(t, s, e)
	}
	f := func(filter ChangeFilter, want ...string) {
		t.Helper()
		got := []string{}
		found, err := s.Changes(t.Context(), filter)
		for _, c := range found {
			got = append(got, c.ID)
		}
		if err != nil || fmt.Sprint(got) != fmt.Sprint(want) {
			t.Errorf("%+v: %v, %v; want %v", filter, got, err, want)
		}
	}
	f(ChangeFilter{}, "c4", "c3", "c2", "c1", "c0")
	f(ChangeFilter{Limit: 2}, "c4", "c3")
	f(ChangeFilter{Service: "cart"}, "c4", "c1", "c0")
	f(ChangeFilter{Environment: "production"}, "c4", "c2", "c0")
	f(ChangeFilter{Service: "cart", Environment: "production"}, "c4", "c0")
	f(ChangeFilter{Service: "cart", Environment: "production", Before: at(14)}, "c0")
	f(ChangeFilter{Before: at(12)}, "c1", "c0")
	f(ChangeFilter{Environment: "staging", Before: at(13), Limit: 1}, "c1")
	f(ChangeFilter{Service: "none"})
}

// overlappingKinds finds what was rolling within a time, whether or not its end is known.
func overlappingKinds(t *testing.T, s *Store) {
	change := func(id string, started, finished int) Change {
		e := eventOf(id, id, sources.Started, started)
		e.Service = id
		last := accept(t, s, e)
		if finished > 0 {
			e.Status, e.At, e.EventID = sources.Succeeded, at(finished), id+" ended"
			last = accept(t, s, e)
		}
		return last.Change
	}
	self := change("self", 30, 31)
	change("before", 10, 20)
	change("long", 5, 30)
	change("within", 31, 32)
	change("after", 41, 42)
	change("endless", 1, 0)
	got := map[string]bool{}
	found, err := s.OverlappingChanges(t.Context(), self, []string{"self", "before", "long", "within", "after", "endless"}, at(25), at(40))
	for _, c := range found {
		got[c.ID] = true
	}
	if err != nil || len(found) != 3 || !got["long"] || !got["within"] || !got["endless"] {
		t.Errorf("%v, %v; want long, within, endless", got, err)
	}
	late := at(1).Add(watch.MaxRolling + time.Minute)
	if found, err = s.OverlappingChanges(t.Context(), self, []string{"endless"}, late, late); err != nil || len(found) != 0 {
		t.Errorf("%d changes roll for longer than watch.MaxRolling, %v", len(found), err)
	}
}

// countedWatches counts open watches, and finds those that suspect their change.
func countedWatches(t *testing.T, s *Store) {
	w := planned(t, s)
	f := func(change func(*watch.Watch), open, suspected int) {
		t.Helper()
		moved := w
		change(&moved)
		ok, _, _, err := s.MoveWatch(t.Context(), w, moved, Effects{})
		must(t, true, "move")(ok, err)
		w, w.Revision = moved, w.Revision+1
		n, err := s.CountOpenWatches(t.Context())
		if err != nil || n != open {
			t.Errorf("%d open watches, %v; want %d", n, err, open)
		}
		ws, err := s.SuspectedWatches(t.Context())
		if err != nil || len(ws) != suspected || suspected > 0 && ws[0].ID != w.ID {
			t.Errorf("%d suspected watches, %v; want %d", len(ws), err, suspected)
		}
	}
	f(func(w *watch.Watch) { w.State = watch.Watching }, 1, 0)
	f(func(w *watch.Watch) { w.Grade = detector.Suspect }, 1, 1)
	f(func(w *watch.Watch) { w.Grade = detector.None }, 1, 0)
	f(func(w *watch.Watch) { w.LikelyAt = at(20) }, 1, 1)
	f(func(w *watch.Watch) { w.After = at(30) }, 1, 0)
	f(func(w *watch.Watch) { w.After, w.State = time.Time{}, watch.Regressed }, 0, 0)
}

// manyAtOnce reads the watches, and the orders' states, of several changes.
func manyAtOnce(t *testing.T, s *Store) {
	a := accept(t, s, eventOf("c1", "v1", sources.Succeeded, 10)).Change
	o, ok, err := s.CreateOrder(t.Context(), orderFor(a))
	must(t, true, "create")(ok, err)
	b := accept(t, s, from("argo", eventOf("c2", "v2", sources.Succeeded, 11))).Change
	for _, w := range []watch.Watch{{ID: a.Key + ".x", ChangeKey: a.Key, Rule: "x"}, {ID: a.Key + ".y", ChangeKey: a.Key, Rule: "y"}, {ID: b.Key + ".x", ChangeKey: b.Key, Rule: "x"}} {
		if err := s.PlanChange(t.Context(), w.ChangeKey, []watch.Watch{w}); err != nil {
			t.Fatal(err)
		}
	}
	ws, err := s.WatchesOfEach(t.Context(), []string{a.Key, b.Key, "none"})
	if err != nil || len(ws) != 2 || len(ws[a.Key]) != 2 || len(ws[b.Key]) != 1 || ws[a.Key][0].Rule != "x" {
		t.Errorf("%+v, %v", ws, err)
	}
	states, err := s.OrderStates(t.Context(), []string{a.Key, b.Key})
	if want := (map[string]rollback.State{o.Key: rollback.Cancelled}); err != nil || fmt.Sprint(states) != fmt.Sprint(want) {
		t.Errorf("%v, %v; want %v", states, err, want)
	}
	if none, err := s.WatchesOfEach(t.Context(), nil); err != nil || len(none) != 0 {
		t.Errorf("%v, %v", none, err)
	}
	if none, err := s.OrderStates(t.Context(), nil); err != nil || len(none) != 0 {
		t.Errorf("%v, %v", none, err)
	}
}

// sentMessages finds what a receiver was sent since a time.
func sentMessages(t *testing.T, s *Store) {
	for i := range 3 {
		o := Outgoing{ID: fmt.Sprint("m", i), ChangeKey: "k", Receiver: "chat", CreatedAt: at(10 + i)}
		created, err := s.PutOutgoing(t.Context(), o)
		must(t, true, "put")(created, err)
		if i > 0 {
			must(t, true, "finish")(s.FinishOutgoing(t.Context(), o.ID, Sent, "", at(20)))
		}
	}
	for since, want := range map[time.Time]int{at(10): 2, at(12): 1, at(13): 0} {
		if sent, err := s.SentOutgoing(t.Context(), "chat", since); err != nil || len(sent) != want {
			t.Errorf("since %v: %d, %v; want %d", since, len(sent), err, want)
		}
	}
}

// renewedLease renews the lease of a replica.
func renewedLease(t *testing.T, s *Store) {
	if err := s.Join(t.Context(), "one"); err != nil {
		t.Fatal(err)
	}
	before, err := s.Replicas(t.Context())
	if err != nil || len(before) != 1 {
		t.Fatalf("%v, %v", before, err)
	}
	if err := s.Renew(t.Context(), true, 7); err != nil {
		t.Fatal(err)
	}
	if after, err := s.Replicas(t.Context()); err != nil || len(after) != 1 || after[0].SeenAt.Before(before[0].SeenAt) || !after[0].Looking || after[0].Watches != 7 {
		t.Errorf("%v, %v; before %v", after, err, before)
	}
}
