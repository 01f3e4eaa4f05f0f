package store

import (
	"fmt"
	"testing"
)

// Replicas add to one count, and the last reason is the latest one's, whoever stores it last.
func countedDeliveries(t *testing.T, s *Store) {
	add := func(c ...SourceCount) {
		t.Helper()
		if err := s.AddSourceCounts(t.Context(), c); err != nil {
			t.Fatal(err)
		}
	}
	add(SourceCount{Source: "ci", Since: at(0), Accepted: 2, AcceptedAt: at(1), Refused: 1, RefusedAt: at(5), RefusedReason: "service is missing"}, SourceCount{Source: "bus", Since: at(0), Unsigned: 1, UnsignedAt: at(1)})
	add(SourceCount{Source: "ci", Since: at(2), Accepted: 1, AcceptedAt: at(3), Refused: 1, RefusedAt: at(4), RefusedReason: "an older one", Ignored: 1, IgnoredAt: at(2), IgnoredReason: "a ping"})
	add(SourceCount{Source: "ci", Since: at(2), Accepted: 1, AcceptedAt: at(6)})
	got, err := s.SourceCounts(t.Context())
	if err != nil || len(got) != 2 || got[0].Source != "bus" || got[0].Unsigned != 1 {
		t.Fatalf("%+v, %v", got, err)
	}
	want := SourceCount{Source: "ci", Since: at(0), Accepted: 4, AcceptedAt: at(6), Refused: 2, RefusedAt: at(5), RefusedReason: "service is missing", Ignored: 1, IgnoredAt: at(2), IgnoredReason: "a ping"}
	if got[1] != want {
		t.Errorf("%+v\nwant %+v", got[1], want)
	}
}

func keptBodies(t *testing.T, s *Store) {
	if _, is, err := s.CaptureOf(t.Context(), "ci"); is || err != nil {
		t.Errorf("before: %t, %v", is, err)
	}
	for i := range 2 {
		if err := s.BeginCapture(t.Context(), Capture{Source: "ci", BegunAt: at(i), EndsAt: at(60 + i), Actor: "ada"}); err != nil {
			t.Fatal(err)
		}
	}
	if c, is, err := s.CaptureOf(t.Context(), "ci"); !is || err != nil || !c.EndsAt.Equal(at(61)) || c.Actor != "ada" {
		t.Errorf("%+v, %t, %v", c, is, err)
	}
	keep := func(source, id, outcome string, minute int) {
		t.Helper()
		if err := s.KeepCaptured(t.Context(), Captured{ID: id, Source: source, At: at(minute), Outcome: outcome, Reason: "r", Bytes: 3, Body: "{}"}, 10); err != nil {
			t.Fatal(err)
		}
	}
	for i := range 12 {
		keep("ci", fmt.Sprint("a", i), "refused", i)
	}
	keep("ci", "a11", "refused", 20) // the same body again
	keep("ci", "b", "ignored", 1)
	keep("other", "c", "refused", 1)
	got, err := s.CapturedOf(t.Context(), "ci")
	if err != nil || len(got) != 11 || got[0].ID != "a11" || got[9].ID != "a2" || got[10].Outcome != "ignored" {
		t.Errorf("%+v, %v", got, err)
	}
	if _, err := s.Prune(t.Context(), Ages{Before: at(5)}); err != nil {
		t.Fatal(err)
	}
	if got, err := s.CapturedOf(t.Context(), "ci"); err != nil || len(got) != 7 {
		t.Errorf("after retention: %d, %v", len(got), err)
	}
	if err := s.EndCapture(t.Context(), "ci"); err != nil {
		t.Fatal(err)
	}
	if got, err := s.CapturedOf(t.Context(), "ci"); err != nil || len(got) != 0 {
		t.Errorf("after the end: %+v, %v", got, err)
	}
}
