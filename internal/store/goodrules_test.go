package store

import (
	"errors"
	"testing"
)

func goodRules(t *testing.T, s *Store) {
	if _, _, err := s.GoodRules(t.Context()); !errors.Is(err, ErrNotFound) {
		t.Errorf("nothing stored: %v", err)
	}
	for _, c := range []struct {
		body   string
		minute int
		want   string
	}{{"[1]", 5, "[1]"}, {"[2]", 6, "[2]"}, {"[0]", 4, "[2]"}} {
		if err := s.PutGoodRules(t.Context(), []byte(c.body), at(c.minute)); err != nil {
			t.Fatal(err)
		}
		got, _, err := s.GoodRules(t.Context())
		if err != nil || string(got) != c.want {
			t.Errorf("after %s: %s, %v", c.body, got, err)
		}
	}
}
