package store

import (
	"slices"
	"strings"
	"testing"

	"github.com/pushback/pushback/sources"
)

// hostile is a change of another team's service whose words are those of another change.
func hostile(id, version string, minute int) sources.Event {
	e := from("mallory", eventOf(id, version, sources.Started, minute))
	e.Service = "billing"
	return e
}

func anExactKeyWins(t *testing.T, s *Store) {
	mine := accept(t, s, eventOf("c1", "v1", sources.Succeeded, 1)).Change
	key, gone := mine.Key, sources.Key(mine.Slot(), "pruned")
	watchID, orderID := key+"/red", "order/"+key
	words := []string{key, key[:6], key[:12], strings.ToUpper(key), strings.ToUpper(gone), gone, watchID, orderID, "h1", "i1", "cart"}
	for i, word := range words {
		accept(t, s, hostile(word, "by-id", 10+i), hostile("as-version-"+word, word, 40+i))
	}
	f := func(what string, find func(string) ([]Change, error), reference string, want ...string) {
		t.Helper()
		found, err := find(reference)
		keys := []string{}
		for _, c := range found {
			keys = append(keys, c.Key)
		}
		if err != nil || !slices.Equal(keys, want) && len(keys)+len(want) > 0 {
			t.Errorf("%s by %q: %v, %v; want %v", what, reference, keys, err, want)
		}
	}
	find := func(r string) ([]Change, error) { return s.FindChanges(t.Context(), r) }
	byKey := func(r string) ([]Change, error) { return s.FindByKey(t.Context(), r) }
	for _, reference := range []string{key, key[:6], key[:12], key[:25], strings.ToUpper(key), " " + key, key + " ", key + "\u200b", "\ufeff" + key + "\n", strings.ToUpper(key[:8])} {
		f("found", find, reference, key)
		f("found by its key", byKey, reference, key)
	}
	f("found", find, gone) // no other change is shown under the address of a pruned one
	f("found", find, strings.ToUpper(gone))
	for _, reference := range []string{gone, key[:5], "c1", "v1", "", watchID, orderID, "h1", "cart", "%%%%%%", "______"} {
		f("found by its key", byKey, reference)
	}
}

// aNameIsNoIncident: what a person cleared stays cleared when an incident is withdrawn that is
// called as the person says to be.
func aNameIsNoIncident(t *testing.T, s *Store) {
	c := watched(t, s, deployOf("cart", "v1", 5), 12, nil)
	i, err := s.NoteIncident(t.Context(), Incident{Service: "mail", From: at(10), To: at(30), Why: "the cable", Actor: "amy", At: at(40)})
	if err != nil {
		t.Fatal(err)
	}
	if cleared, err := s.ClearChange(t.Context(), c.Key, "incident "+i.ID, "w", at(41)); err != nil || !cleared {
		t.Fatal(cleared, err)
	}
	if _, err := s.RemoveIncident(t.Context(), i.ID, "amy", at(50)); err != nil {
		t.Fatal(err)
	}
	wantStanding(t, s, c, Cleared)
}
