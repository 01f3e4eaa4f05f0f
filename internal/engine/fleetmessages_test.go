package engine

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/pushback/pushback/internal/store"
	"github.com/pushback/pushback/notify"
	"github.com/pushback/pushback/rollback"
	"github.com/pushback/pushback/sources"
	"github.com/pushback/pushback/watch"
)

// Forty services turn bad at once: everybody gets one message that names them with
// numbers, and nothing beside it. Every message that was not sent names the one that was.
func TestEverythingBadAtOncePagesOnce(t *testing.T) {
	t.Parallel()
	b := newBench(t, mode("ask"), nil)
	keys := b.deployFleet(40, 40)
	b.until("a message that is folded", func() bool { return len(b.grouped(keys)) > 0 })
	b.pass(5 * time.Minute)
	b.wantOnePage("40 changes turned bad at once", "in production: regressed", "errors 0.5 % → 3", "and 30 more", "no single change can be the cause")
	folded := b.grouped(keys)
	if len(folded) < 2*len(keys) {
		t.Errorf("%d messages were folded", len(folded))
	}
	for _, o := range folded {
		if into, err := b.Store.Outgoing(t.Context(), o.GroupedIn); err != nil || into.Receiver != o.Receiver || into.State != store.Sent && into.State != store.Grouped {
			t.Errorf("message %s is folded into %+v, %v", o.ID, into, err)
		}
	}
}

// Not all watches are looked at in the same second: the first bad ones wait for the others.
func TestTheFirstBadServicesWaitForTheOthers(t *testing.T) {
	t.Parallel()
	b := newBench(t, mode("ask"), nil)
	var keys []string
	now := b.clock.Now()
	names := slices.Concat(takingTurns(now, 2, 10*time.Second), takingTurns(now, 2, 0), takingTurns(now, 36, 5*time.Second)) // a sample comes every 15 s, and the first to look then are the last of the interval
	for _, name := range names {
		b.shop.phases[name] = b.shop.phases["cart"]
		keys = append(keys, b.deploy("v2", func(e *sources.Event) { e.Service, e.ChangeID = name, name }))
	}
	b.pass(2 * time.Minute)
	for _, name := range names {
		b.shop.errors(name, 0.15)
	}
	alone := 0
	b.until("a message that is folded", func() bool {
		if n := len(b.pending(keys)); n > 0 && len(b.grouped(keys)) == 0 {
			alone = n
		}
		return len(b.grouped(keys)) > 0
	})
	if alone == 0 || alone > 8 {
		t.Fatalf("%d messages waited while few were bad", alone)
	}
	b.pass(2 * time.Minute)
	b.wantOnePage("40 changes turned bad at once")
}

// takingTurns are names of services that are looked at in the five seconds after a time of
// the interval of fifteen seconds that begins now.
func takingTurns(now time.Time, n int, after time.Duration) (names []string) {
	for i := 0; len(names) < n; i++ {
		name := fmt.Sprintf("s%04d", i)
		w := watch.Advance(watch.Watch{State: watch.Waiting, Every: 15 * time.Second}, watch.Facts{Now: now, Change: sources.Change{Service: name, StartedAt: now}})
		if wait := w.Next.Sub(now) - after; wait > 0 && wait <= 5*time.Second {
			names = append(names, name)
		}
	}
	return names
}

// What waits to be sent, and what is folded already, survives a kill.
func TestEverythingBadAtOnceAfterACrash(t *testing.T) {
	t.Parallel()
	b := newBench(t, mode("ask"), nil)
	keys := b.deployFleet(22, 22)
	for len(b.pending(keys)) == 0 {
		b.clock.add(5 * time.Second)
		b.look() // no job runs
	}
	b.restart()
	b.until("a message that is folded", func() bool { return len(b.grouped(keys)) > 0 })
	b.restart()
	b.pass(3 * time.Minute)
	b.wantOnePage("22 changes turned bad at once", "and 12 more")
}

// One bad service among many is told within seconds, and for itself.
func TestOneBadServiceOfManyIsToldAtOnce(t *testing.T) {
	t.Parallel()
	b := newBench(t, mode("ask"), nil)
	keys := b.deployFleet(25, 1)
	var made time.Time
	b.until("a message", func() bool {
		if rows := b.pending(keys[:1]); made.IsZero() && len(rows) > 0 {
			made = rows[0].CreatedAt
		}
		return len(b.box.got["chat"]) > 0
	})
	if late := b.clock.Now().Sub(made); made.IsZero() || late > 5*time.Second {
		t.Errorf("a message was held back for %s", late)
	}
}

// Where fewer watches are open than the breaker judges, no message waits.
func TestNoMessageWaitsInASmallFleet(t *testing.T) {
	t.Parallel()
	b := newBench(t, mode("ask"), nil)
	keys := b.deployFleet(3, 1)
	b.until("a message", func() bool {
		if late := b.pending(keys); len(late) > 0 {
			t.Errorf("a message of %s waits at %s", late[0].CreatedAt, b.clock.Now())
		}
		return len(b.box.got["chat"]) > 0
	})
}

// Services that turn bad after the page was sent follow in its thread, one message for
// all, which wakes nobody. A service that turns bad long after is a page of its own.
func TestLaterServicesFollowInTheThread(t *testing.T) {
	t.Parallel()
	b := newBench(t, mode("ask"), func(o *Options) { o.Limits.Fleet.Within = 4 * time.Minute })
	b.deployFleet(24, 6)
	b.until("a page", func() bool { return len(b.box.got["pager"]) == 1 })
	page := b.box.got["pager"][0]
	b.shop.errors("s10", 0.03)
	b.shop.errors("s11", 0.04)
	b.until("a follow-up", func() bool { return len(b.box.got["pager"]) == 2 })
	b.pass(time.Minute)
	more := b.wantMessage("pager", "2 more changes turned bad with all others", "s10", "s11")
	if more.Key != page.Key || more.Severity != notify.Info || len(b.box.got["pager"]) != 2 {
		t.Errorf("the page's thread is %s, of %d messages this is %+v", page.Key, len(b.box.got["pager"]), more)
	}
	b.clock.add(3 * time.Minute)
	b.shop.phases["late"] = b.shop.phases["cart"]
	b.deploy("v2", func(e *sources.Event) { e.Service, e.ChangeID = "late", "late" })
	b.pass(time.Minute)
	b.shop.errors("late", 0.05)
	b.until("a page of its own", func() bool { return len(b.box.got["pager"]) == 3 })
	if m := b.wantMessage("pager", "late v2 in production: regressed"); m.Key == page.Key || m.Severity == notify.Info {
		t.Errorf("a change long after the hold was told in its thread: %+v", m)
	}
}

// Rollbacks that were held until they expired are told in one message.
func TestHeldRollbacksThatComeToNothing(t *testing.T) {
	t.Parallel()
	b := newBench(t, redRule, func(o *Options) { o.Limits.MaxAge, o.Limits.Fleet.Hold = 10*time.Minute, 20*time.Minute })
	keys := b.deployFleet(22, 22)
	b.until("the end of all orders", func() bool {
		for _, key := range keys {
			if s := b.state(key); s != rollback.Refused && s != rollback.Expired {
				return false
			}
		}
		return true
	})
	b.pass(2 * time.Minute)
	b.wantMessage("pager", "22 changes turned bad at once")
	if m := b.wantMessage("pager", "22 rollbacks that were held came to nothing", "s00 v2 in production: not rolled back", "and 12 more"); len(b.box.got["pager"]) != 2 {
		t.Errorf("beside %q:\n%s", m.Title, b.box.all("pager"))
	}
	b.wantCalls(0)
}

// A release that repairs a change ends the thread of the change for those who got one. Whoever
// got only the page about all of them hears no end of what they never heard of.
func TestNobodyHearsTheEndOfWhatWasFolded(t *testing.T) {
	t.Parallel()
	b := newBench(t, mode("ask"), nil)
	b.deployFleet(22, 22)
	b.until("a page", func() bool { return len(b.box.got["pager"]) == 1 })
	for i := range 22 {
		name := fmt.Sprintf("s%02d", i)
		b.shop.errors(name, 0.005)
		b.deploy("v3", func(e *sources.Event) { e.Service, e.ChangeID, e.Previous = name, name+"-v3", "v2" })
	}
	b.pass(8 * time.Minute)
	if len(b.box.got["chat"]) < 22 {
		t.Errorf("the repairs are not healthy: %s", b.box.all("chat"))
	}
	for _, m := range b.box.got["pager"] {
		if m.Resolved {
			t.Errorf("%s: %s", m.Key, m.Title)
		}
	}
}

// wantOnePage fails the test unless pager and chat got this one message each.
func (b *bench) wantOnePage(words ...string) {
	b.t.Helper()
	for _, receiver := range []string{"pager", "chat"} {
		m := b.wantMessage(receiver, words...)
		if n := len(b.box.got[receiver]); n != 1 || m.Severity != notify.Critical {
			b.t.Errorf("%s got %d messages:\n%s", receiver, n, b.box.all(receiver))
		}
	}
}

func (b *bench) grouped(keys []string) []store.Outgoing { return b.inState(keys, store.Grouped) }
func (b *bench) pending(keys []string) []store.Outgoing { return b.inState(keys, store.Pending) }

// inState are the messages about changes that are in a state.
func (b *bench) inState(keys []string, state string) (found []store.Outgoing) {
	b.t.Helper()
	for _, key := range keys {
		rows, err := b.Store.OutgoingOf(b.t.Context(), key)
		b.must(err)
		for _, row := range rows {
			if row.State == state {
				found = append(found, row)
			}
		}
	}
	return found
}
