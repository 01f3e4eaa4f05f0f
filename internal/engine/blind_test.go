package engine

import (
	"errors"
	"testing"
	"time"

	"github.com/pushback/pushback/sources"
	"github.com/pushback/pushback/watch"
)

// A store that fails is no evidence about any change: nothing is ordered, nothing is called
// healthy, and one message says so however many watches it blinds.
func TestStoreFails(t *testing.T) {
	t.Parallel()
	f := func(name string, during func(b *bench)) {
		t.Run(name, func(t *testing.T) {
			b := newBench(t, redRule, nil)
			cart := b.deploy("v2", nil)
			search := b.deploy("v7", func(e *sources.Event) { e.Service = "search" })
			b.pass(2 * time.Minute)
			b.shop.fault = errDown
			b.shop.errors("cart", 0.5)
			b.pass(20 * time.Second)
			b.wantSilence("platform", "prod")
			b.pass(time.Minute)
			b.wantMessage("platform", "metric store prod cannot be read", "connection refused", "Nothing is rolled back")
			during(b)
			b.deploy("v8", func(e *sources.Event) { e.Region = "north" }) // blinded by the same outage
			b.pass(10 * time.Minute)
			b.wantMessage("platform", "metric store prod cannot be read")
			b.wantWatch(cart, watch.Blind)
			b.wantWatch(search, watch.Blind)
			b.wantState(cart, "")
			b.wantCalls(0)
		})
	}
	f("one message", func(*bench) {})
	f("one message across a restart", func(b *bench) { b.restart() })
	f("a hiccup of the clock", func(b *bench) { b.clock.add(time.Minute) })
}

func TestStoreAnswersAgain(t *testing.T) {
	t.Parallel()
	f := func(name string, before func(b *bench)) {
		t.Run(name, func(t *testing.T) {
			b := newBench(t, redRule, nil)
			key := b.deploy("v2", nil)
			b.pass(2 * time.Minute)
			b.shop.fault = errDown
			b.pass(90 * time.Second)
			b.wantMessage("platform", "cannot be read")
			before(b)
			b.shop.fault = nil
			b.pass(20 * time.Second)
			b.wantMessage("platform", "answers again", "resolved=true")
			b.pass(10 * time.Minute)
			b.wantWatch(key, watch.Healthy)

			b.deploy("v3", nil)
			b.pass(2 * time.Minute)
			b.shop.fault = errDown
			b.pass(90 * time.Second)
			if got := len(b.box.got["platform"]); got != 3 {
				t.Errorf("a second outage: %d messages, want 3:\n%s", got, b.box.all("platform"))
			}
		})
	}
	f("resolved", func(*bench) {})
	f("resolved after a restart", func(b *bench) { b.restart() })
}

// A single time-out is not worth a message.
func TestShortFaultSendsNothing(t *testing.T) {
	t.Parallel()
	b := newBench(t, redRule, nil)
	key := b.deploy("v2", nil)
	b.pass(2 * time.Minute)
	b.shop.fault = &sources.Fault{Kind: sources.SourceError, Store: "prod", Err: errors.New("time-out")}
	b.pass(15 * time.Second)
	b.shop.fault = nil
	b.pass(10 * time.Minute)
	b.wantWatch(key, watch.Healthy)
	b.wantSilence("platform", "prod")
}

// A store whose newest sample is old is as blind as one that is down.
func TestStaleStore(t *testing.T) {
	t.Parallel()
	b := newBench(t, redRule, nil)
	key := b.deploy("v2", nil)
	b.pass(2 * time.Minute)
	b.shop.frozen = b.clock.Now()
	b.pass(12 * time.Minute)
	b.wantWatch(key, watch.Blind)
	b.wantMessage("platform", "cannot be read", "nothing newer than")
	b.wantState(key, "")
}

// Down at the start of the watch: nothing of the rule is resolved yet.
func TestStoreDownFromTheStart(t *testing.T) {
	t.Parallel()
	b := newBench(t, redRule, nil)
	b.shop.fault = errDown
	key := b.deploy("v2", nil)
	b.pass(3 * time.Minute)
	b.wantMessage("platform", "cannot be read")
	b.shop.fault = nil
	b.shop.errors("cart", 0.03)
	b.until("a verdict", func() bool { return b.state(key) != "" })
}

// The look at the moment the bake is over sees less than the whole bake, where the store
// lags. The verdict is that of the first look that sees all of it.
func TestALaggingStoreGivesTheWholeBake(t *testing.T) {
	t.Parallel()
	b := newBench(t, redRule, nil)
	b.shop.lag = 40 * time.Second
	key := b.deploy("v2", nil)
	b.pass(5*time.Minute + 30*time.Second)
	b.wantWatch(key, watch.Watching)
	b.pass(time.Minute)
	b.wantWatch(key, watch.Healthy)
}
