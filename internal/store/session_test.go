package store

import (
	"errors"
	"testing"
	"time"
)

// A session is stored until somebody ends it or its time is over, and nothing brings it back.
func sessions(t *testing.T, s *Store) {
	begin := func(id, replaces string, minute int) {
		t.Helper()
		err := s.BeginSession(t.Context(), Session{ID: id, BegunAt: at(minute), UsedAt: at(minute), EndsAt: at(minute + 30)}, replaces)
		if err != nil {
			t.Fatal(err)
		}
	}
	f := func(id string, usedAt time.Time) {
		t.Helper()
		got, err := s.Session(t.Context(), id)
		if usedAt.IsZero() != errors.Is(err, ErrNotFound) || !got.UsedAt.Equal(usedAt) {
			t.Errorf("%s: %+v, %v; want it used at %v", id, got, err, usedAt)
		}
	}
	use := func(id string, minute int) {
		t.Helper()
		if err := s.UseSession(t.Context(), id, at(minute)); err != nil {
			t.Fatal(err)
		}
	}
	f("a", time.Time{})
	begin("a", "", 0)
	begin("b", "", 1)
	if got, err := s.Session(t.Context(), "a"); err != nil || !got.BegunAt.Equal(at(0)) || !got.EndsAt.Equal(at(30)) {
		t.Errorf("stored as %+v, %v", got, err)
	}
	use("a", 5)
	use("a", 4) // a replica whose clock is behind
	f("a", at(5))
	f("b", at(1))
	for range 2 {
		if err := s.EndSession(t.Context(), "a"); err != nil {
			t.Fatal(err)
		}
	}
	use("a", 6)
	f("a", time.Time{})
	begin("c", "b", 2)
	f("b", time.Time{})
	begin("d", "", 32) // the end of c
	f("c", time.Time{})
	f("d", at(32))
}
