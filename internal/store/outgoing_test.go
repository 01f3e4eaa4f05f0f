package store

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/pushback/pushback/notify"
)

func messagesOnce(t *testing.T, s *Store) {
	m := Outgoing{
		ID: "k/red/1", ChangeKey: "k", Receiver: "chat", CreatedAt: at(1), State: Pending,
		Message: notify.Message{Key: "k/red", Title: "bad", SignalLines: []string{"a", "b"}, At: at(1)},
	}
	must(t, true, "new")(s.PutOutgoing(t.Context(), m))
	must(t, false, "stored again")(s.PutOutgoing(t.Context(), m))
	finish := func(state, problem string) (bool, error) {
		return s.FinishOutgoing(t.Context(), m.ID, state, problem, at(5))
	}
	must(t, true, "tried")(finish(Pending, "no route"))
	if waiting, err := s.PendingOutgoing(t.Context()); err != nil || len(waiting) != 1 || waiting[0].LastError != "no route" {
		t.Errorf("%+v, %v", waiting, err)
	}
	must(t, true, "sent")(finish(Sent, ""))
	must(t, false, "sent twice")(finish(Sent, ""))
	if _, err := finish("lost", ""); err == nil {
		t.Error("no such state")
	}
	m.State, m.Attempts, m.SentAt = Sent, 2, at(5)
	got, err := s.Outgoing(t.Context(), m.ID)
	if diff := cmp.Diff(m, got); err != nil || diff != "" {
		t.Error(err, diff)
	}
	if all, err := s.OutgoingOf(t.Context(), "k"); err != nil || len(all) != 1 {
		t.Errorf("%+v, %v", all, err)
	}
	if waiting, err := s.PendingOutgoing(t.Context()); err != nil || len(waiting) != 0 {
		t.Errorf("%+v, %v", waiting, err)
	}
	if _, err := s.Outgoing(t.Context(), "none"); !errors.Is(err, ErrNotFound) {
		t.Error(err)
	}
}

func reports(t *testing.T, s *Store) {
	p := Report{ChangeKey: "k", Adapter: "hub", Content: notify.Report{Service: "cart", StartedAt: at(1).Add(3), Verdict: notify.Watching}}
	id := ReportID("k", "hub")
	put := func() {
		t.Helper()
		if err := s.PutReport(t.Context(), p); err != nil {
			t.Fatal(err)
		}
	}
	f := func(revision, posted int64, remote string, attempts, pending int) {
		t.Helper()
		got, err := s.Report(t.Context(), id)
		if err != nil || got.Revision != revision || got.Posted != posted || got.Remote != remote || got.Attempts != attempts || got.Content.Verdict != p.Content.Verdict {
			t.Errorf("%+v, %v", got, err)
		}
		if work, err := s.PendingReports(t.Context()); err != nil || len(work) != pending {
			t.Errorf("%d pending, %v", len(work), err)
		}
	}
	finish := func(remote string, posted int64, problem string) {
		t.Helper()
		must(t, true, "finish")(s.FinishReport(t.Context(), id, Posted{remote, posted, problem}))
	}
	put()
	put()
	f(1, 0, "", 0, 1)
	finish("", 0, "no route")
	finish("", 0, "no route")
	f(1, 0, "", 2, 1)
	finish("42", 1, "")
	f(1, 1, "42", 0, 0)
	finish("", 1, "refused for good")
	p.Content.Verdict = notify.Healthy
	put()
	f(2, 1, "42", 0, 1)
	finish("42", 2, "")
	finish("42", 1, "")
	f(2, 2, "42", 0, 0)
	p.Adapter = "lab"
	put()
	f(2, 2, "42", 0, 1)
	if _, err := s.Report(t.Context(), "none"); !errors.Is(err, ErrNotFound) {
		t.Error(err)
	}
	must(t, false, "finish what is not there")(s.FinishReport(t.Context(), "none", Posted{"1", 1, ""}))
}

func journal(t *testing.T, s *Store) {
	entries := []Entry{
		{Seq: 1, At: at(1), ChangeKey: "k", Actor: "rule red", Action: "respond", Detail: []byte(`{"line":3}`)},
		{Seq: 2, At: at(2), Actor: "amy", Action: "freeze"},
		{Seq: 3, At: at(2), ChangeKey: "k", Actor: "amy", Action: "approve"},
	}
	for _, e := range entries {
		if err := s.Append(t.Context(), e); err != nil {
			t.Fatal(err)
		}
	}
	for i := range entries {
		if i > 0 {
			entries[i].Prev = entries[i-1].Hash
		}
		entries[i].Hash = entries[i].Sum()
	}
	for key, want := range map[string][]Entry{"k": {entries[0], entries[2]}, "": {entries[1]}, "other": nil} {
		got, err := s.Journal(t.Context(), key)
		if diff := cmp.Diff(want, got); err != nil || diff != "" {
			t.Error(err, diff)
		}
	}
}
