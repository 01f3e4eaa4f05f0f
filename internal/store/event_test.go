package store

import (
	"strings"
	"testing"

	"github.com/pushback/pushback/sources"
)

func eventsAreKnown(t *testing.T, s *Store) {
	e := eventOf("c1", "v1", sources.Succeeded, 5)
	e.Environment = strings.Repeat("e", sources.MaxEnvironment)
	f := func(source, id string, want bool) {
		t.Helper()
		if known, err := s.KnowsEvent(t.Context(), source, id); err != nil || known != want {
			t.Errorf("%s %s: %v, %v; want %v", source, id, known, err, want)
		}
	}
	f(e.Source, e.EventID, false)
	accept(t, s, e)
	f(e.Source, e.EventID, true)
	f("another", e.EventID, false)
	f(e.Source, e.EventID+"x", false)
}
