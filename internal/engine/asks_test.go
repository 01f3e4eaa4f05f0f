package engine

import (
	"cmp"
	"strings"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"

	"github.com/pushback/pushback/internal/people"
	"github.com/pushback/pushback/notify"
	"github.com/pushback/pushback/rollback"
	"github.com/pushback/pushback/sources"
)

// askingRule asks as soon as it is likely, and tells once more when it is certain.
var askingRule = redRule[:strings.Index(redRule, "    respond:")] + `    respond:
      - {at_least: likely, rollback: {hook: deployer, mode: ask}, tell: pager}
      - {at_least: certain, tell: pager}
      - {on: healthy, tell: chat}
`

// withAda has pushback.yml know somebody.
func withAda(o *Options) {
	o.People = people.List{{Name: "ada", Slack: "U012", IRC: "ada", Email: "ada@example.org"}}
}

// asks are the questions in the messages of a receiver about v2, in their order; nil where a message asks nothing.
func (b *bench) asks(receiver string) (all []*notify.Ask) {
	for _, m := range b.box.got[receiver] {
		if m.FieldValues()["version"] == "v2" {
			all = append(all, m.Ask)
		}
	}
	return all
}

// People are asked by every message of the thread while the order waits, and by none after that.
func TestAsk(t *testing.T) {
	t.Parallel()
	f := func(name string, end func(b *bench, key string)) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t, askingRule, withAda)
			key := b.tell("v2", sources.Succeeded, func(e *sources.Event) {
				e.Actor, e.Riders = "<!channel>", []string{"Ada L. <ada@example.org>"}
			})
			b.shop.errors("cart", 0.02)
			b.until("a second message", func() bool { return len(b.asks("pager")) == 2 })
			b.wantState(key, rollback.Proposed)
			o, err := b.Store.Order(t.Context(), key)
			b.must(err)
			want := &notify.Ask{Order: key, Target: "v1", ExpiresAt: o.ExpiresAt}
			if diff := gocmp.Diff([]*notify.Ask{want, want}, b.asks("pager")); diff != "" {
				t.Error(diff)
			}
			end(b, key)
			b.pass(time.Minute)
			all := b.asks("pager")
			if len(all) < 3 || all[2] != nil || all[len(all)-1] != nil {
				t.Errorf("people are asked still: %v", all)
			}
			for _, m := range b.box.got["pager"] {
				concerned := []notify.Person{{Name: "ada", Handles: map[string]string{"slack": "U012", "irc": "ada"}}, {Name: "<!channel>"}}
				if diff := gocmp.Diff(concerned, m.People); diff != "" {
					t.Errorf("%s: %s", m.Title, diff)
				}
			}
		})
	}
	f("approved", func(b *bench, key string) { b.must(b.Approve(t.Context(), key, "ada", "")) })
	f("rejected", func(b *bench, key string) { b.must(b.Reject(t.Context(), key, "ada", "")) })
	f("expired", func(b *bench, _ string) { b.clock.add(b.Limits.ApproveWithin) })
}

// A message says how often its rule was wrong before, also the one about an order.
func TestRecordInMessages(t *testing.T) {
	t.Parallel()
	b := newBench(t, mode("ask"), nil)
	b.fired40(b.watch(b.good("v1.1")))
	key := b.bad("v2", nil)
	b.until("a question", b.ordered(key, rollback.Proposed))
	b.pass(time.Minute)
	b.must(b.Reject(t.Context(), key, "ada", ""))
	b.pass(time.Minute)
	first, last := "", ""
	for _, m := range b.box.got["pager"] {
		if m.FieldValues()["version"] == "v2" {
			first, last = cmp.Or(first, m.Field("rule so far")), m.Field("rule so far")
		}
	}
	if first != "wrong 2 of 40 times" || !strings.HasPrefix(last, "wrong 2 of 41") {
		t.Errorf("%q, and about the order %q", first, last)
	}
}
