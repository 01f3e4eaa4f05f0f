package engine

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/pushback/pushback/rollback"
	"github.com/pushback/pushback/sources"
	"github.com/pushback/pushback/watch"
)

// following is a deploy of a version that replaces another one.
func (b *bench) following(version, previous string) string {
	b.t.Helper()
	return b.deploy(version, func(e *sources.Event) { e.Previous = previous })
}

// Changes follow one another within minutes. A bad one is rolled back unasked where its
// predecessor's ticks were clean until it came, on short ticks and on long ones.
func TestBadChangeOfATrain(t *testing.T) {
	t.Parallel()
	f := func(name, rule string, apart time.Duration, before int) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t, rule, nil)
			for i := range before {
				b.following(fmt.Sprintf("v%d", i+1), fmt.Sprintf("v%d", i))
				b.pass(apart)
			}
			target := fmt.Sprintf("v%d", before)
			key := b.bad("bad", func(e *sources.Event) { e.Previous = target })
			b.until("an answer", func() bool { s := b.state(key); return s == rollback.Proposed || s.Final() && s != "" })
			b.wantState(key, rollback.Done)
			o, err := b.Store.Order(t.Context(), key)
			b.must(err)
			if o.Target != target {
				t.Errorf("rolled back to %s, want %s", o.Target, target)
			}
		})
	}
	minutes := strings.Replace(redRule, "bake: 5m", "bake: 30m", 1)
	f("135 s after v1, ticks of 15 s", redRule, 135*time.Second, 1)
	f("135 s after v1, ticks of a minute", minutes, 135*time.Second, 1)
	f("four minutes after v1", minutes, 4*time.Minute, 1)
	f("the fifth, two minutes apart", redRule, 2*time.Minute, 4)
	f("the fifth, three minutes apart, ticks of a minute", minutes, 3*time.Minute, 4)
	f("the eighth, nine minutes apart", minutes, 9*time.Minute, 7)
}

// A fault that began with v1 is not v2's: going back to v1 does not help.
func TestFaultOfThePredecessor(t *testing.T) {
	t.Parallel()
	f := func(name, rule string, apart time.Duration, want rollback.State) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t, strings.Replace(rule, "limit: 20%", "limit: 90%", 1), nil)
			old := b.following("v1", "v0")
			b.shop.errors("cart", 0.03)
			b.pass(apart)
			key := b.following("v2", "v1")
			b.until("an answer", func() bool { s := b.state(key); return s == rollback.Proposed || s.Final() && s != "" })
			b.wantState(key, want)
			b.wantWatch(old, watch.Superseded)
			b.wantCalls(0)
			b.wantMessage("pager", "cart v2", "cannot tell this change apart from cart v1")
		})
	}
	minutes := strings.Replace(redRule, "bake: 5m", "bake: 30m", 1)
	f("20 s later", redRule, 20*time.Second, rollback.Proposed)
	f("20 s later, ticks of a minute", minutes, 20*time.Second, rollback.Proposed)
	// By then v1 is suspected itself, so that it is no target.
	f("50 s later, ticks of a minute", minutes, 50*time.Second, rollback.Refused)
	f("80 s later, ticks of a minute", minutes, 80*time.Second, rollback.Refused)
}

// A bad version that is not rolled back is taken back by hand, and shipped again. Then the version
// before it had run well, in ticks of its own: what was bad before is over.
func TestBadChangeThatWasTakenBackBefore(t *testing.T) {
	t.Parallel()
	f := func(name, rule string, live time.Duration, want rollback.State) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t, strings.Replace(rule, "limit: 20%", "limit: 90%", 1), nil)
			irreversible := false
			b.bad("v2", func(e *sources.Event) { e.Previous, e.Reversible = "v1", &irreversible })
			b.pass(4 * time.Minute)
			b.shop.errors("cart", 0.005)
			b.following("v1", "v2")
			b.pass(live)
			key := b.bad("v2", func(e *sources.Event) { e.Previous, e.ChangeID = "v1", "again" })
			b.until("an answer", func() bool { s := b.state(key); return s == rollback.Proposed || s.Final() && s != "" })
			b.wantState(key, want)
		})
	}
	minutes := strings.Replace(redRule, "bake: 5m", "bake: 30m", 1)
	f("five minutes later, ticks of 15 s", redRule, 5*time.Minute, rollback.Done)
	f("five minutes later, ticks of a minute", minutes, 5*time.Minute, rollback.Done)
	f("a minute later, ticks of a minute", minutes, time.Minute, rollback.Proposed) // nobody can tell by then
}
