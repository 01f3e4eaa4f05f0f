package store

import (
	"errors"
	"fmt"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/pushback/pushback/sources"
	"github.com/pushback/pushback/watch"
)

func ids(cs []Change) (names []string) {
	for _, c := range cs {
		names = append(names, c.ID)
	}
	return names
}

func findingChanges(t *testing.T, s *Store) {
	first := accept(t, s, eventOf("c1", "v1", sources.Succeeded, 1), from("argo", eventOf("sync-1", "v1", sources.Succeeded, 2))).Change
	accept(t, s, eventOf("c2", "v2", sources.Started, 10))
	other := eventOf("c1", "v9", sources.Started, 20)
	other.Service = "search"
	accept(t, s, other)
	f := func(name string, want ...string) {
		t.Helper()
		found, err := s.FindChanges(t.Context(), name)
		if err != nil || !slices.Equal(ids(found), want) {
			t.Errorf("%q: %v, %v; want %v", name, ids(found), err, want)
		}
	}
	f(first.Key, "c1")
	f(first.Key[:6], "c1")
	f(first.Key[:5])
	f("sync-1", "c1")
	f("c1", "c1", "c1")
	f("%%%%%%")
	f("")
	g := func(filter ChangeFilter, want ...string) {
		t.Helper()
		found, err := s.Changes(t.Context(), filter)
		if err != nil || !slices.Equal(ids(found), want) {
			t.Errorf("%+v: %v, %v; want %v", filter, ids(found), err, want)
		}
	}
	g(ChangeFilter{}, "c1", "c2", "c1")
	g(ChangeFilter{Service: "cart"}, "c2", "c1")
	g(ChangeFilter{Environment: "staging"})
	g(ChangeFilter{Before: at(10)}, "c1")
	g(ChangeFilter{Limit: 1}, "c1")
	if _, err := s.Change(t.Context(), "none"); !errors.Is(err, ErrNotFound) {
		t.Errorf("no change: %v", err)
	}
	if err := s.SetStanding(t.Context(), "none", Good); !errors.Is(err, ErrNotFound) {
		t.Errorf("standing of no change: %v", err)
	}
	if err := s.SetStanding(t.Context(), first.Key, Bad); err != nil || reread(t, s, first).Standing != Bad {
		t.Errorf("not marked bad: %v", err)
	}
}

func predecessorOf(t *testing.T, s *Store) {
	f := func(c Change, want string) {
		t.Helper()
		p, ok, err := s.Predecessor(t.Context(), c)
		if err != nil || ok != (want != "") || p.ID != want {
			t.Errorf("before %s: %q, %v, %v; want %q", c.ID, p.ID, ok, err, want)
		}
	}
	last := accept(t, s, eventOf("c5", "v5", sources.Started, 50)).Change
	f(last, "")
	first := accept(t, s, eventOf("c1", "v1", sources.Succeeded, 1)).Change
	f(first, "")
	accept(t, s, eventOf("c2", "v2", sources.Succeeded, 10))
	accept(t, s, eventOf("c3", "v3", sources.Failed, 20), eventOf("c4", "v4", sources.Started, 30))
	f(last, "c2")
	for i := range 3 { // at one moment, the tool's own order decides
		e := eventOf(fmt.Sprint("t", i), fmt.Sprint("w", i), sources.Succeeded, 40)
		e.Sequence = int64(3 - i)
		accept(t, s, e)
	}
	f(last, "t0")
	aborted := accept(t, s, eventOf("c6", "v6", sources.Started, 45)).Change
	f(last, "t0")
	if _, created, err := s.CreateOrder(t.Context(), orderFor(aborted)); err != nil || !created {
		t.Fatal(created, err)
	}
	f(last, "t0")
	if _, won, err := s.ClaimOrder(t.Context(), aborted.Key, aborted.Epoch, at(52).Add(watch.MaxRolling)); err != nil || !won {
		t.Fatal(won, err)
	}
	f(last, "c6")
	other := eventOf("e1", "v1", sources.Started, 55)
	other.Region = "eu"
	f(accept(t, s, other).Change, "")
}

func concurrentChanges(t *testing.T, s *Store) {
	flag := func(id string, minute int, statuses ...sources.Status) {
		for i, status := range statuses {
			e := eventOf(id, id, status, minute+i)
			e.Kind = sources.Flag
			accept(t, s, e)
		}
	}
	flag("long over", 5, sources.Started, sources.Succeeded)
	flag("just over", 27, sources.Started, sources.Succeeded)
	flag("still rolling", 0, sources.Started)
	flag("soon after", 41, sources.Succeeded)
	flag("much later", 50, sources.Succeeded)
	c := accept(t, s, eventOf("c1", "v1", sources.Started, 30), eventOf("c1", "v1", sources.Succeeded, 40)).Change
	other := eventOf("of another service", "v9", sources.Succeeded, 35)
	other.Service = "search"
	accept(t, s, other)
	third := eventOf("of a third", "v9", sources.Succeeded, 35)
	third.Service = "mail"
	accept(t, s, third)
	found, err := s.OverlappingChanges(t.Context(), c, []string{"cart", "search"}, at(27), at(43))
	if want := []string{"soon after", "of another service", "just over", "still rolling"}; err != nil || !slices.Equal(ids(found), want) {
		t.Errorf("%v, %v; want %v", ids(found), err, want)
	}
}

func badWindows(t *testing.T, s *Store) {
	markBad := func(id string, minute int) {
		c := accept(t, s, eventOf(id, id, sources.Succeeded, minute)).Change
		if err := s.SetStanding(t.Context(), c.Key, Bad); err != nil {
			t.Fatal(err)
		}
	}
	markBad("b1", 5)
	accept(t, s, eventOf("g1", "g1", sources.Started, 9), eventOf("g1", "g1", sources.Succeeded, 12))
	markBad("b2", 30)
	f := func(from, to int, want ...sources.Window) {
		t.Helper()
		got, err := s.BadWindows(t.Context(), "cart", "production", at(from), at(to))
		if diff := cmp.Diff(want, got); err != nil || diff != "" {
			t.Error(err, diff)
		}
	}
	f(0, 50, sources.Window{From: at(5), To: at(12)}, sources.Window{From: at(30), To: at(50)})
	f(13, 20)
	f(12, 20, sources.Window{From: at(5), To: at(12)})
}

func goodChanges(t *testing.T, s *Store) {
	judged := func(id string, minute int, st Standing, alter func(e *sources.Event)) Change {
		t.Helper()
		e := eventOf(id, id, sources.Succeeded, minute)
		if alter != nil {
			alter(&e)
		}
		c := accept(t, s, e).Change
		if st != Unjudged {
			if err := s.SetStanding(t.Context(), c.Key, st); err != nil {
				t.Fatal(err)
			}
		}
		return c
	}
	f := func(from, to int, want ...string) {
		t.Helper()
		found, err := s.GoodChanges(t.Context(), "cart", "production", at(from), at(to))
		got := make([]string, 0, len(found))
		for _, c := range found {
			got = append(got, c.ID)
		}
		if err != nil || !slices.Equal(got, want) {
			t.Errorf("good from %d to %d: %v, %v; want %v", from, to, got, err, want)
		}
	}
	judged("good1", 5, Good, nil)
	judged("bad", 10, Bad, nil)
	judged("unjudged", 15, Unjudged, nil)
	judged("elsewhere", 16, Good, func(e *sources.Event) { e.Environment = "staging" })
	judged("flag", 17, Good, func(e *sources.Event) { e.Kind, e.Group = sources.Flag, "checkout" })
	judged("undone", 18, Good, func(e *sources.Event) { e.RollbackOf = "bad" })
	judged("failed", 19, Good, func(e *sources.Event) { e.Status = sources.Failed })
	disputed := judged("disputed", 20, Good, nil)
	ordered := judged("ordered", 25, Good, nil)
	if _, created, err := s.CreateOrder(t.Context(), orderFor(ordered)); err != nil || !created {
		t.Fatal(created, err)
	}
	judged("good2", 30, Good, nil)
	f(0, 50, "good2", "disputed", "good1")
	if err := s.PutOutcome(t.Context(), Outcome{WatchID: "w", ChangeKey: disputed.Key, EndedAt: at(40), Fired: true, FalseAlarm: true}); err != nil {
		t.Fatal(err)
	}
	f(0, 50, "good2", "good1")
	f(6, 50, "good2")
	f(0, 29, "good1")
	if _, err := s.ClearChange(t.Context(), accept(t, s, eventOf("good1", "good1", sources.Succeeded, 5)).Change.Key, "amy", "", at(45)); err != nil {
		t.Fatal(err)
	}
	f(0, 50, "good2")
}

func liveChanges(t *testing.T, s *Store) {
	accept(t, s, eventOf("c1", "v1", sources.Succeeded, 1), eventOf("c2", "v2", sources.Succeeded, 10))
	other := eventOf("c3", "v9", sources.Succeeded, 20)
	other.Service = "search"
	accept(t, s, other)
	for since, want := range map[int][]string{0: {"c2", "c3"}, 15: {"c3"}, 30: nil} {
		found, err := s.LiveChanges(t.Context(), at(since))
		got := ids(found)
		slices.Sort(got)
		if err != nil || !slices.Equal(got, want) {
			t.Errorf("live since %d: %v, %v; want %v", since, got, err, want)
		}
	}
}
