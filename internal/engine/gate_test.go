package engine

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/pushback/pushback/internal/store"
	"github.com/pushback/pushback/rollback"
	"github.com/pushback/pushback/sources"
)

// wantGate asks whether the gate of a service is open, and for words of its
// reason.
func (b *bench) wantGate(open bool, service string, words ...string) {
	b.t.Helper()
	b.wantGateFor(open, service, nil, words...)
}

func (b *bench) wantGateFor(open bool, service string, fixes []string, words ...string) {
	b.t.Helper()
	g, err := b.Gate(b.t.Context(), service, "production", fixes)
	b.must(err)
	if g.Open != open || len(words) == 0 && g.Reason != "" {
		b.t.Errorf("gate of %s open: %v (%s), want %v", service, g.Open, g.Reason, open)
	}
	for _, w := range words {
		if !strings.Contains(g.Reason, w) {
			b.t.Errorf("gate of %s: %q does not say %q", service, g.Reason, w)
		}
	}
}

func TestGate(t *testing.T) {
	t.Parallel()
	b := newBench(t, redRule, nil)
	b.wantGate(true, "cart")
	key := b.bad("v2", nil)
	b.pass(10 * time.Second)
	b.wantGate(true, "cart") // a watch that is merely open closes nothing
	b.until("a rollback", b.ordered(key, rollback.Done))
	b.wantGate(false, "cart", "cart deploy v2", "rolled back to v1")
	b.wantGate(true, "search")

	// Neither the echo of our rollback nor a fix that fails opens the gate.
	b.deploy("run-2", func(e *sources.Event) { e.Version, e.Previous = "v1", "v2" })
	b.pass(7 * time.Minute)
	b.tell("v3", sources.Started, nil)
	b.pass(10 * time.Second)
	b.wantGate(false, "cart", "v2")
	b.tell("v3", sources.Failed, nil)
	b.wantGate(false, "cart", "v2")

	b.wantGateFor(true, "cart", []string{key}, "a fix")
	b.wantGateFor(false, "cart", []string{"other"}, "v2")
	if n := b.entries(key, "pass"); n != 1 {
		t.Errorf("%d passes in the journal", n)
	}
	b.deploy("v4", nil)
	b.wantGate(true, "cart")
}

func TestGateWhileAPersonIsAsked(t *testing.T) {
	t.Parallel()
	b := newBench(t, mode("ask"), nil)
	key := b.bad("v2", nil)
	b.until("a question", b.ordered(key, rollback.Proposed))
	b.wantGate(false, "cart", "waits for a person")
	b.must(b.Reject(t.Context(), key, "amy", "the marketing mail"))
	b.wantGate(true, "cart")
}

func TestClear(t *testing.T) {
	t.Parallel()
	b := newBench(t, redRule, nil)
	key := b.bad("v2", nil)
	if err := b.Clear(t.Context(), key, "amy", ""); !errors.Is(err, store.ErrConflict) {
		t.Errorf("clearing a change that is not marked bad: %v", err)
	}
	b.until("a rollback", b.ordered(key, rollback.Done))
	b.wantGate(false, "cart", "v2")
	b.must(b.Clear(t.Context(), key, "amy", "it was the marketing mail"))
	b.wantGate(true, "cart")
	b.pass(10 * time.Minute)
	b.wantGate(true, "cart")
	if b.entries(key, "clear") != 1 {
		t.Error("who cleared it stands nowhere")
	}
}

func TestHold(t *testing.T) {
	t.Parallel()
	b := newBench(t, redRule, nil)
	h, set, err := b.Hold(t.Context(), store.Hold{Service: "cart", Why: "incident 7", Actor: "amy", Until: b.clock.Now().Add(time.Hour)})
	b.must(err)
	if again, set2, err := b.Hold(t.Context(), store.Hold{Service: "cart", Why: "me too", Actor: "bob"}); err != nil || set2 || !set || again.ID != h.ID {
		t.Errorf("held twice: %v %v %+v", err, set2, again)
	}
	b.wantGateFor(false, "cart", []string{h.ID}, "held by amy", "incident 7")
	b.wantGate(true, "search")
	if _, err := b.Release(t.Context(), h.ID, "bob"); err != nil {
		t.Error(err)
	}
	b.wantGate(true, "cart")
	if _, err := b.Release(t.Context(), h.ID, "bob"); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("released twice: %v", err)
	}
	_, _, err = b.Hold(t.Context(), store.Hold{Why: "everything", Actor: "amy", Until: b.clock.Now().Add(time.Hour)})
	b.must(err)
	b.wantGate(false, "search", "everything")
	b.clock.add(time.Hour)
	b.wantGate(true, "search")
	// A hold stops deploys, but not rollbacks.
	_, _, err = b.Hold(t.Context(), store.Hold{Why: "everything", Actor: "amy"})
	b.must(err)
	key := b.bad("v2", nil)
	b.until("a rollback", b.ordered(key, rollback.Done))
}
