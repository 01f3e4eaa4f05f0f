package store

import (
	"context"
	"testing"
	"time"

	"github.com/pushback/pushback/rollback"
)

// replicas returns two stores on one database that have joined as a and b.
func replicas(t *testing.T, s *Store) (a, b *Store) {
	t.Helper()
	for into, name := range map[**Store]string{&a: "a", &b: "b"} {
		*into = &Store{dialect: s.dialect, write: s.write, read: s.read}
		if err := (*into).Join(t.Context(), name); err != nil {
			t.Fatal(err)
		}
	}
	return a, b
}

// freeze makes a replica one that has renewed nothing for longer than its lease.
func freeze(t *testing.T, s *Store) {
	t.Helper()
	if _, err := s.write.ExecContext(t.Context(), `UPDATE replicas SET leased_until = 1 WHERE holder = $1`, s.holder); err != nil {
		t.Fatal(err)
	}
}

// leases checks that a row is leased by one replica at a time, and by the other one when
// it has lapsed, or when its holder is dead or has left.
func leases(t *testing.T, s *Store) {
	clock, err := s.Now(t.Context())
	if ours := time.Since(clock).Abs(); err != nil || ours > time.Minute {
		t.Errorf("the database's clock is off by %s, %v", ours, err)
	}
	o := created(t, s)
	message := Outgoing{ID: "m", ChangeKey: o.Key, Receiver: "chat", CreatedAt: now}
	if _, err := s.PutOutgoing(t.Context(), message); err != nil {
		t.Fatal(err)
	}
	if err := s.PutReport(t.Context(), Report{ChangeKey: o.Key, Adapter: "hub"}); err != nil {
		t.Fatal(err)
	}
	for row, lease := range map[string]func(*Store, time.Duration) (bool, error){
		"order":   func(s *Store, d time.Duration) (bool, error) { return s.LeaseOrder(t.Context(), o.Key, d) },
		"message": func(s *Store, d time.Duration) (bool, error) { return s.LeaseOutgoing(t.Context(), "m", d) },
		"report": func(s *Store, d time.Duration) (bool, error) {
			return s.LeaseReport(t.Context(), ReportID(o.Key, "hub"), d)
		},
	} {
		a, b := replicas(t, s)
		must(t, true, row+" free")(lease(a, time.Hour))
		must(t, false, row+" held")(lease(b, time.Hour))
		must(t, true, row+" renewed, to end at once")(lease(a, -time.Second))
		must(t, true, row+" run out")(lease(b, time.Hour))
		must(t, false, row+" held by b")(lease(a, time.Hour))
		freeze(t, b)
		must(t, true, row+" of a dead replica")(lease(a, time.Hour))
		if err := b.Renew(t.Context(), true, 1); err != nil {
			t.Fatal(err)
		}
		must(t, false, row+" lost")(lease(b, time.Hour))
		if err := a.Leave(t.Context()); err != nil {
			t.Fatal(err)
		}
		must(t, true, row+" of one that has left")(lease(b, time.Hour))
		if err := b.Leave(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
}

// lostLeases checks that nothing is recorded for a replica that was taken for dead, and
// everything for the one that took over.
func lostLeases(t *testing.T, s *Store) {
	a, b := replicas(t, s)
	o := created(t, s)
	ctx := t.Context()
	must(t, true, "lease")(a.LeaseOrder(ctx, o.Key, time.Hour))
	asked, err := b.AskPeople(ctx, o.Key, "confounded", now, now)
	must(t, false, "ask people without the lease")(asked, err)
	noted, err := b.NoteWhy(ctx, o.Key, "waits")
	must(t, false, "note without the lease")(noted, err)
	move := OrderMove{Key: o.Key, From: []rollback.State{rollback.Decided}, To: rollback.Refused, At: now, Leased: true}
	must(t, false, "refuse without the lease")(b.MoveOrder(ctx, move))
	_, won, err := b.ClaimOrder(ctx, o.Key, o.Epoch, now)
	must(t, false, "claim without the lease")(won, err)
	claim, won, err := a.ClaimOrder(ctx, o.Key, o.Epoch, now)
	must(t, true, "claim")(won, err)
	must(t, true, "ours")(a.ClaimedOrder(ctx, o.Key))
	must(t, false, "not ours")(b.ClaimedOrder(ctx, o.Key))
	if got, err := s.Order(ctx, o.Key); err != nil || got.SentBy != "a" {
		t.Errorf("sent by %q, %v", got.SentBy, err)
	}
	freeze(t, a)
	must(t, true, "take over")(b.LeaseOrder(ctx, o.Key, time.Hour))
	result := OrderResult{Key: o.Key, Claim: claim, State: rollback.Done, At: now}
	must(t, false, "a finishes late")(a.FinishOrder(ctx, result))
	if err := a.NoteReceipt(ctx, o.Key, claim, rollback.Receipt{Status: "late"}); err != nil {
		t.Fatal(err)
	}
	noted, err = a.NoteProgress(ctx, o.Key, claim, "1 of 3", now)
	must(t, false, "a notes late progress")(noted, err)
	_, won, err = a.ReclaimOrder(ctx, o.Key, claim, now)
	must(t, false, "a claims again")(won, err)
	must(t, true, "b finishes")(b.FinishOrder(ctx, result))
	must(t, false, "a verifies")(a.VerifyOrder(ctx, o.Key, rollback.Verification{State: rollback.TargetRunning}))
	must(t, true, "b verifies")(b.VerifyOrder(ctx, o.Key, rollback.Verification{State: rollback.TargetRunning}))
	if got, err := s.Order(ctx, o.Key); err != nil || got.Receipt.Status != "" {
		t.Errorf("a late receipt was stored: %+v, %v", got.Receipt, err)
	}
	lostOutgoing(ctx, t, s)
}

func lostOutgoing(ctx context.Context, t *testing.T, s *Store) {
	t.Helper()
	a, b := replicas(t, s)
	if _, err := s.PutOutgoing(ctx, Outgoing{ID: "m", ChangeKey: "k", Receiver: "chat", CreatedAt: now}); err != nil {
		t.Fatal(err)
	}
	if err := s.PutReport(ctx, Report{ChangeKey: "k", Adapter: "hub"}); err != nil {
		t.Fatal(err)
	}
	must(t, true, "lease m")(a.LeaseOutgoing(ctx, "m", time.Hour))
	must(t, true, "lease k")(a.LeaseReport(ctx, "k/hub", time.Hour))
	freeze(t, a)
	must(t, true, "take over m")(b.LeaseOutgoing(ctx, "m", time.Hour))
	must(t, true, "take over k")(b.LeaseReport(ctx, "k/hub", time.Hour))
	must(t, false, "a sent m late")(a.FinishOutgoing(ctx, "m", Sent, "", now))
	must(t, false, "a posted k late")(a.FinishReport(ctx, "k/hub", Posted{"1", 1, ""}))
	must(t, true, "b sent m")(b.FinishOutgoing(ctx, "m", Sent, "", now))
	must(t, true, "b posted k")(b.FinishReport(ctx, "k/hub", Posted{"1", 1, ""}))
	must(t, true, "reminders are leased")(b.LeaseOutgoing(ctx, "m", time.Hour))
}

// theReplicas checks the list of replicas.
func theReplicas(t *testing.T, s *Store) {
	a, _ := replicas(t, s)
	want := func(names, alive string) {
		t.Helper()
		all, err := s.Replicas(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		var got, living string
		for _, r := range all {
			got += r.Name
			if r.Alive {
				living += r.Name
			}
		}
		if got != names || living != alive {
			t.Errorf("replicas %q, alive %q; want %q, %q", got, living, names, alive)
		}
	}
	want("ab", "ab")
	freeze(t, a)
	want("ab", "b")
	again := &Store{dialect: s.dialect, write: s.write, read: s.read}
	if err := again.Join(t.Context(), "a"); err != nil {
		t.Fatal(err)
	}
	want("ab", "ab") // the dead run of a is forgotten when a joins again
	if err := again.Leave(t.Context()); err != nil {
		t.Fatal(err)
	}
	want("b", "b")
}

func schedules(t *testing.T, s *Store) {
	a, b := replicas(t, s)
	clock, err := s.Now(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	second := func(n int) time.Time { return clock.Truncate(time.Microsecond).Add(time.Duration(n) * time.Second) } // within a replica's lease
	claim := func(by *Store, due, now, until int, want bool) {
		t.Helper()
		if ok, err := by.ClaimRun(t.Context(), "profiles", second(due), second(now), second(until)); err != nil || ok != want {
			t.Errorf("%s claims what was due at %d at %d: %v, %v", by.holder, due, now, ok, err)
		}
	}
	ended := func(err error) {
		t.Helper()
		if err != nil {
			t.Error(err)
		}
	}
	if last, err := s.LastRun(t.Context(), "profiles"); err != nil || !last.IsZero() {
		t.Errorf("ran at %s, %v", last, err)
	}
	claim(a, 0, 0, 5, true)
	claim(b, 0, 2, 8, false)                               // a has it
	claim(b, 0, 5, 9, true)                                // a took too long
	ended(a.FinishRun(t.Context(), "profiles", second(0))) // too late to count
	claim(a, 0, 6, 10, false)
	ended(b.FailRun(t.Context(), "profiles", second(7)))
	claim(a, 0, 6, 10, false)
	claim(a, 0, 7, 1000, true)
	claim(a, 0, 8, 1000, true) // a goes on with it
	claim(b, 0, 8, 10, false)
	freeze(t, a)
	claim(b, 0, 8, 10, true) // a is dead
	ended(b.FinishRun(t.Context(), "profiles", second(8)))
	if last, err := s.LastRun(t.Context(), "profiles"); err != nil || !last.Equal(second(8)) {
		t.Errorf("ran at %s, %v", last, err)
	}
	claim(b, 8, 9, 10, false) // done since
	claim(b, 9, 9, 10, true)
}

func notedRuns(t *testing.T, s *Store) {
	at := time.Date(2026, time.March, 3, 12, 0, 0, 0, time.UTC)
	for _, note := range []time.Duration{0, 2 * time.Minute, time.Minute} {
		if err := s.NoteRun(t.Context(), "source", at.Add(note)); err != nil {
			t.Error(err)
		}
	}
	if last, err := s.LastRun(t.Context(), "source"); err != nil || !last.Equal(at.Add(2*time.Minute)) {
		t.Errorf("noted %s, %v: an earlier moment must not replace a later one", last, err)
	}
}
