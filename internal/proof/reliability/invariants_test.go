package reliability

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/pushback/pushback/detector"
	"github.com/pushback/pushback/internal/server/api"
	"github.com/pushback/pushback/sources"
)

var now = time.Unix(1_800_000_000, 0)

func called(to, version, key, body string) call {
	return call{At: now, To: to, Service: "cart", Version: version, Key: key, Body: body}
}

// Calls that are too many, and calls that are allowed.
func TestCheckCalls(t *testing.T) {
	l := &lane{driver: driver{changes: []*change{{service: "cart", version: "v2"}, {service: "cart", version: "v3"}}}}
	f := func(name, want string, calls ...call) {
		t.Helper()
		got := strings.Join(l.checkCalls(calls), "\n")
		if want == "" && got != "" || !strings.Contains(got, want) {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
	f("once", "", called(onceHook, "v2", "k", "b"))
	f("two changes", "", called(onceHook, "v2", "k", "b"), called(onceHook, "v3", "k3", "b3"))
	f("again, the same", "", called(againHook, "v2", "k", "b"), called(againHook, "v2", "k", "b"))
	f("twice", "must not be called twice", called(onceHook, "v2", "k", "b"), called(onceHook, "v2", "k", "b"))
	f("another key", "another key or body", called(againHook, "v2", "k", "b"), called(againHook, "v2", "k2", "b"))
	f("another body", "another key or body", called(againHook, "v2", "k", "b"), called(againHook, "v2", "k", "c"))
	f("of nothing", "never deployed", called(onceHook, "v9", "k", "b"))
}

// Every reason why a rollback must not have happened.
func TestCheckCause(t *testing.T) {
	f := func(name, want string, change func(c *change, e *api.Explanation)) {
		t.Helper()
		evidence, err := json.Marshal(detector.Verdict{Grade: detector.Certain, Outcome: detector.Regressed})
		if err != nil {
			t.Fatal(err)
		}
		c, e := sentChange(), api.Explanation{Order: &api.Order{Evidence: evidence, SentAt: now.Add(-time.Second)}}
		change(c, &e)
		got := strings.Join(checkCause(c, e, []call{called(onceHook, "v2", "k", "b")}), "\n")
		if want == "" && got != "" || !strings.Contains(got, want) {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
	f("rightly", "", func(*change, *api.Explanation) {})
	f("another flag's version", `was set back to "", and was "10%" before`, func(c *change, _ *api.Explanation) { c.previous = "10%" })
	f("good", "is good", func(c *change, _ *api.Explanation) { c.bad = false })
	f("no order", "without an order", func(_ *change, e *api.Explanation) { e.Order = nil })
	f("suspect", "on a verdict that is", func(_ *change, e *api.Explanation) {
		e.Order.Evidence = []byte(`{"outcome":"regressed","grade":"suspect"}`)
	})
	f("not written down", "before the order was recorded", func(_ *change, e *api.Explanation) { e.Order.SentAt = now.Add(time.Second) })
	f("held", "newer change", func(c *change, _ *api.Explanation) { c.newer, c.held = &change{}, now.Add(-time.Minute) })
	f("freed", "", func(c *change, _ *api.Explanation) {
		c.newer, c.held, c.freed = &change{}, now.Add(-time.Minute), now.Add(-time.Second)
	})
}

func sentChange() *change {
	return &change{service: "cart", version: "v2", bad: true, events: []*sentEvent{{Event: sources.Event{Status: sources.Succeeded}, Status: 201}}}
}

// The shop counts whole requests, and fails as often as it is set to.
func TestShop(t *testing.T) {
	s := newShop(now)
	f := func(after time.Duration, good, failed float64) {
		t.Helper()
		if g, b := s.counts("cart", now.Add(after)); g != good || b != failed {
			t.Errorf("after %s: %v good, %v failed; want %v, %v", after, g, b, good, failed)
		}
	}
	f(-time.Second, 0, 0)
	f(100*time.Second, 3980, 20)
	s.setBad("cart", now.Add(50*time.Second))
	f(50*time.Second, 1990, 10)
	f(100*time.Second, 4000-10-1000, 1010)
	s.setGood("cart", now.Add(60*time.Second))
	f(100*time.Second, 4000-18-200, 218)
}

func TestThreads(t *testing.T) {
	t.Parallel()
	f := func(name string, want int, calls ...call) {
		t.Helper()
		for i := range calls {
			calls[i].To = chat
		}
		if got := checkThreads(calls); len(got) != want {
			t.Errorf("%s: %q, want %d", name, got, want)
		}
	}
	waits, done := call{About: "k/red", ID: "1"}, call{About: "k/red", ID: "2"}
	f("in order", 0, waits, done)
	f("tried twice", 0, waits, waits, done, done)
	f("a late retry", 1, waits, done, waits)
	f("a late retry, and what it overtook again", 2, waits, done, waits, done)
	f("of another thread", 0, waits, call{About: "k/blue", ID: "3"}, waits)
	f("of everything at once", 0, call{About: "fleet/h1", ID: "4"}, call{About: "fleet/h1", ID: "5"}, call{About: "fleet/h1", ID: "4"})
}
