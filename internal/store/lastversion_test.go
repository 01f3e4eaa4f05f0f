package store

import (
	"testing"

	"github.com/pushback/pushback/rollback"
	"github.com/pushback/pushback/sources"
)

// lastVersion is that of the newest change of the slot which did not fail, or what its rollback went
// back to.
func lastVersion(t *testing.T, s *Store) {
	slot := eventOf("", "", sources.Started, 0).Slot()
	f := func(want string) {
		t.Helper()
		if got, err := s.LastVersion(t.Context(), slot); err != nil || got != want {
			t.Errorf("last version %q, %v; want %q", got, err, want)
		}
	}
	f("")
	other := eventOf("o", "v9", sources.Succeeded, 50)
	other.Environment = "staging"
	accept(t, s, other)
	f("")
	accept(t, s, eventOf("c1", "v1", sources.Succeeded, 10))
	f("v1")
	accept(t, s, eventOf("c3", "v3", sources.Failed, 30))
	f("v1")
	accept(t, s, eventOf("c2", "v2", sources.Started, 20))
	f("v2")
	bad := accept(t, s, eventOf("c2", "v2", sources.Succeeded, 25)).Change
	o := orderFor(bad)
	if _, created, err := s.CreateOrder(t.Context(), o); err != nil || !created {
		t.Fatal(created, err)
	}
	f("v2")
	claim, won, err := s.ClaimOrder(t.Context(), bad.Key, bad.Epoch, at(30))
	must(t, true, "claim")(won, err)
	must(t, true, "finish")(s.FinishOrder(t.Context(), OrderResult{Key: bad.Key, Claim: claim, State: rollback.Done, At: now}))
	f(o.Target)
}
