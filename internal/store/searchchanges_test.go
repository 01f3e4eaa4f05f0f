package store

import (
	"database/sql"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/pushback/pushback/detector"
	"github.com/pushback/pushback/sources"
	"github.com/pushback/pushback/watch"
)

// searchedOf stores changes to search, and returns them by id.
func searchedOf(t *testing.T, s *Store) map[string]Change {
	t.Helper()
	all := map[string]Change{}
	for i, of := range []struct {
		service, environment, version, actor string
		kind                                 sources.Kind
		state                                watch.State
		grade                                detector.Grade
	}{
		{"cart", "production", "v1.4.2", "Ada", sources.Deploy, watch.Regressed, detector.Certain},
		{"cart", "staging", "v1.4.3", "bob", sources.Deploy, watch.Healthy, detector.None},
		{"shop", "production", "100%_a", "ada", sources.Flag, watch.Healthy, detector.None},
		{"search", "production", "v9", "", sources.Config, watch.Watching, detector.Likely},
		{"search", "production", "v10", "Straße", sources.Deploy, "", detector.None},
	} {
		e := eventOf(fmt.Sprint("c", i), of.version, sources.Succeeded, 10+i)
		e.Service, e.Environment, e.Actor, e.Kind = of.service, of.environment, of.actor, of.kind
		if of.kind != sources.Deploy {
			e.Group = "new-cart"
		}
		c := accept(t, s, e).Change
		all[c.ID] = c
		var ws []watch.Watch
		if of.state != "" {
			ws = []watch.Watch{{ID: c.Key + ".red", ChangeKey: c.Key, Rule: "red", State: of.state, Grade: of.grade}}
		}
		if err := s.PlanChange(t.Context(), c.Key, ws); err != nil {
			t.Fatal(err)
		}
	}
	return all
}

// searchedChanges finds changes by every condition, alone and with others.
func searchedChanges(t *testing.T, s *Store) {
	searchedOf(t, s)
	f := func(filter ChangeFilter, want ...string) {
		t.Helper()
		filter.Limit = 50
		got := []string{}
		found, err := s.SearchChanges(t.Context(), filter)
		for _, c := range found.Changes {
			got = append(got, c.ID)
		}
		if err != nil || fmt.Sprint(got) != fmt.Sprint(want) || !found.Before.IsZero() {
			t.Errorf("%+v: %v, %v, %v; want %v", filter, got, found.Before, err, want)
		}
	}
	f(ChangeFilter{}, "c4", "c3", "c2", "c1", "c0")
	f(ChangeFilter{Words: []string{"CART"}}, "c3", "c2", "c1", "c0") // also in the name of the flag
	f(ChangeFilter{Words: []string{"cart", "1.4"}}, "c1", "c0")
	f(ChangeFilter{Words: []string{"ada"}}, "c2", "c0")
	f(ChangeFilter{Words: []string{"STRASSE"}})
	f(ChangeFilter{Words: []string{"straße"}}, "c4")
	f(ChangeFilter{Words: []string{"%"}}, "c2")
	f(ChangeFilter{Words: []string{"_"}}, "c2")
	f(ChangeFilter{Words: []string{`\`}})
	f(ChangeFilter{Kind: sources.Flag}, "c2")
	f(ChangeFilter{Kind: sources.Deploy}, "c4", "c1", "c0")
	f(ChangeFilter{State: "regressed"}, "c0")
	f(ChangeFilter{State: "healthy", Environment: "production"}, "c2")
	f(ChangeFilter{State: Unwatched}, "c4")
	f(ChangeFilter{State: "healthy", Kind: sources.Deploy, Service: "cart"}, "c1")
	f(ChangeFilter{Environment: "production", Kind: sources.Deploy, Words: []string{"v1"}}, "c4", "c0")
	f(ChangeFilter{Services: []string{"cart", "shop"}}, "c2", "c1", "c0")
	f(ChangeFilter{Services: []string{}})
	f(ChangeFilter{Since: at(11), Before: at(13)}, "c2", "c1")
}

// searchesGoOn finds every change once, however many a search may look through.
func searchesGoOn(t *testing.T, s *Store) {
	const many = maxSearched + 30
	if _, err := s.write.ExecContext(t.Context(), `
		WITH RECURSIVE counted (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM counted WHERE i < $1)
		INSERT INTO changes (key, slot, id, service, environment, version, status, started_at, finished_at, sequence, epoch, superseded_by,
			suspended_by, suspended_until, standing, planned, received_at, body, kind, words, state)
		SELECT 'k' || i, 's', 'c' || i, 'cart', 'production', 'v', 'succeeded', 1000000 + i, 0, 0, 1, '', '', 0, '', TRUE, 1, '{"id":"c' || i || '","started_at":"2026-01-01T00:00:00Z"}', 'deploy',
			CASE WHEN i <= 2 THEN 'rare' ELSE 'often' END, 'healthy' FROM counted`, many); err != nil {
		t.Fatal(err)
	}
	found, err := s.SearchChanges(t.Context(), ChangeFilter{Words: []string{"rare"}, Limit: 50})
	if err != nil || len(found.Changes) != 0 || !found.Before.Equal(time.UnixMicro(1000000+31)) {
		t.Fatalf("%d, %v, %v", len(found.Changes), found.Before, err)
	}
	found, err = s.SearchChanges(t.Context(), ChangeFilter{Words: []string{"rare"}, Limit: 50, Before: found.Before})
	if err != nil || len(found.Changes) != 2 || !found.Before.IsZero() {
		t.Fatalf("%d, %v, %v", len(found.Changes), found.Before, err)
	}
}

// statesOfChanges are those of all watches, as each of them moves.
func statesOfChanges(t *testing.T, s *Store) {
	c := accept(t, s, eventOf("c1", "v1", sources.Succeeded, 10)).Change
	f := func(state string, grade detector.Grade) {
		t.Helper()
		marks, err := s.MarksSince(t.Context(), at(0), 10)
		if err != nil || len(marks) != 1 || marks[0].State != state || marks[0].Grade != grade || marks[0].Key != c.Key || !marks[0].At.Equal(at(10)) {
			t.Errorf("%+v, %v; want %s, %v", marks, err, state, grade)
		}
	}
	f("waiting", detector.None)
	red := watch.Watch{ID: c.Key + ".red", ChangeKey: c.Key, Rule: "red", State: watch.Waiting}
	slow := watch.Watch{ID: c.Key + ".slow", ChangeKey: c.Key, Rule: "slow", State: watch.Waiting}
	if _, _, err := s.PlanChanges(t.Context(), []Plan{{Change: c, Watches: []watch.Watch{red, slow}}}); err != nil {
		t.Fatal(err)
	}
	f("waiting", detector.None)
	move := func(w *watch.Watch, state watch.State, grade detector.Grade) {
		t.Helper()
		to := *w
		to.State, to.Grade = state, grade
		moved, _, _, err := s.MoveWatch(t.Context(), *w, to, Effects{})
		must(t, true, "move")(moved, err)
		*w, w.Revision = to, w.Revision+1
	}
	move(&red, watch.Watching, detector.None)
	f("watching", detector.None)
	move(&red, watch.Watching, detector.Suspect)
	f("watching", detector.Suspect)
	move(&slow, watch.Blind, detector.None)
	f("blind", detector.Suspect)
	move(&red, watch.Healthy, detector.None)
	f("blind", detector.None)
	if err := s.PlanChange(t.Context(), c.Key, []watch.Watch{red.Recovery(at(20), at(20))}); err != nil {
		t.Fatal(err)
	}
	f("blind", detector.None)
	if err := s.PlanChange(t.Context(), c.Key, []watch.Watch{{ID: c.Key + ".bad", ChangeKey: c.Key, State: watch.Regressed, Grade: detector.Certain}}); err != nil {
		t.Fatal(err)
	}
	f("regressed", detector.Certain)
	e := eventOf("c2", "v2", sources.Succeeded, 11)
	e.Service = "shop"
	other := accept(t, s, e).Change
	if _, _, err := s.PlanChanges(t.Context(), []Plan{{Change: other}}); err != nil {
		t.Fatal(err)
	}
	if marks, err := s.MarksSince(t.Context(), at(11), 10); err != nil || len(marks) != 1 || marks[0].State != Unwatched {
		t.Errorf("%+v, %v", marks, err)
	}
}

// differentNames are those of all changes, each once.
func differentNames(t *testing.T, s *Store) {
	if none, err := s.ChangedServices(t.Context(), 10); err != nil || len(none) != 0 {
		t.Errorf("%q, %v", none, err)
	}
	searchedOf(t, s)
	services, err := s.ChangedServices(t.Context(), 10)
	if err != nil || fmt.Sprint(services) != "[cart search shop]" {
		t.Errorf("%q, %v", services, err)
	}
	if two, err := s.ChangedServices(t.Context(), 2); err != nil || len(two) != 2 {
		t.Errorf("%q, %v", two, err)
	}
	environments, err := s.ChangedEnvironments(t.Context(), 10)
	if err != nil || fmt.Sprint(environments) != "[production staging]" {
		t.Errorf("%q, %v", environments, err)
	}
}

// searchOfOlderDatabase fills what changes are searched by for those that an older version has stored.
func searchOfOlderDatabase(t *testing.T, s *Store) {
	searchedOf(t, s)
	read := func() []string {
		all, err := collect(t.Context(), s.read, scanText, `SELECT key || '|' || kind || '|' || state || '|' || grade || '|' || words FROM changes ORDER BY key`)
		if err != nil {
			t.Fatal(err)
		}
		return all
	}
	before := read()
	for _, migrate := range []func(tx *sql.Tx) error{
		func(tx *sql.Tx) error { return removeSearch(t.Context(), tx) },
		func(tx *sql.Tx) error { return addSearch(t.Context(), tx) },
	} {
		if err := s.transact(t.Context(), migrate); err != nil {
			t.Fatal(err)
		}
	}
	if after := read(); !slices.Equal(before, after) {
		t.Errorf("%q\nwant %q", after, before)
	}
}
