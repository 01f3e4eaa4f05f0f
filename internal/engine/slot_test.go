package engine

import (
	"testing"
	"time"

	"github.com/pushback/pushback/internal/store"
	"github.com/pushback/pushback/rollback"
	"github.com/pushback/pushback/rollback/freezefile"
	"github.com/pushback/pushback/sources"
	"github.com/pushback/pushback/watch"
)

// decided brings a bad change to the point where its order is decided and not
// yet carried out.
func (b *bench) decided(key string) {
	b.t.Helper()
	for range 120 {
		if b.state(key) == rollback.Decided {
			return
		}
		b.clock.add(5 * time.Second)
		b.look()
	}
	b.t.Fatalf("no decision about %s", key)
}

func TestNewerChangeWins(t *testing.T) {
	t.Parallel()
	f := func(name string, newer func(b *bench), want rollback.State, calls int) {
		t.Run(name, func(t *testing.T) {
			b := newBench(t, redRule, nil)
			key := b.bad("v2", nil)
			b.decided(key)
			newer(b)
			b.pass(2 * time.Minute)
			b.wantState(key, want)
			b.wantCalls(calls)
		})
	}
	rolling := func(b *bench) { b.tell("v3", sources.Started, nil) }
	mended := func(b *bench) { b.shop.errors("cart", 0.005) }
	f("succeeded", func(b *bench) { b.deploy("v3", nil); mended(b) }, rollback.Cancelled, 0)
	f("started", rolling, rollback.Decided, 0)
	f("started and failed", func(b *bench) { rolling(b); b.pass(time.Minute); b.tell("v3", sources.Failed, nil) }, rollback.Done, 1)
	f("started and succeeded", func(b *bench) {
		rolling(b)
		b.pass(time.Minute)
		b.tell("v3", sources.Succeeded, nil)
		mended(b)
	}, rollback.Cancelled, 0)
	f("started and never heard of again", func(b *bench) { rolling(b); b.clock.add(watch.MaxRolling) }, rollback.Expired, 0)
	f("in another region", func(b *bench) {
		b.deploy("v3", func(e *sources.Event) { e.Region = "north" })
	}, rollback.Done, 1)
	f("of another kind", func(b *bench) {
		b.deploy("v3", func(e *sources.Event) { e.Kind = sources.Flag })
	}, rollback.Done, 1)
}

func TestSupersededBeforeTheVerdict(t *testing.T) {
	t.Parallel()
	b := newBench(t, redRule, nil)
	old := b.bad("v2", nil)
	b.pass(20 * time.Second)
	b.deploy("v3", func(e *sources.Event) { e.Previous = "v2" })
	b.pass(time.Minute)
	b.wantWatch(old, watch.Superseded)
	b.wantState(old, "")
}

// A bad v2 must not become the baseline of v3, which is as bad.
func TestSuspectPredecessorIsNoBaseline(t *testing.T) {
	t.Parallel()
	b := newBench(t, mode("observe"), nil)
	old := b.bad("v2", nil)
	b.pass(5 * time.Minute)
	next := b.deploy("v3", func(e *sources.Event) { e.Previous = "v2" })
	b.pass(time.Minute)
	if was, is := b.watch(old).BaseAt, b.watch(next).BaseAt; !is.Equal(was) {
		t.Errorf("before ends at %s, want that of the predecessor: %s", is, was)
	}
	b.pass(11 * time.Minute)
	b.wantWatch(next, watch.Regressed)
}

// The deploy tool reports what our own hook made it do.
func TestEchoOfOurRollback(t *testing.T) {
	t.Parallel()
	f := func(name string, echo func(e *sources.Event, key string)) {
		t.Run(name, func(t *testing.T) {
			b := newBench(t, redRule, nil)
			key := b.bad("v2", nil)
			b.until("a rollback", b.ordered(key, rollback.Done))
			again := b.deploy("run-2", func(e *sources.Event) { e.Version, e.Previous = "v1", "v2"; echo(e, key) })
			b.shop.errors("cart", 0.5)
			b.pass(12 * time.Minute)
			if w := b.watch(again); w.Acts || w.State != watch.Regressed {
				t.Errorf("the echo is %s, acts: %v", w.State, w.Acts)
			}
			b.wantState(again, "")
			b.wantCalls(1)
		})
	}
	f("it passes our key on", func(e *sources.Event, key string) { e.RollbackOf, e.Version = key, "v1-rebuilt" })
	f("it reports the version alone", func(*sources.Event, string) {})
}

// These are what keeps a decided order from being sent. Guards are asked right before it.
// The echo of a rollback supersedes the change, but does not end the recovery watch.
func TestEchoLeavesTheSecondWatchAlone(t *testing.T) {
	t.Parallel()
	b := newBench(t, redRule, nil)
	key := b.bad("v2", nil)
	b.until("a rollback", b.ordered(key, rollback.Done))
	b.deploy("run-2", func(e *sources.Event) { e.Version, e.Previous = "v1", "v2" })
	b.pass(15 * time.Minute)
	ws, err := b.Store.WatchesOf(t.Context(), key)
	b.must(err)
	for _, w := range ws {
		if !w.After.IsZero() && w.State != watch.Healthy {
			t.Errorf("the watch after the rollback is %s (%s); want healthy", w.State, w.Reason)
		}
	}
	if len(ws) != 2 {
		t.Errorf("%d watches; want one and the one after the rollback", len(ws))
	}
}

func TestRefusals(t *testing.T) {
	t.Parallel()
	f := func(name string, prepare func(b *bench), alter func(*sources.Event), why string) {
		t.Run(name, func(t *testing.T) {
			b := newBench(t, redRule, nil)
			key := b.bad("v2", alter)
			b.decided(key)
			if prepare != nil {
				prepare(b)
			}
			b.pass(10 * time.Second)
			b.wantState(key, rollback.Refused)
			b.wantMessage("pager", "not rolled back", why)
			b.wantCalls(0)
		})
	}
	f("frozen meanwhile", func(b *bench) { b.must(freezefile.Write(b.FreezeFile, "sale until noon")) }, nil, "sale until noon")
	f("first deploy ever", nil, func(e *sources.Event) { e.Previous = "" }, "there is no earlier version to go back to")
	f("not reversible", nil, func(e *sources.Event) { e.Reversible = new(bool) }, "not reversible")
	f("the hook has gone", func(b *bench) { b.Hooks = nil }, nil, "no hook")
}

func TestBadTarget(t *testing.T) {
	t.Parallel()
	b := newBench(t, mode("observe"), nil)
	b.bad("v2", nil)
	b.pass(12 * time.Minute)
	b.shop.errors("cart", 0.005)
	b.rule = redRule
	if broken := b.Reload(t.Context()); len(broken) > 0 {
		t.Fatal(broken)
	}
	b.pass(time.Minute)
	key := b.deploy("v3", func(e *sources.Event) { e.Previous = "v2" })
	b.shop.errors("cart", 0.3)
	b.until("a refusal", b.ordered(key, rollback.Refused))
	b.wantMessage("pager", "not rolled back", `"v2" was judged bad`)
	b.wantCalls(0)
}

// A hook that may go further back skips bad versions.
func TestLastGoodTarget(t *testing.T) {
	t.Parallel()
	b := newBench(t, mode("observe"), func(o *Options) {
		h := o.Hooks["deployer"]
		h.LastGood = true
		o.Hooks["deployer"] = h
	})
	good := b.deploy("v1", func(e *sources.Event) { e.Previous = "" })
	b.pass(12 * time.Minute)
	if c, err := b.Store.Change(t.Context(), good); err != nil || c.Standing != store.Good {
		t.Fatalf("v1 stands %q, %v", c.Standing, err)
	}
	b.bad("v2", nil)
	b.pass(12 * time.Minute)
	b.shop.errors("cart", 0.005)
	b.rule = redRule
	if broken := b.Reload(t.Context()); len(broken) > 0 {
		t.Fatal(broken)
	}
	key := b.deploy("v3", func(e *sources.Event) { e.Previous = "v2" })
	b.shop.errors("cart", 0.3)
	b.until("a rollback", b.ordered(key, rollback.Done))
	if target := b.hook.calls[0].Target(); target != "v1" {
		t.Errorf("went back to %s", target)
	}
}

// A service gets one automatic rollback in six hours. A person may approve another.
func TestSecondRollbackWithinSixHours(t *testing.T) {
	t.Parallel()
	b := newBench(t, redRule, nil)
	first := b.bad("v2", nil)
	b.until("a rollback", b.ordered(first, rollback.Done))
	b.deploy("run-2", func(e *sources.Event) { e.Version, e.Previous = "v1", "v2" })
	b.pass(7 * time.Minute)
	b.clock.add(time.Hour)
	second := b.bad("v3", nil)
	b.until("a question", b.ordered(second, rollback.Proposed))
	b.wantMessage("pager", "v3 in production: rollback to v1 waits for a person", "within 6h0m0s", "pushback approve "+second)
	b.pass(time.Minute)
	b.wantCalls(1)

	b.deploy("v4", nil)
	b.shop.errors("cart", 0.005)
	b.pass(7 * time.Minute)
	b.clock.add(6 * time.Hour)
	third := b.bad("v5", func(e *sources.Event) { e.Previous = "v4" })
	b.until("a rollback", b.ordered(third, rollback.Done))
	b.wantCalls(2)
}
