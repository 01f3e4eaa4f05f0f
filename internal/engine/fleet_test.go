package engine

import (
	"fmt"
	"testing"
	"time"

	"github.com/pushback/pushback/internal/store"
	"github.com/pushback/pushback/rollback"
	"github.com/pushback/pushback/sources"
)

// deployFleet deploys services of which the first bad ones turn bad, and gives the
// keys of their changes.
func (b *bench) deployFleet(services, bad int) (keys []string) {
	b.t.Helper()
	quiet := b.shop.phases["cart"]
	for i := range services {
		name := fmt.Sprintf("s%02d", i)
		b.shop.phases[name] = quiet
		keys = append(keys, b.deploy("v2", func(e *sources.Event) { e.Service, e.ChangeID = name, name }))
	}
	for i := range bad {
		b.shop.errors(fmt.Sprintf("s%02d", i), 0.03)
	}
	return keys
}

func TestFleetBreaker(t *testing.T) {
	t.Parallel()
	b := newBench(t, redRule, nil)
	keys := b.deployFleet(20, 6)
	b.until("a hold", func() bool {
		holds, err := b.Store.Holds(t.Context(), b.clock.Now())
		b.must(err)
		return len(holds) == 1
	})
	b.pass(3 * time.Minute)
	held := 0
	for _, key := range keys[:6] {
		if b.state(key) == rollback.Decided {
			held++
		}
	}
	before := len(b.hook.calls)
	if held == 0 || before > b.Limits.Fleet.Services {
		t.Fatalf("%d orders are held, the hook was called %d times:\n%s", held, before, b.box.all("pager"))
	}
	grouped := 0
	for _, key := range keys[:6] {
		rows, err := b.Store.OutgoingOf(t.Context(), key)
		b.must(err)
		for _, row := range rows {
			if row.State == store.Grouped {
				grouped++
			}
		}
	}
	if pages := len(b.box.got["pager"]); grouped == 0 || pages > 1+6 {
		t.Errorf("%d messages were kept back, the pager got %d:\n%s", grouped, pages, b.box.all("pager"))
	}
	b.wantMessage("pager", "all automatic rollbacks are held", "no single change can be the cause", "pushback release h")
	b.wantGate(false, "cart", "held by fleet breaker")

	holds, err := b.Store.Holds(t.Context(), b.clock.Now())
	b.must(err)
	_, err = b.Release(t.Context(), holds[0].ID, "amy")
	b.must(err)
	b.wantFleetMessage("amy released")
	b.clock.add(b.Limits.Fleet.Within)
	b.pass(20 * time.Second)
	for _, key := range keys[:6] {
		b.wantState(key, rollback.Done)
	}
	b.pass(20 * time.Second)
	for _, key := range keys[:6] {
		b.wantStanding(key, store.Cleared) // the cause was elsewhere
	}
}

func (b *bench) wantFleetMessage(words ...string) {
	b.t.Helper()
	b.turn()
	b.wantMessage("pager", words...)
}

// Below twenty open watches nothing is concluded from their number.
func TestSmallFleet(t *testing.T) {
	t.Parallel()
	b := newBench(t, redRule, nil)
	for _, key := range b.deployFleet(12, 6)[:6] {
		b.until("a rollback", b.ordered(key, rollback.Done))
	}
	b.wantSilence("pager", "held")
}

// A dependency that was deployed when everything got worse stands out as the one cause, so
// the fleet is not held.
func TestFleetWithOneToBlame(t *testing.T) {
	t.Parallel()
	b := newBench(t, redRule, func(o *Options) {
		o.Catalogue.Depends = map[string][]string{}
		for i := range 20 {
			o.Catalogue.Depends[fmt.Sprintf("s%02d", i)] = []string{"payments"}
		}
	})
	b.deployFleet(20, 0)
	b.pass(3 * time.Minute)
	b.deploy("p3", func(e *sources.Event) { e.Service = "payments" })
	for i := range 6 {
		b.shop.errors(fmt.Sprintf("s%02d", i), 0.05)
	}
	b.pass(2 * time.Minute)
	b.wantSilence("pager", "all automatic rollbacks are held")
	b.wantCalls(0)
	if len(b.box.got["pager"]) == 0 {
		t.Error("nobody heard that anything is bad")
	}
}
