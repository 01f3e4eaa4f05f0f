package store

import (
	"errors"
	"reflect"
	"testing"
	"time"

	"github.com/pushback/pushback/notify"
)

// protections checks that a held deployment is stored once, is decided once, and is answered by who holds it.
func protections(t *testing.T, s *Store) {
	w := notify.Wait{ID: "/repos/acme/cart/actions/runs/5/7", Place: "/repos/acme/cart/actions/runs/5", ToolsWord: "prod", Environment: "staging", AtMost: 2 * time.Hour}
	p := Protection{
		ID: ProtectionID("hub", w), Adapter: "hub", AskedAt: at(1),
		Held: Held{Source: "github", Service: "cart", Environment: "production", Version: "v2", Wait: w},
	}
	must(t, true, "add")(s.AddProtection(t.Context(), p))
	again := p
	again.AskedAt = at(9)
	must(t, false, "add again")(s.AddProtection(t.Context(), again))
	if got, err := s.Protection(t.Context(), p.ID); err != nil || !reflect.DeepEqual(got, p) || !got.Until().Equal(at(1).Add(2*time.Hour)) {
		t.Errorf("%+v, %v", got, err)
	}
	a, b := replicas(t, s)
	must(t, true, "lease")(a.LeaseProtection(t.Context(), p.ID, time.Hour))
	must(t, false, "lease of what another replica holds")(b.LeaseProtection(t.Context(), p.ID, time.Hour))
	p.Answer = &notify.Answer{Approved: true, Why: "healthy", Lines: []string{"errors 1 % → 1 %"}, Link: "https://pushback.example/changes/k"}
	must(t, false, "decide without the lease")(b.DecideProtection(t.Context(), p, "k", at(5)))
	must(t, true, "decide")(a.DecideProtection(t.Context(), p, "k", at(5)))
	other := p
	other.Answer = &notify.Answer{Why: "regressed"}
	must(t, false, "decide otherwise")(a.DecideProtection(t.Context(), other, "k", at(6)))
	must(t, true, "fail")(a.FinishProtection(t.Context(), p, time.Time{}, "502"))
	p.Attempts, p.LastError = 1, "502"
	if open, err := s.OpenProtections(t.Context()); err != nil || !reflect.DeepEqual(open, []Protection{p}) {
		t.Errorf("%+v, %v", open, err)
	}
	must(t, false, "finish without the lease")(b.FinishProtection(t.Context(), p, at(7), ""))
	must(t, true, "finish")(a.FinishProtection(t.Context(), p, at(7), ""))
	must(t, false, "lease of what is answered")(a.LeaseProtection(t.Context(), p.ID, time.Hour))
	if open, err := s.OpenProtections(t.Context()); err != nil || len(open) != 0 {
		t.Errorf("%+v, %v", open, err)
	}
	protectionsJournaled(t, s)
	protectionsPruned(t, s, p.ID)
	protectionsReopened(t, s)
}

func protectionsJournaled(t *testing.T, s *Store) {
	t.Helper()
	asked, err := s.Journal(t.Context(), "")
	if err != nil || len(asked) != 1 || asked[0].Action != "hold deployment" {
		t.Errorf("%+v, %v", asked, err)
	}
	answered, err := s.Journal(t.Context(), "k")
	if err != nil || len(answered) != 1 || answered[0].Action != "answer deployment" || !answered[0].At.Equal(at(5)) {
		t.Errorf("%+v, %v", answered, err)
	}
}

// protectionsPruned checks that one that waits stays, however old it is.
func protectionsPruned(t *testing.T, s *Store, answered string) {
	t.Helper()
	w := notify.Wait{ID: "/open"}
	must(t, true, "add")(s.AddProtection(t.Context(), Protection{ID: ProtectionID("hub", w), Adapter: "hub", AskedAt: at(0), Held: Held{Wait: w}}))
	if _, err := s.Prune(t.Context(), Ages{Before: at(8)}); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Protection(t.Context(), answered); !errors.Is(err, ErrNotFound) {
		t.Errorf("what was answered before is still there: %v", err)
	}
	if _, err := s.Protection(t.Context(), "hub/open"); err != nil {
		t.Errorf("what waits was deleted: %v", err)
	}
}

// protectionsReopened checks what a question comes to that the tool asks again, whoever holds the row.
func protectionsReopened(t *testing.T, s *Store) {
	t.Helper()
	a, b := replicas(t, s)
	w := notify.Wait{ID: "/again", Environment: "staging", AtMost: time.Hour, Again: true}
	p := Protection{ID: ProtectionID("lab", w), Adapter: "lab", AskedAt: at(1), Held: Held{Service: "cart", Version: "v2", Wait: w}}
	must(t, true, "add")(s.AddProtection(t.Context(), p))
	next := func(minute int) Protection {
		q := p
		q.AskedAt, q.Answer, q.Approved = at(minute), nil, false
		return q
	}
	must(t, false, "reopen what waits")(b.ReopenProtection(t.Context(), next(2)))
	must(t, true, "lease")(a.LeaseProtection(t.Context(), p.ID, time.Hour))
	p.Answer = &notify.Answer{Approved: true, Why: "healthy"}
	must(t, true, "decide")(a.DecideProtection(t.Context(), p, "r", at(3)))
	must(t, true, "fail")(a.FinishProtection(t.Context(), p, time.Time{}, "502"))
	must(t, true, "reopen what is decided and not told")(b.ReopenProtection(t.Context(), next(4)))
	must(t, false, "finish what was asked before")(a.FinishProtection(t.Context(), p, at(5), ""))
	must(t, false, "decide what was asked before")(a.DecideProtection(t.Context(), p, "r", at(5)))
	must(t, false, "lease of what another replica holds")(b.LeaseProtection(t.Context(), p.ID, time.Hour))
	p = next(4)
	p.Approved = true
	reads := func(want Protection) {
		t.Helper()
		if got, err := s.Protection(t.Context(), want.ID); err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%+v, %v, want %+v", got, err, want)
		}
	}
	reads(p)
	protectionsWithdrawn(t, a, b, p, reads)
}

// protectionsWithdrawn checks that an approval which the tool may show is remembered until it is withdrawn, also where
// the question changes meanwhile.
func protectionsWithdrawn(t *testing.T, a, b *Store, p Protection, reads func(want Protection)) {
	t.Helper()
	before := p
	p.AskedAt, p.Wait.Environment, p.Approved = at(6), "qa", false
	must(t, true, "reopen what waits for something else")(b.ReopenProtection(t.Context(), p))
	p.Approved = true
	reads(p)
	must(t, false, "withdraw for a question before")(a.WithdrawProtection(t.Context(), before))
	must(t, false, "withdraw without the lease")(b.WithdrawProtection(t.Context(), p))
	must(t, true, "withdraw")(a.WithdrawProtection(t.Context(), p))
	p.Approved = false
	reads(p)
	p.Answer = &notify.Answer{Why: "regressed"}
	must(t, true, "decide")(a.DecideProtection(t.Context(), p, "r", at(7)))
	must(t, true, "finish")(a.FinishProtection(t.Context(), p, at(7), ""))
	p.AnsweredAt = at(7)
	reads(p)
	approvedBefore := false
	for i, approved := range []bool{true, false, false} {
		p.AskedAt, p.AnsweredAt, p.Answer, p.Approved = at(8+i), time.Time{}, nil, false
		must(t, true, "reopen what is answered")(b.ReopenProtection(t.Context(), p))
		p.Approved = approvedBefore
		reads(p)
		p.Answer = &notify.Answer{Approved: approved}
		must(t, true, "decide")(a.DecideProtection(t.Context(), p, "r", at(8+i)))
		must(t, true, "finish")(a.FinishProtection(t.Context(), p, at(8+i), ""))
		approvedBefore = approved
	}
	if asked, err := a.Journal(t.Context(), ""); err != nil || len(asked) < 4 || asked[len(asked)-1].Action != "hold deployment" || !asked[len(asked)-1].At.Equal(at(10)) {
		t.Errorf("%+v, %v", asked, err)
	}
}
