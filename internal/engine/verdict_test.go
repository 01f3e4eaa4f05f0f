package engine

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/pushback/pushback/detector"
	"github.com/pushback/pushback/internal/store"
	"github.com/pushback/pushback/internal/trust"
	"github.com/pushback/pushback/notify"
	"github.com/pushback/pushback/rollback"
	"github.com/pushback/pushback/rules"
	"github.com/pushback/pushback/sources"
	"github.com/pushback/pushback/watch"
)

func TestBadChangeIsRolledBackOnce(t *testing.T) {
	t.Parallel()
	b := newBench(t, redRule, nil)
	key := b.bad("v2", nil)
	b.until("a rollback", b.ordered(key, rollback.Done))
	if took := b.clock.Now().Sub(began); took > 3*time.Minute {
		t.Errorf("it took %s", took)
	}
	b.pass(15 * time.Minute)
	b.wantCalls(1)
	if w := b.hook.calls[0]; w.Key() != key || w.Target() != "v1" || w.Change().Version != "v2" {
		t.Errorf("the hook was called to bring %s back to %s under %s", w.Change().Version, w.Target(), w.Key())
	}
	b.wantMessage("pager", "cart v2", "0.5 % → 3.1 %", "likely")
	page := b.wantMessage("pager", "cart v2", "0.5 % → 3 %", "certain", "A rollback to v1 through hook deployer is ordered.", "which does not stop the rollback: pushback false-alarm")
	b.wantMessage("pager", "cart v2 in production: rolling back to v1 — errors 0.5 % → 3 %", "has until 10:01:45 UTC")
	if !strings.HasSuffix(page.Link, "/changes/"+key) || page.Severity != notify.Critical {
		t.Errorf("%s page with link %s", page.Severity, page.Link)
	}
	b.wantMessage("pager", "cart v2 in production: rolled back to v1 — errors 0.5 % → 3 %", "95 % 1.7 to 3.5")
	b.wantMessage("pager", "well again since v2 was rolled back", "resolved=true")
	b.wantWatch(key, watch.Regressed)
}

func TestRollbackThatDoesNotHelp(t *testing.T) {
	t.Parallel()
	b := newBench(t, redRule, nil)
	key := b.bad("v2", nil)
	b.hook.works = nil
	b.until("a rollback", b.ordered(key, rollback.Done))
	b.pass(12 * time.Minute)
	b.wantMessage("pager", "the rollback of v2 did not help", "critical")
	b.wantMessage("pager", "regressed, likely") // and not again by the second watch
	b.wantSilence("pager", "resolved=true")
	b.wantCalls(1)
}

// A rule that only says `rollback` still notifies somebody of the outcome.
func TestRollbackIsNeverSilent(t *testing.T) {
	t.Parallel()
	rule := strings.NewReplacer(
		"      - {at_least: suspect, tell: chat}\n", "", "      - {at_least: likely, tell: pager}\n", "",
	).Replace(redRule)
	b := newBench(t, rule, func(o *Options) { o.Catalogue.Default = rules.Service{Pager: "pager"} })
	key := b.bad("v2", nil)
	b.until("a rollback", b.ordered(key, rollback.Done))
	b.wantMessage("pager", "rolling back to v1")
	b.wantMessage("pager", "rolled back to v1")
}

// What each mode does and says.
func TestModes(t *testing.T) {
	t.Parallel()
	f := func(rule string, p trust.Policy, want rollback.State, says string) {
		t.Helper()
		b := newBench(t, rule, func(o *Options) { o.Trust = p })
		key := b.bad("v2", nil)
		b.pass(4 * time.Minute)
		b.wantState(key, want)
		b.wantMessage("pager", "certain", says)
		if want != rollback.Done {
			b.wantCalls(0)
		}
		if want == "" {
			b.wantRecorded(key, `"said":"Nothing is done: the rule observes. It says `)
		}
	}
	trusted := trust.Policy{New: rules.Act, Cap: rules.Act}
	f(redRule, trusted, rollback.Done, "rolling back to v1")
	f(mode("ask"), trusted, rollback.Proposed, "pushback approve")
	f(mode("observe"), trusted, "", "the rule observes")
	f(redRule, trust.Policy{New: rules.Observe, Cap: rules.Act}, "", "It says act through hook deployer")
	f(redRule, trust.Policy{New: rules.Ask, Cap: rules.Act}, rollback.Proposed, "pushback approve")
	f(redRule, trust.Policy{New: rules.Act, Cap: rules.Ask}, rollback.Proposed, "pushback approve")
	f(redRule, trust.Policy{New: rules.Act, Cap: rules.Observe}, "", "the rule observes")
}

// wantRecorded wants an entry of the change's journal with a text in its detail.
func (b *bench) wantRecorded(key, text string) {
	b.t.Helper()
	entries, err := b.Store.Journal(b.t.Context(), key)
	b.must(err)
	if !slices.ContainsFunc(entries, func(e store.Entry) bool { return strings.Contains(string(e.Detail), text) }) {
		b.t.Errorf("no entry says %q", text)
	}
}

func TestApproving(t *testing.T) {
	t.Parallel()
	b := newBench(t, mode("ask"), nil)
	key := b.bad("v2", nil)
	b.until("a proposal", b.ordered(key, rollback.Proposed))
	b.must(b.Approve(t.Context(), key, "ada", "seen on the graph"))
	b.wantRecorded(key, "seen on the graph")
	if err := b.Approve(t.Context(), key, "bob", ""); !errors.Is(err, store.ErrConflict) {
		t.Errorf("approved twice: %v", err)
	}
	b.pass(10 * time.Second)
	b.wantState(key, rollback.Done)
	b.wantCalls(1)
	b.wantMessage("pager", "rollback to v1 approved")
	if o, err := b.Store.Order(t.Context(), key); err != nil || o.Actor != "ada" {
		t.Errorf("approved by %q, %v", o.Actor, err)
	}
}

func TestRejecting(t *testing.T) {
	t.Parallel()
	b := newBench(t, mode("ask"), nil)
	key := b.bad("v2", nil)
	b.until("a proposal", b.ordered(key, rollback.Proposed))
	b.must(b.Reject(t.Context(), key, "ada", "known, and harmless"))
	b.pass(10 * time.Second)
	b.wantState(key, rollback.Cancelled)
	b.wantMessage("pager", "rollback to v1 cancelled by ada", "known, and harmless")
	if err := b.Approve(t.Context(), key, "bob", ""); !errors.Is(err, store.ErrConflict) {
		t.Errorf("approved after all: %v", err)
	}
	b.wantCalls(0)
}

func TestNobodyApproves(t *testing.T) {
	t.Parallel()
	b := newBench(t, mode("ask"), nil)
	key := b.bad("v2", nil)
	b.until("a proposal", b.ordered(key, rollback.Proposed))
	b.pass(10 * time.Minute)
	b.clock.add(rollback.DefaultLimits().ApproveWithin)
	b.pass(10 * time.Second)
	b.wantState(key, rollback.Expired)
	b.wantMessage("pager", "rollback to v1 expired", "0.5 % → 3 %")
	b.wantCalls(0)
}

// The service dies while the store is alive. That pages, and acts only where the rule says
// so.
func TestSignalLost(t *testing.T) {
	t.Parallel()
	f := func(rule string, lives time.Duration, want rollback.State) {
		t.Helper()
		b := newBench(t, rule, nil)
		key := b.deploy("v2", nil)
		b.pass(lives)
		b.shop.lose("cart")
		b.pass(2 * time.Minute)
		b.wantMessage("platform", "errors traffic 3000 → 0 events/min", "by loss", "The signal lived until the change and is gone")
		b.wantState(key, want)
	}
	act := strings.Replace(redRule, "limit: 20%", "lost: act", 1)
	f(redRule, time.Minute, "")
	f(act, time.Minute, rollback.Done)
	f(act, 0, rollback.Done)
	f(act, 2*time.Minute+30*time.Second, rollback.Done)
}

// A service without requests before the change says nothing about the time before it: an
// old fault that the first requests meet is no reason to roll the change back unasked.
func TestNothingMeasuredBefore(t *testing.T) {
	t.Parallel()
	f := func(idle bool, want rollback.State) {
		t.Helper()
		b := newBench(t, redRule, nil)
		if idle {
			b.shop.phases["cart"][0].rate = 0
		}
		b.pass(time.Minute)
		b.shop.next("cart", func(p *phase) { p.rate, p.errors = 50, 0.4 })
		key := b.deploy("v2", nil)
		b.pass(3 * time.Minute)
		b.wantState(key, want)
	}
	f(false, rollback.Done)
	f(true, rollback.Proposed)
}

func TestUnknownServiceIsNoPage(t *testing.T) {
	t.Parallel()
	b := newBench(t, redRule, nil)
	key := b.deploy("v2", func(e *sources.Event) { e.Service = "unheard-of" })
	b.pass(12 * time.Minute)
	b.wantWatch(key, watch.Inconclusive)
	if w := b.watch(key); w.Reason != detector.UnmatchedSeries {
		t.Errorf("reason is %s", w.Reason)
	}
	if len(b.box.got) != 0 {
		t.Errorf("messages: %v", b.box.got)
	}
}

// Between started and succeeded only a limit counts.
func TestRolling(t *testing.T) {
	t.Parallel()
	b := newBench(t, redRule, nil)
	key := b.tell("v2", sources.Started, nil)
	b.shop.errors("cart", 0.03)
	b.pass(2 * time.Minute)
	if w := b.watch(key); w.Grade != detector.None {
		t.Errorf("graded %s while rolling", w.Grade)
	}
	b.tell("v2", sources.Succeeded, nil)
	b.until("a rollback", b.ordered(key, rollback.Done))
	b.wantCalls(1)
}

func TestLimitWhileRolling(t *testing.T) {
	t.Parallel()
	f := func(name string, change func(*Options), while rollback.State) {
		t.Run(name, func(t *testing.T) {
			b := newBench(t, redRule, change)
			key := b.tell("v2", sources.Started, nil)
			b.shop.errors("cart", 0.6)
			b.pass(3 * time.Minute)
			b.wantState(key, while)
			b.tell("v2", sources.Succeeded, nil)
			b.pass(10 * time.Second)
			b.wantState(key, rollback.Done)
			b.wantCalls(1)
		})
	}
	f("waits for the end of the rollout", nil, rollback.Decided)
	f("unless the hook aborts one", func(o *Options) {
		h := o.Hooks["deployer"]
		h.Aborts = true
		o.Hooks["deployer"] = h
	}, rollback.Done)
}

func TestRollingNeverEnds(t *testing.T) {
	t.Parallel()
	b := newBench(t, redRule, nil)
	key := b.tell("v2", sources.Started, nil)
	b.pass(time.Minute)
	b.clock.add(watch.MaxRolling)
	b.pass(time.Minute)
	b.wantWatch(key, watch.Inconclusive)
}

// A rule that is edited or deleted changes no watch that runs.
func TestRuleEditedMeanwhile(t *testing.T) {
	t.Parallel()
	b := newBench(t, redRule, nil)
	key := b.bad("v2", nil)
	b.pass(5 * time.Second)
	b.rule = strings.NewReplacer("min_effect: 0.5 points", "min_effect: 50 points", "mode: act", "mode: observe").Replace(redRule)
	if broken := b.Reload(t.Context()); len(broken) > 0 {
		t.Fatal(broken)
	}
	b.until("a rollback by the rule as it was", b.ordered(key, rollback.Done))
}

func TestBrokenRulesChangeNothing(t *testing.T) {
	t.Parallel()
	b := newBench(t, redRule, nil)
	b.rule = "rules: ["
	if broken := b.Reload(t.Context()); len(broken) == 0 {
		t.Fatal("a broken file was taken")
	}
	key := b.bad("v2", nil)
	b.until("a rollback", b.ordered(key, rollback.Done))
}

// Two rules ask for a rollback, and one order is made.
func TestTwoRulesOneOrder(t *testing.T) {
	t.Parallel()
	second := strings.Replace(strings.SplitN(redRule, "rules:\n", 2)[1], "name: red", "name: second", 1)
	b := newBench(t, redRule+second, nil)
	key := b.bad("v2", nil)
	b.until("a rollback", b.ordered(key, rollback.Done))
	b.pass(10 * time.Minute)
	b.wantCalls(1)
}

func TestHealthyChange(t *testing.T) {
	t.Parallel()
	b := newBench(t, redRule, nil)
	key := b.deploy("v2", nil)
	b.pass(11 * time.Minute)
	b.wantWatch(key, watch.Healthy)
	b.wantState(key, "")
	b.wantCalls(0)
	b.wantSilence("pager", "cart")
	b.wantMessage("chat", "cart")
}
