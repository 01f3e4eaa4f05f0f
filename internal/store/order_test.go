package store

import (
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/sync/errgroup"

	"github.com/pushback/pushback/rollback"
	"github.com/pushback/pushback/sources"
	"github.com/pushback/pushback/watch"
)

func oneOrderAChange(t *testing.T, s *Store) {
	c := accept(t, s, eventOf("c1", "v1", sources.Succeeded, 10)).Change
	var g errgroup.Group
	won := make([]bool, 20)
	rules := make([]string, len(won))
	for i := range won {
		g.Go(func() error {
			o := orderFor(c)
			o.Rule = fmt.Sprint("rule-", i)
			stored, ok, err := s.CreateOrder(t.Context(), o)
			won[i], rules[i] = ok, stored.Rule
			return err
		})
	}
	if err := g.Wait(); err != nil {
		t.Fatal(err)
	}
	stored, err := s.Order(t.Context(), c.Key)
	if err != nil {
		t.Fatal(err)
	}
	want := orderFor(c)
	want.Rule = rules[slices.Index(won, true)]
	if diff := cmp.Diff(want, stored); diff != "" {
		t.Error(diff)
	}
	won[slices.Index(won, true)] = false
	if slices.Contains(won, true) || slices.ContainsFunc(rules, func(r string) bool { return r != stored.Rule }) {
		t.Errorf("more than one order: %v, %v", won, rules)
	}
	if _, err := s.Order(t.Context(), "none"); !errors.Is(err, ErrNotFound) {
		t.Errorf("no order: %v", err)
	}
}

func oneClaimAnOrder(t *testing.T, s *Store) {
	o := created(t, s)
	var g errgroup.Group
	claims := make([]int64, 20)
	for i := range claims {
		g.Go(func() (err error) {
			claims[i], _, err = s.ClaimOrder(t.Context(), o.Key, o.Epoch, now)
			return err
		})
	}
	if err := g.Wait(); err != nil {
		t.Fatal(err)
	}
	slices.Sort(claims)
	if claims[len(claims)-2] != 0 || claims[len(claims)-1] != 1 {
		t.Errorf("claims %v, want one", claims)
	}
}

// claimAgainstSupersession runs a claim and the event that forbids it at the same
// time. Either may be first, but a claim must not succeed after the event is stored,
// and a cancelled order must not be sending.
func claimAgainstSupersession(t *testing.T, s *Store) {
	for i := range 20 {
		e := eventOf("c1", "v1", sources.Succeeded, 10)
		e.Service, e.EventID = fmt.Sprint("cart-", i), fmt.Sprint(i)
		c := accept(t, s, e).Change
		if _, _, err := s.CreateOrder(t.Context(), orderFor(c)); err != nil {
			t.Fatal(err)
		}
		e.ChangeID, e.EventID, e.Version, e.At = "c2", e.EventID+"b", "v2", at(20)
		var g errgroup.Group
		var claimed bool
		g.Go(func() error { _, err := s.Accept(t.Context(), admitted(e), nil, now); return err })
		g.Go(func() (err error) { _, claimed, err = s.ClaimOrder(t.Context(), c.Key, c.Epoch, now); return err })
		if err := g.Wait(); err != nil {
			t.Fatal(err)
		}
		want := rollback.Cancelled
		if claimed {
			want = rollback.Sending
		}
		if got := state(t, s, c.Key); got != want {
			t.Fatalf("claimed %v, but the order is %s", claimed, got)
		}
		_, again, err := s.ReclaimOrder(t.Context(), c.Key, 1, now)
		must(t, false, "reclaim of a superseded change")(again, err)
	}
}

func orderAgainstSupersession(t *testing.T, s *Store) {
	for i := range 20 {
		e := eventOf("c1", "v1", sources.Succeeded, 10)
		e.Service, e.EventID = fmt.Sprint("cart-", i), fmt.Sprint(i)
		c := accept(t, s, e).Change
		e.ChangeID, e.EventID, e.Version, e.At = "c2", e.EventID+"b", "v2", at(20)
		var g errgroup.Group
		g.Go(func() error { _, err := s.Accept(t.Context(), admitted(e), nil, now); return err })
		g.Go(func() error { _, _, err := s.CreateOrder(t.Context(), orderFor(c)); return err })
		if err := g.Wait(); err != nil {
			t.Fatal(err)
		}
		o, err := s.Order(t.Context(), c.Key)
		if !errors.Is(err, ErrNotFound) && o.State != rollback.Cancelled {
			t.Fatalf("a superseded change has an order: %s, %v", o.State, err)
		}
	}
}

func whoMayNotClaim(t *testing.T, s *Store) {
	n := 0
	when := now
	f := func(name string, want bool, edit func(*rollback.Order), later ...sources.Event) {
		t.Helper()
		n++
		mine := func(e sources.Event) sources.Event {
			e.Service, e.EventID = fmt.Sprint("cart-", n), fmt.Sprint(e.EventID, n)
			return e
		}
		c := accept(t, s, mine(eventOf("c1", "v1", sources.Succeeded, 10))).Change
		o := orderFor(c)
		edit(&o)
		if _, ok, err := s.CreateOrder(t.Context(), o); !ok || err != nil {
			t.Fatal(ok, err)
		}
		for _, e := range later {
			accept(t, s, mine(e))
		}
		_, ok, err := s.ClaimOrder(t.Context(), c.Key, c.Epoch, when)
		must(t, want, name)(ok, err)
	}
	plain := func(*rollback.Order) {}
	f("nothing in its way", true, plain)
	f("not decided", false, func(o *rollback.Order) { o.State = rollback.Proposed })
	f("another epoch", false, func(o *rollback.Order) { o.Epoch++ })
	f("expired", false, func(o *rollback.Order) { o.ExpiresAt = now })
	f("not yet expired", true, func(o *rollback.Order) { o.ExpiresAt = now.Add(time.Second) })
	f("a newer one rolls", false, plain, eventOf("c2", "v2", sources.Started, 20))
	f("a newer one failed", true, plain, eventOf("c2", "v2", sources.Started, 20), eventOf("c2", "v2", sources.Failed, 21))
	f("a newer one succeeded", false, plain, eventOf("c2", "v2", sources.Succeeded, 20))
	f("an older one came late", true, plain, eventOf("c0", "v0", sources.Succeeded, 5))
	when = at(20).Add(watch.MaxRolling)
	f("a newer one was never heard of again", true, plain, eventOf("c2", "v2", sources.Started, 20))
}

func finishingNeedsTheClaim(t *testing.T, s *Store) {
	o := created(t, s)
	receipt := rollback.Receipt{At: now, Status: "200 OK", Output: "ok", PGID: 7}
	message := Outgoing{ID: "m1", ChangeKey: o.Key, Receiver: "chat", CreatedAt: now}
	finish := func(claim int64, to rollback.State) (bool, error) {
		return s.FinishOrder(t.Context(), OrderResult{
			Key: o.Key, Claim: claim, State: to, Receipt: receipt, Why: "why", At: now, Messages: []Outgoing{message},
		})
	}
	must(t, false, "never claimed")(finish(0, rollback.Done))
	if _, ok, err := s.ClaimOrder(t.Context(), o.Key, o.Epoch, at(30)); !ok || err != nil {
		t.Fatal(ok, err)
	}
	claim, ok, err := s.ReclaimOrder(t.Context(), o.Key, 1, at(31))
	must(t, true, "reclaim")(ok, err)
	_, ok, err = s.ReclaimOrder(t.Context(), o.Key, 1, at(31))
	must(t, false, "reclaim of a claim that was taken over")(ok, err)
	must(t, false, "the old claim")(finish(1, rollback.Done))
	if _, err := s.Outgoing(t.Context(), "m1"); !errors.Is(err, ErrNotFound) {
		t.Errorf("stored a message about an end that was refused: %v", err)
	}
	must(t, true, "the claim")(finish(claim, rollback.Done))
	must(t, false, "twice")(finish(claim, rollback.Failed))
	got, err := s.Order(t.Context(), o.Key)
	if err != nil {
		t.Fatal(err)
	}
	want := o
	want.State, want.Claim, want.SentAt, want.EndedAt, want.Why, want.Receipt = rollback.Done, 2, at(30), now, "why", &receipt
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if m, err := s.Outgoing(t.Context(), "m1"); err != nil || m.State != Pending {
		t.Errorf("no message stored: %+v, %v", m, err)
	}
	if _, err := finish(claim, rollback.Approved); err == nil {
		t.Error("sending ended as approved")
	}
}

func verifyingOrders(t *testing.T, s *Store) {
	o := created(t, s)
	seen := rollback.Verification{State: rollback.TargetNotRunning, At: at(50), Found: rollback.RunningVersion{At: at(50), Version: "v2"}}
	message := Outgoing{ID: "m2", ChangeKey: o.Key, Receiver: "chat", CreatedAt: now}
	unverified := func(since time.Time, want int) {
		t.Helper()
		if all, err := s.UnverifiedOrders(t.Context(), since); err != nil || len(all) != want {
			t.Errorf("%d orders, %v; want %d", len(all), err, want)
		}
	}
	must(t, false, "not sent")(s.VerifyOrder(t.Context(), o.Key, seen))
	claim, ok, err := s.ClaimOrder(t.Context(), o.Key, o.Epoch, at(30))
	must(t, true, "claim")(ok, err)
	must(t, false, "not done")(s.VerifyOrder(t.Context(), o.Key, seen, message))
	unverified(at(0), 0)
	ok, err = s.FinishOrder(t.Context(), OrderResult{
		Key: o.Key, Claim: claim, State: rollback.Done, Receipt: rollback.Receipt{At: at(31)}, At: at(31),
	})
	must(t, true, "finish")(ok, err)
	unverified(at(31), 1)
	unverified(at(32), 0)
	must(t, true, "done")(s.VerifyOrder(t.Context(), o.Key, seen, message))
	must(t, false, "twice")(s.VerifyOrder(t.Context(), o.Key, rollback.Verification{State: rollback.TargetRunning}))
	unverified(at(0), 0)
	got, err := s.Order(t.Context(), o.Key)
	if diff := cmp.Diff(&seen, got.Verification); err != nil || diff != "" {
		t.Errorf("%v (-want +got):\n%s", err, diff)
	}
	if m, err := s.Outgoing(t.Context(), "m2"); err != nil || m.State != Pending {
		t.Errorf("no message stored: %+v, %v", m, err)
	}
}

func movingOrders(t *testing.T, s *Store) {
	c := accept(t, s, eventOf("c1", "v1", sources.Succeeded, 10)).Change
	o := orderFor(c)
	o.State, o.Automatic = rollback.Proposed, false
	if _, _, err := s.CreateOrder(t.Context(), o); err != nil {
		t.Fatal(err)
	}
	move := func(to rollback.State, actor, why string, from ...rollback.State) (bool, error) {
		return s.MoveOrder(t.Context(), OrderMove{
			Key: c.Key, From: from, To: to, Actor: actor, Why: why, At: now,
			Messages: []Outgoing{{ID: string(to), CreatedAt: now}},
		})
	}
	must(t, true, "approve")(move(rollback.Approved, "amy", "go", rollback.Proposed))
	must(t, false, "approve twice")(move(rollback.Approved, "bob", "go", rollback.Proposed))
	must(t, true, "decide")(move(rollback.Decided, "", "", rollback.Approved))
	got, err := s.Order(t.Context(), c.Key)
	if err != nil || got.Actor != "amy" || got.Why != "go" || !got.DecidedAt.Equal(now) || !got.EndedAt.IsZero() {
		t.Errorf("%+v, %v", got, err)
	}
	if _, err := move(rollback.Sending, "", "", rollback.Decided); err == nil {
		t.Error("sending without a claim")
	}
	must(t, true, "cancel")(move(rollback.Cancelled, "bob", "no", rollback.Proposed, rollback.Approved, rollback.Decided))
	if _, err := move(rollback.Decided, "", "", rollback.Cancelled); err == nil {
		t.Error("back from the end")
	}
	for state, want := range map[rollback.State]int{rollback.Cancelled: 1, rollback.Decided: 0} {
		if found, err := s.Orders(t.Context(), []rollback.State{state}, 5); err != nil || len(found) != want {
			t.Errorf("%d %s, %v", len(found), state, err)
		}
	}
	if found, err := s.Orders(t.Context(), nil, 0); err != nil || len(found) != 1 || found[0].Actor != "bob" {
		t.Errorf("%+v, %v", found, err)
	}
	if pending, err := s.PendingOutgoing(t.Context()); err != nil || len(pending) != 3 {
		t.Errorf("%d messages, %v", len(pending), err)
	}
}

func recentRollbacks(t *testing.T, s *Store) {
	o := created(t, s)
	f := func(want int, region string, since time.Time) {
		t.Helper()
		n, err := s.RecentRollbacks(t.Context(), sources.Slot{Service: "cart", Environment: "production", Region: region}, "", since)
		if n != want || err != nil {
			t.Errorf("%d, %v; want %d", n, err, want)
		}
	}
	f(0, "", at(0))
	if _, ok, err := s.ClaimOrder(t.Context(), o.Key, o.Epoch, at(30)); !ok || err != nil {
		t.Fatal(ok, err)
	}
	f(1, "", at(30))
	f(0, "", at(31))
	f(0, "eu", at(0))
	other := eventOf("c9", "v9", sources.Succeeded, 10)
	other.Region = "eu"
	byHand := orderFor(accept(t, s, other).Change)
	byHand.Automatic = false
	if _, ok, err := s.CreateOrder(t.Context(), byHand); !ok || err != nil {
		t.Fatal(ok, err)
	}
	if _, ok, err := s.ClaimOrder(t.Context(), byHand.Key, byHand.Epoch, at(30)); !ok || err != nil {
		t.Fatal(ok, err)
	}
	f(0, "eu", at(0))
}
