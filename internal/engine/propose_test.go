package engine

import (
	"errors"
	"testing"
	"time"

	"github.com/pushback/pushback/internal/store"
	"github.com/pushback/pushback/rollback"
)

// A proposal is written down once and rolls nothing back; where a rule has made an order, that is
// the one to approve.
func TestProposalsDoNothing(t *testing.T) {
	t.Parallel()
	b := newBench(t, redRule, nil)
	key := b.deploy("v2", nil)
	if _, err := b.Propose(t.Context(), key, "mcp", "errors in the log"); err != nil {
		t.Fatal(err)
	}
	if _, err := b.Propose(t.Context(), key, "mcp", "again"); !errors.Is(err, store.ErrConflict) {
		t.Errorf("a second proposal: %v", err)
	}
	if n := b.entries(key, "propose"); n != 1 {
		t.Errorf("%d entries", n)
	}
	b.pass(10 * time.Minute)
	if _, err := b.Store.Order(t.Context(), key); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("a proposal made an order: %v", err)
	}

	other := b.bad("v3", nil)
	b.until("a rollback", b.ordered(other, rollback.Done))
	p, err := b.Propose(t.Context(), other, "mcp", "errors")
	if err != nil || p.Order == nil || p.Order.State != rollback.Done || len(p.Notified) != 0 {
		t.Errorf("with an order: %+v, %v", p, err)
	}
	if _, err := b.Propose(t.Context(), "none", "mcp", "errors"); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("no such change: %v", err)
	}
}
