package engine

import (
	"slices"
	"testing"
	"time"

	"github.com/pushback/pushback/internal/store"
	"github.com/pushback/pushback/rollback"
	"github.com/pushback/pushback/sources"
	"github.com/pushback/pushback/watch"
)

// shortCooldown lets several rollbacks of one service follow one another.
func shortCooldown(o *Options) { o.Limits.Cooldown = 10 * time.Second }

// unreported is an event of a tool that does not say what was live before.
func unreported(e *sources.Event) { e.Previous = "" }

// good deploys v1 and lets its watch end healthy.
func (b *bench) good(version string) string {
	b.t.Helper()
	key := b.deploy(version, unreported)
	b.pass(7 * time.Minute)
	if c, err := b.Store.Change(b.t.Context(), key); err != nil || c.Standing != store.Good {
		b.t.Fatalf("%s stands %q, %v", version, c.Standing, err)
	}
	return key
}

// targets are the versions that the hook was called to go back to.
func (b *bench) targets() (versions []string) {
	for _, w := range b.hook.calls {
		versions = append(versions, w.Target())
	}
	return versions
}

func (b *bench) wantStanding(key string, want store.Standing) {
	b.t.Helper()
	c, err := b.Store.Change(b.t.Context(), key)
	b.must(err)
	if c.Standing != want {
		b.t.Errorf("%s stands %q, want %q", c.Version, c.Standing, want)
	}
}

// Our own rollback put v1 live, whether a tool reports that or not.
func TestRollbackIsAFactOfTheSlot(t *testing.T) {
	t.Parallel()
	f := func(name string, report func(b *bench), alter func(*sources.Event)) {
		t.Run(name, func(t *testing.T) {
			b := newBench(t, redRule, shortCooldown)
			b.good("v1")
			for _, version := range []string{"v2", "v3", "v4"} {
				key := b.bad(version, alter)
				b.until("a rollback of "+version, b.over(key))
				b.wantState(key, rollback.Done)
				report(b)
				b.pass(7 * time.Minute)
			}
			if got := b.targets(); !slices.Equal(got, []string{"v1", "v1", "v1"}) {
				t.Errorf("went back to %v", got)
			}
		})
	}
	previous := map[string]string{"v2": "v1", "v3": "v2", "v4": "v3"}
	stale := func(e *sources.Event) { e.Previous = previous[e.Version] }
	runs := 0
	echo := func(b *bench) {
		runs++
		b.deploy("run-"+string(rune('a'+runs)), func(e *sources.Event) { e.Version, e.Previous = "v1", "" })
	}
	silent := func(*bench) {}
	f("the tool says nothing", silent, unreported)
	f("the tool names what it deployed last", silent, stale)
	f("the tool reports it", echo, unreported)
	f("the tool reports it twice", func(b *bench) { echo(b); b.pass(10 * time.Second); echo(b) }, unreported)
}

// Of an order that failed, or whose outcome is unknown, nobody knows which version is live.
func TestFailedRollbackIsNoFact(t *testing.T) {
	t.Parallel()
	f := func(name string, result error, want rollback.State) {
		t.Run(name, func(t *testing.T) {
			b := newBench(t, redRule, shortCooldown)
			b.good("v1")
			b.hook.do = func(int) error { return result }
			key := b.bad("v2", unreported)
			b.until("an end", b.over(key))
			b.wantState(key, want)
			b.pass(7 * time.Minute)
			b.hook.do = nil
			next := b.bad("v3", unreported)
			b.shop.errors("cart", 0.3)
			b.until("a refusal", b.ordered(next, rollback.Refused))
			b.wantMessage("pager", "not rolled back to v2", `"v2" was judged bad`)
			b.wantCalls(1)
		})
	}
	f("failed", errDown, rollback.Failed)
	f("unknown", rollback.ErrOutcomeUnknown, rollback.Unknown)
}

// A rollback that did not help says nothing against the version gone back to: neither its
// echo, however often a tool reports it, nor a redeploy by hand is held against v1.
func TestEchoCondemnsNobody(t *testing.T) {
	t.Parallel()
	b := newBench(t, redRule, shortCooldown)
	b.good("v1")
	key := b.bad("v2", unreported)
	b.hook.works = nil
	b.until("a rollback", b.ordered(key, rollback.Done))
	var echoes []string
	for _, id := range []string{"run-1", "run-2"} {
		echoes = append(echoes, b.deploy(id, func(e *sources.Event) { e.Version, e.Previous = "v1", "" }))
		b.pass(30 * time.Second)
	}
	b.pass(12 * time.Minute)
	b.wantStanding(key, store.Cleared)
	for _, echo := range echoes {
		b.wantStanding(echo, store.Unjudged)
	}
	b.wantWatch(echoes[1], watch.Regressed)
	b.wantCalls(1)

	b.shop.errors("cart", 0.005)
	b.pass(2 * time.Hour)
	next := b.bad("v3", unreported)
	b.until("a rollback", b.over(next))
	b.wantState(next, rollback.Done)
	if got := b.targets(); !slices.Equal(got, []string{"v1", "v1"}) {
		t.Errorf("went back to %v", got)
	}
}

// People who go back by hand, before an order or without one, bring no new version.
func TestGoingBackByHandCondemnsNobody(t *testing.T) {
	t.Parallel()
	b := newBench(t, mode("observe"), nil)
	b.good("v1")
	b.bad("v2", unreported)
	b.pass(3 * time.Minute)
	again := b.deploy("run-1", func(e *sources.Event) { e.Version, e.Previous = "v1", "" })
	b.pass(12 * time.Minute)
	if w := b.watch(again); w.Acts || w.State != watch.Regressed {
		t.Errorf("the watch is %s, acts: %v", w.State, w.Acts)
	}
	b.wantStanding(again, store.Unjudged)
}

// A person who rejects a rollback says that the version is not to blame: the next one may
// be rolled back to it.
func TestRejectedRollbackClears(t *testing.T) {
	t.Parallel()
	b := newBench(t, mode("ask"), shortCooldown)
	b.good("v1")
	key := b.bad("v2", unreported)
	b.until("a question", b.ordered(key, rollback.Proposed))
	b.must(b.Reject(t.Context(), key, "amy", "the load test"))
	b.wantStanding(key, store.Cleared)
	b.pass(7 * time.Minute)
	b.wantStanding(key, store.Cleared)
	b.wantGate(true, "cart")

	b.shop.errors("cart", 0.005)
	b.pass(2 * time.Hour)
	next := b.bad("v3", unreported)
	b.until("a question", b.ordered(next, rollback.Proposed))
	b.must(b.Approve(t.Context(), next, "amy", ""))
	b.until("a rollback", b.over(next))
	b.wantState(next, rollback.Done)
	if got := b.targets(); !slices.Equal(got, []string{"v2"}) {
		t.Errorf("went back to %v", got)
	}
}

// A rollout that our hook aborted never succeeded. The way back from it is known all the
// same: its echo is no change, and the next bad version goes back as far.
func TestEchoOfAnAbortedRollout(t *testing.T) {
	t.Parallel()
	b := newBench(t, redRule, func(o *Options) {
		shortCooldown(o)
		h := o.Hooks["deployer"]
		h.Aborts = true
		o.Hooks["deployer"] = h
	})
	b.good("v1")
	key := b.tell("v2", sources.Started, unreported)
	b.shop.errors("cart", 0.3)
	b.until("a rollback", b.ordered(key, rollback.Done))
	echo := b.deploy("run-1", func(e *sources.Event) { e.Version, e.Previous = "v1", "" })
	b.pass(12 * time.Minute)
	if w := b.watch(echo); w.Acts || w.State != watch.Regressed {
		t.Errorf("the echo is %s, acts: %v", w.State, w.Acts)
	}
	b.wantStanding(echo, store.Unjudged)
	b.wantCalls(1)

	b.shop.errors("cart", 0.005)
	b.pass(2 * time.Hour)
	b.hook.works = nil
	next := b.bad("v3", unreported)
	b.until("a rollback", b.over(next))
	b.wantState(next, rollback.Done)
	if got := b.targets(); !slices.Equal(got, []string{"v1", "v1"}) {
		t.Errorf("went back to %v", got)
	}
}
