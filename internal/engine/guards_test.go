package engine

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/pushback/pushback/internal/store"
	"github.com/pushback/pushback/rollback"
	"github.com/pushback/pushback/rollback/freezefile"
	"github.com/pushback/pushback/rules"
	"github.com/pushback/pushback/sources"
	"github.com/pushback/pushback/watch"
)

// With another change at the same time, a person is asked.
func TestConfounded(t *testing.T) {
	t.Parallel()
	depends := func(o *Options) { o.Catalogue.Depends = map[string][]string{"cart": {"payments"}} }
	f := func(name string, other func(b *bench), want rollback.State) {
		t.Run(name, func(t *testing.T) {
			b := newBench(t, redRule, depends)
			b.shop.phases["payments"] = b.shop.phases["cart"]
			other(b)
			key := b.bad("v2", nil)
			b.until("an answer", func() bool { s := b.state(key); return s == rollback.Proposed || s.Final() && s != "" })
			b.wantState(key, want)
		})
	}
	of := func(service, version string, kind sources.Kind, ago time.Duration) func(b *bench) {
		return func(b *bench) {
			b.deploy(version, func(e *sources.Event) { e.Service, e.Kind, e.Previous = service, kind, "" })
			b.clock.add(ago)
		}
	}
	f("nobody else", func(*bench) {}, rollback.Done)
	f("a config push", of("cart", "c7", sources.Config, 0), rollback.Proposed)
	f("a config push an hour ago", of("cart", "c7", sources.Config, time.Hour), rollback.Done)
	f("a config push ten minutes ago", of("cart", "c7", sources.Config, 10*time.Minute), rollback.Done)
	f("of a dependency", of("payments", "p3", sources.Deploy, 0), rollback.Proposed)
	f("of a service it does not depend on", of("search", "s3", sources.Deploy, 0), rollback.Done)
	f("the same version elsewhere", func(b *bench) {
		b.deploy("north", func(e *sources.Event) { e.Version, e.Region = "v2", "north" })
	}, rollback.Done)
}

// A proposal says why it is one, and goes on when a person answers.
func TestAskedInsteadOfActing(t *testing.T) {
	t.Parallel()
	b := newBench(t, redRule, nil)
	b.deploy("c7", func(e *sources.Event) { e.Kind = sources.Config })
	key := b.bad("v2", nil)
	b.until("a question", b.ordered(key, rollback.Proposed))
	m := b.wantMessage("pager", "rollback to v1 waits for a person", "cannot tell this change apart from cart c7 (config at ")
	token := tokenIn(t, m.Action)
	if err := b.CheckLink(t.Context(), key, token); err != nil {
		t.Errorf("the link of the message: %v", err)
	}
	if err := b.CheckLink(t.Context(), "no-order", token); !errors.Is(err, rollback.ErrInvalidLink) {
		t.Errorf("a made-up link costs a look into the database: %v", err)
	}
	if err := b.CheckLink(t.Context(), key, token[1:]); err == nil {
		t.Error("half a link leads on")
	}
	b.must(b.Approve(t.Context(), key, "amy", ""))
	b.pass(10 * time.Second)
	b.wantState(key, rollback.Done)
	b.wantCalls(1)
	if err := b.CheckLink(t.Context(), key, token); err == nil || !strings.Contains(err.Error(), "is already done") {
		t.Errorf("a link that was used: %v", err)
	}
	o, err := b.Store.Order(t.Context(), key)
	b.must(err)
	if o.Actor != "amy" || o.Automatic {
		t.Errorf("approved by %q, automatic: %v", o.Actor, o.Automatic)
	}
}

func tokenIn(t *testing.T, action string) string {
	t.Helper()
	_, rest, ok := strings.Cut(action, "https://pushback.test/changes/")
	_, token, also := strings.Cut(rest, "/approve?token=")
	if !ok || !also {
		t.Fatalf("no link in %q", action)
	}
	token, _, _ = strings.Cut(token, " ")
	return token
}

// A proposal, and the message of an observing rule, says what is against the rollback: other
// suspects, and facts that an approval does not change.
func TestRefusalReasonsAreShown(t *testing.T) {
	t.Parallel()
	f := func(word string, says ...string) {
		t.Run(word, func(t *testing.T) {
			b := newBench(t, mode(word), nil)
			b.deploy("c7", func(e *sources.Event) { e.Kind = sources.Config })
			b.bad("v2", func(e *sources.Event) { e.Reversible = new(bool) })
			b.pass(2 * time.Minute)
			b.wantMessage("pager", append(says, "v2", "Against it: ", "apart from cart c7 (config at ", "not reversible")...)
		})
	}
	f("ask", "pushback approve")
	f("observe", "the rule observes")
}

func TestQuestionExpires(t *testing.T) {
	t.Parallel()
	b := newBench(t, redRule, nil)
	b.deploy("c7", func(e *sources.Event) { e.Kind = sources.Config })
	key := b.bad("v2", nil)
	b.until("a question", b.ordered(key, rollback.Proposed))
	b.clock.add(b.Limits.ApproveWithin)
	b.pass(10 * time.Second)
	b.wantState(key, rollback.Expired)
	b.wantCalls(0)
}

func TestFreezeWindow(t *testing.T) {
	t.Parallel()
	b := newBench(t, redRule, func(o *Options) {
		o.Freezes = map[string]rules.Freeze{"monday": {{Cron: "0 0 * * MON", Duration: 24 * time.Hour}}}
		o.Windows = []string{"monday"}
	})
	key := b.bad("v2", nil)
	b.until("a question", b.ordered(key, rollback.Proposed))
	b.wantMessage("pager", `the freeze window "monday" is in force`)
	b.wantCalls(0)
}

// The freeze file is read once more when the claim is won: a freeze that came after the
// guards were asked still stops the call.
func TestFreezeBeatsAWonClaim(t *testing.T) {
	t.Parallel()
	b := newBench(t, redRule, nil)
	key := b.bad("v2", nil)
	b.decided(key)
	o, err := b.Store.Order(t.Context(), key)
	b.must(err)
	_, warrant, refusals, err := b.orders.ask(t.Context(), o)
	b.must(err)
	lease, err := b.leaseRow(t.Context(), orderJob, key, time.Minute)
	b.must(err)
	claim, won, err := b.Store.ClaimOrder(t.Context(), key, o.Epoch, b.clock.Now())
	b.must(err)
	if !won || len(refusals) > 0 {
		t.Fatalf("claim %v, refused by %v", won, refusals)
	}
	b.must(freezefile.Write(b.FreezeFile, "sale until noon"))
	b.must(b.orders.send(t.Context(), o, lease, claim, warrant))
	b.turn()
	b.wantState(key, rollback.Failed)
	b.wantCalls(0)
	b.wantMessage("pager", "FAILED", "sale until noon")
}

// looking is a hook that looks before it acts.
type looking struct {
	*hook
	found func() []rollback.Check
}

func (l looking) Preflight(context.Context, rollback.Plan) []rollback.Check { return l.found() }

func TestPreflight(t *testing.T) {
	t.Parallel()
	f := func(name string, first, then rollback.Check, meanwhile, end rollback.State) {
		t.Run(name, func(t *testing.T) {
			var found rollback.Check
			b := newBench(t, redRule, func(o *Options) {
				h := o.Hooks["deployer"]
				h.Hook = looking{h.Hook.(*hook), func() []rollback.Check { return []rollback.Check{found} }}
				o.Hooks["deployer"] = h
			})
			found = first
			key := b.bad("v2", nil)
			b.until("an order", func() bool { return b.state(key) != "" })
			b.pass(20 * time.Second)
			b.wantState(key, meanwhile)
			found = then
			b.pass(20 * time.Second)
			b.wantState(key, end)
		})
	}
	fine := rollback.Check{What: "v1 is there"}
	f("all is well", fine, fine, rollback.Done, rollback.Done)
	f("the target has gone", rollback.Check{What: "v1 is there", Problem: "404"}, fine, rollback.Refused, rollback.Refused)
	f("nobody answers for a while", rollback.Check{What: "deploy tool", Problem: "no answer", Temporary: true}, fine, rollback.Decided, rollback.Done)
}

// While an order waits, the journal says why, once, and the page as well.
func TestWaitingSaysWhy(t *testing.T) {
	t.Parallel()
	b := newBench(t, redRule, nil)
	key := b.heldUpBad()
	b.pass(time.Minute)
	o, err := b.Store.Order(t.Context(), key)
	b.must(err)
	if !strings.Contains(o.Why, "waits: a newer change is rolling out") {
		t.Errorf("it waits because %q", o.Why)
	}
	if n := b.entries(key, "permit"); n != 1 {
		t.Errorf("%d entries of one refusal", n)
	}
}

func (b *bench) entries(key, action string) (n int) {
	b.t.Helper()
	all, err := b.Store.Journal(b.t.Context(), key)
	b.must(err)
	for _, e := range all {
		if e.Action == action {
			n++
		}
	}
	return n
}

// The journal records all of a rollback: rule, verdict, observation, guards, request, answer,
// and who decided.
func TestJournalOfARollback(t *testing.T) {
	t.Parallel()
	b := newBench(t, redRule, nil)
	key := b.bad("v2", nil)
	b.until("a rollback", b.ordered(key, rollback.Done))
	all, err := b.Store.Journal(t.Context(), key)
	b.must(err)
	var text strings.Builder
	for _, e := range all {
		fmt.Fprintf(&text, "%s %s %s\n", e.Actor, e.Action, e.Detail)
	}
	for _, want := range []string{
		`rule red respond`, `"rule":"team: shop\nrules:`, `"observation":{`, `"to":"decided"`, `"evidence":{"rule":"red"`,
		`guards permit`, `"request":{"key":"` + key, `"to":"sending"`, `"to":"done"`, `"status":"exit 0"`,
	} {
		if !strings.Contains(text.String(), want) {
			t.Errorf("the journal lacks %s:\n%s", want, text.String())
		}
	}
}

// The recovery watch ended without a verdict.
func TestNobodyCanTellWhetherItHelped(t *testing.T) {
	t.Parallel()
	b := newBench(t, redRule, nil)
	key := b.bad("v2", nil)
	b.until("a rollback", b.ordered(key, rollback.Done))
	b.pass(time.Minute)
	b.shop.fault = errDown
	b.pass(10 * time.Minute)
	b.wantMessage("pager", "cannot tell whether the rollback of v2 helped")
	b.wantCalls(1)
}

// People may approve a rollback when the watch of the change has long ended: whether it helped is checked all the same.
func TestLateApprovalIsChecked(t *testing.T) {
	t.Parallel()
	b := newBench(t, mode("ask"), nil)
	key := b.bad("v2", nil)
	b.until("a proposal", b.ordered(key, rollback.Proposed))
	b.pass(10 * time.Minute)
	b.wantWatch(key, watch.Regressed)
	b.must(b.Approve(t.Context(), key, "ada", ""))
	b.until("a rollback", b.ordered(key, rollback.Done))
	b.must(b.looks.Reload(t.Context())) // as the sweep does
	b.pass(15 * time.Minute)
	b.wantMessage("pager", "well again since v2 was rolled back")
	ws, err := b.Store.WatchesOf(t.Context(), key)
	if b.must(err); len(ws) != 2 || ws[1].State != watch.Healthy {
		t.Errorf("watches: %+v", ws)
	}
}

// A change whose rollback did not help is no longer marked bad.
func TestVersionIsCleared(t *testing.T) {
	t.Parallel()
	b := newBench(t, redRule, nil)
	key := b.bad("v2", nil)
	b.hook.works = nil
	b.until("a rollback", b.ordered(key, rollback.Done))
	b.wantGate(false, "cart", "v2", "was judged bad")
	b.pass(7 * time.Minute)
	b.wantMessage("pager", "the rollback of v2 did not help")
	c, err := b.Store.Change(t.Context(), key)
	b.must(err)
	if c.Standing != store.Cleared {
		t.Errorf("v2 stands %q", c.Standing)
	}
	b.wantGate(true, "cart")
}
