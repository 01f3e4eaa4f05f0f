package store

import (
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/pushback/pushback/sources"
)

func incidents(t *testing.T, s *Store) {
	note := func(i Incident) Incident {
		t.Helper()
		i.Why, i.Actor = "outage", "amy"
		noted, err := s.NoteIncident(t.Context(), i)
		if err != nil {
			t.Fatal(err)
		}
		return noted
	}
	masked := func(service, environment string, from, to int, want ...sources.Window) {
		t.Helper()
		got, err := s.MaskedWindows(t.Context(), service, environment, at(from), at(to))
		if diff := cmp.Diff(want, got); err != nil || diff != "" {
			t.Errorf("%s in %s: %v %s", service, environment, err, diff)
		}
	}
	changed := func(service string, from, to int, want time.Time) {
		t.Helper()
		got, err := s.IncidentsChanged(t.Context(), service, "production", at(from), at(to))
		if err != nil || !got.Equal(want) {
			t.Errorf("the incidents of %s changed at %s, %v; want %s", service, got, err, want)
		}
	}
	window := func(from, to int) sources.Window { return sources.Window{From: at(from), To: at(to)} }

	masked("cart", "production", 0, 59)
	changed("cart", 0, 59, time.Time{})
	ofCart := note(Incident{Service: "cart", From: at(10), To: at(20), At: at(50)})
	note(Incident{From: at(30), To: at(35), At: at(51)})
	note(Incident{Service: "cart", Environment: "staging", From: at(40), To: at(45), At: at(52)})
	masked("cart", "production", 0, 59, window(10, 20), window(30, 35))
	masked("cart", "staging", 36, 59, window(40, 45))
	masked("search", "production", 0, 59, window(30, 35))
	masked("cart", "production", 21, 29)
	changed("cart", 0, 59, at(51))
	changed("cart", 0, 15, at(50))
	changed("search", 0, 15, time.Time{})

	removed, err := s.RemoveIncident(t.Context(), ofCart.ID, "bob", at(55))
	if diff := cmp.Diff(ofCart, removed); err != nil || diff != "" {
		t.Error(err, diff)
	}
	if _, err := s.RemoveIncident(t.Context(), ofCart.ID, "bob", at(56)); !errors.Is(err, ErrNotFound) {
		t.Errorf("removed twice: %v", err)
	}
	masked("cart", "production", 0, 59, window(30, 35))
	changed("cart", 0, 59, at(55))
	if left, err := s.Incidents(t.Context()); err != nil || len(left) != 2 || left[0].Service != "" {
		t.Errorf("left: %+v, %v", left, err)
	}
	entries, err := s.Journal(t.Context(), "")
	if err != nil || len(entries) != 4 || entries[0].Action != "incident" || entries[3].Action != "remove incident" || entries[3].Actor != "bob" {
		t.Errorf("the journal: %+v, %v", entries, err)
	}

	bad := accept(t, s, eventOf("b1", "b1", sources.Succeeded, 5)).Change
	if err := s.SetStanding(t.Context(), bad.Key, Bad); err != nil {
		t.Fatal(err)
	}
	accept(t, s, eventOf("g1", "g1", sources.Succeeded, 8))
	masked("cart", "production", 0, 59, window(5, 8), window(30, 35))
}
