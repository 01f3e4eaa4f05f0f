package store

import (
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func outcomes(t *testing.T, s *Store) {
	put := func(id, service string, minute int, alter func(*Outcome)) {
		t.Helper()
		o := Outcome{WatchID: id, ChangeKey: id, Rule: "red", RuleHash: "h", Service: service, EndedAt: at(minute)}
		alter(&o)
		if err := s.PutOutcome(t.Context(), o); err != nil {
			t.Fatal(err)
		}
	}
	clean := func(o *Outcome) { o.Clean = true }
	fired := func(o *Outcome) { o.Fired = true }
	put("a", "cart", 1, clean)
	put("b", "cart", 2, func(o *Outcome) { o.FalseAlarm = true }) // said before the watch ended
	put("b", "cart", 3, fired)
	put("c", "cart", 4, clean)
	put("c", "cart", 4, clean) // stored twice
	put("d", "search", 5, fired)
	put("d", "search", 6, func(o *Outcome) { o.Saved = true })
	put("e", "search", 7, func(o *Outcome) { o.RuleHash = "other"; o.Clean = true })

	got, err := s.OutcomeCounts(t.Context(), "h")
	if err != nil {
		t.Fatal(err)
	}
	want := []OutcomeCounts{
		{RuleHash: "h", Service: "cart", Ended: 3, Clean: 2, Fired: 1, FalseAlarms: 1, LastFire: at(3), LastFalse: at(3)},
		{RuleHash: "h", Service: "search", Ended: 1, Fired: 1, Saved: 1, LastFire: at(6)},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	for hash, want := range map[string][2]int{"h": {1, 2}, "other": {}, "none": {}} {
		if wrong, fired, err := s.CountFired(t.Context(), hash); err != nil || [2]int{wrong, fired} != want {
			t.Errorf("rule %s was wrong %d of %d times, want %v: %v", hash, wrong, fired, want, err)
		}
	}
	for since, want := range map[time.Time]int{{}: 2, at(1): 1, at(3): 1, at(4): 0} {
		if n, err := s.CountClean(t.Context(), "h", "cart", since); err != nil || n != want {
			t.Errorf("since %v: %d, %v", since, n, err)
		}
	}
	for since, want := range map[time.Time]int{{}: 5, at(4): 3, at(8): 0} {
		n, first, err := s.CountWatches(t.Context(), "red", since)
		if err != nil || n != want || n > 0 && first.Before(since) || n == 0 && !first.IsZero() {
			t.Errorf("watched since %v: %d, the first %v, %v", since, n, first, err)
		}
	}
	last, err := s.LastOutcomes(t.Context(), "h", 2)
	if err != nil || len(last) != 2 || last[0].WatchID != "d" || last[1].WatchID != "c" || !last[1].EndedAt.Equal(at(4)) {
		t.Errorf("the newest: %+v, %v", last, err)
	}
}

func trustKept(t *testing.T, s *Store) {
	for i, mode := range []string{"ask", "act"} {
		tr := Trust{RuleHash: "h", Service: "cart", Rule: "red", Mode: mode, Revoked: i == 1, Actor: "ada", Why: "w", At: at(i)}
		if err := s.PutTrust(t.Context(), tr, Entry{At: at(i), ChangeKey: "rules/red", Actor: "ada", Action: "promote"}); err != nil {
			t.Fatal(err)
		}
	}
	got, err := s.TrustOf(t.Context(), "h")
	if diff := cmp.Diff([]Trust{{"h", "cart", "red", "act", true, "ada", "w", at(1)}}, got); diff != "" || err != nil {
		t.Error(diff, err)
	}
	if entries, err := s.Journal(t.Context(), "rules/red"); err != nil || len(entries) != 2 {
		t.Errorf("%v, %v", entries, err)
	}
	if _, err := s.BacktestOf(t.Context(), "h"); !errors.Is(err, ErrNotFound) {
		t.Error(err)
	}
	want := Backtest{RuleHash: "h", Rule: "red", Mode: "act", Judged: 500, FalseAlarms: 2, Why: "within", Actor: "ada", At: at(9)}
	for range 2 {
		if err := s.PutBacktest(t.Context(), want); err != nil {
			t.Fatal(err)
		}
	}
	if b, err := s.BacktestOf(t.Context(), "h"); err != nil || b != want {
		t.Errorf("%+v, %v", b, err)
	}
}
