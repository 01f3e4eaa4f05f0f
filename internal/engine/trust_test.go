package engine

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/pushback/pushback/detector"
	"github.com/pushback/pushback/internal/store"
	"github.com/pushback/pushback/internal/trust"
	"github.com/pushback/pushback/rollback"
	"github.com/pushback/pushback/rules"
	"github.com/pushback/pushback/sources"
	"github.com/pushback/pushback/watch"
)

// beginsAtObserve begins every rule at observe; two clean changes earn a step.
func beginsAtObserve(o *Options) {
	o.Trust = trust.Policy{New: rules.Observe, Cap: rules.Act, Clean: 2}
	o.Catalogue.Default = rules.Service{Chat: "chat"}
}

// ended reports whether the watch of a change has begun and ended.
func (b *bench) ended(key string) func() bool {
	return func() bool { return b.begun(key) && !b.watch(key).State.Open() }
}

func (b *bench) begun(key string) bool {
	ws, err := b.Store.WatchesOf(b.t.Context(), key)
	b.must(err)
	return len(ws) > 0
}

// clean deploys a version and waits until it is called healthy. It returns the key.
func (b *bench) clean(version string) string {
	b.t.Helper()
	key := b.deploy(version, nil)
	b.until("a healthy end", b.ended(key))
	b.wantWatch(key, watch.Healthy)
	return key
}

func (b *bench) standing(service string) trust.Status {
	b.t.Helper()
	s, err := b.RuleTrust().Status(b.t.Context(), "red", service)
	b.must(err)
	return s
}

// From observe to act, a person has to promote the rule twice.
func TestTrustIsEarnedInSteps(t *testing.T) {
	t.Parallel()
	b := newBench(t, redRule, beginsAtObserve)
	if s := b.standing("cart"); s.Effective != rules.Observe || s.Written != rules.Act || s.Proposed {
		t.Errorf("a new rule: %+v", s)
	}
	bad := b.bad("v1", nil)
	b.until("certainty", func() bool { return b.begun(bad) && b.watch(bad).Grade == detector.Certain })
	b.wantMessage("pager", "the rule observes")
	b.wantState(bad, "")
	b.shop.errors("cart", 0.005)
	b.until("the end", b.ended(bad))

	b.clean("v2")
	if _, err := b.RuleTrust().Promote(t.Context(), "red", "cart", "ada", ""); !errors.Is(err, store.ErrConflict) || !strings.Contains(err.Error(), "1 clean changes of 2") {
		t.Errorf("half earned: %v", err)
	}
	b.clean("v3")
	b.pass(time.Minute)
	b.wantMessage("chat", "red has earned to ask for cart", "pushback rules promote red --service cart")
	if s := b.standing("cart"); s.Effective != rules.Observe || !s.Proposed {
		t.Errorf("promoted silently: %+v", s)
	}
	if _, err := b.RuleTrust().Promote(t.Context(), "red", "search", "ada", ""); !errors.Is(err, store.ErrConflict) {
		t.Errorf("one service earned for another: %v", err)
	}
	s, err := b.RuleTrust().Promote(t.Context(), "red", "cart", "ada", "twice clean")
	if b.must(err); s.Effective != rules.Ask || s.Proposed {
		t.Errorf("%+v", s)
	}
	entries, err := b.Store.Journal(t.Context(), "rules/red")
	if b.must(err); len(entries) != 1 || entries[0].Actor != "ada" || entries[0].Action != "promote" {
		t.Errorf("who decided is not written down: %+v", entries)
	}

	asked := b.bad("v4", nil)
	b.until("a proposal", b.ordered(asked, rollback.Proposed))
	b.must(b.Reject(t.Context(), asked, "ada", "the load test"))
	b.shop.errors("cart", 0.005)
	b.until("the end", b.ended(asked))
	if s := b.standing("cart"); s.Record.FalseAlarms != 1 || s.Record.Clean != 2 || s.Record.Fired != 2 {
		t.Errorf("the record: %+v", s.Record)
	}
	if s, err = b.RuleTrust().Demote(t.Context(), "red", "cart", rules.Observe, "ada", ""); err != nil || s.Effective != rules.Observe {
		t.Errorf("%+v, %v", s, err)
	}
}

func TestOnlyWhatJudgesResetsTrust(t *testing.T) {
	t.Parallel()
	b := newBench(t, redRule, beginsAtObserve)
	b.clean("v2")
	b.clean("v3")
	_, err := b.RuleTrust().Promote(t.Context(), "red", "cart", "ada", "")
	b.must(err)
	edit := func(old, replacement string, want rules.Mode) {
		t.Helper()
		b.rule = strings.Replace(redRule, old, replacement, 1)
		if broken := b.Reload(t.Context()); b.rule == redRule || len(broken) > 0 {
			t.Fatal(old, broken)
		}
		if s := b.standing("cart"); s.Effective != want {
			t.Errorf("%s → %s: %v", old, replacement, s.Effective)
		}
	}
	edit("tell: chat", "tell: platform", rules.Ask)
	edit("limit: 20%", "limit: 30%", rules.Observe)
}

func TestABacktestEarnsForEveryService(t *testing.T) {
	t.Parallel()
	b := newBench(t, redRule, beginsAtObserve)
	hash := b.rules.set().Rules()[0].Hash
	figure := store.Backtest{RuleHash: hash, Rule: "red", Mode: "ask", Judged: 500, FalseAlarms: 1, Why: "within its budget", Actor: "ada"}
	stale := figure
	stale.RuleHash = "another"
	if err := b.RuleTrust().NoteBacktest(t.Context(), stale); !errors.Is(err, store.ErrConflict) {
		t.Errorf("a figure of another way of judging: %v", err)
	}
	b.must(b.RuleTrust().NoteBacktest(t.Context(), figure))
	b.pass(time.Minute)
	b.wantMessage("chat", "red has earned to ask for every service", "within its budget")
	s, err := b.RuleTrust().Promote(t.Context(), "red", store.EveryService, "ada", "")
	if b.must(err); s.Effective != rules.Ask || s.Proposed {
		t.Errorf("%+v", s)
	}
	b.clock.add(time.Minute)
	s, err = b.RuleTrust().Demote(t.Context(), "red", store.EveryService, rules.Observe, "ada", "")
	if b.must(err); s.Effective != rules.Observe || s.Proposed {
		t.Errorf("an old figure proposes again what was taken back: %+v", s)
	}
	b.clock.add(time.Minute)
	b.must(b.RuleTrust().NoteBacktest(t.Context(), figure))
	_, err = b.RuleTrust().Promote(t.Context(), "red", store.EveryService, "ada", "")
	b.must(err)
	key := b.bad("v9", func(e *sources.Event) {})
	b.until("a proposal", b.ordered(key, rollback.Proposed))
}

// A mode that was taken back for a service which has no outcomes yet is earned again by the same
// backtest as for every other service.
func TestTrustTakenBackBeforeTheFirstOutcome(t *testing.T) {
	t.Parallel()
	b := newBench(t, redRule, func(o *Options) { o.Trust = trust.Policy{New: rules.Act, Cap: rules.Act} })
	_, err := b.RuleTrust().Demote(t.Context(), "red", "cart", rules.Observe, "ada", "")
	b.must(err)
	if s := b.standing("cart"); s.Effective != rules.Observe || s.Next != rules.Ask || s.Proposed {
		t.Errorf("taken back: %+v", s)
	}
	b.clock.add(time.Minute)
	hash := b.rules.set().Rules()[0].Hash
	b.must(b.RuleTrust().NoteBacktest(t.Context(), store.Backtest{RuleHash: hash, Rule: "red", Mode: "act", Judged: 500, Why: "within its budget", Actor: "ada"}))
	s, err := b.RuleTrust().Promote(t.Context(), "red", "cart", "ada", "")
	if b.must(err); s.Effective != rules.Ask {
		t.Errorf("%+v", s)
	}
}

// What a rule did not find is no clean change of its, and its version is bad.
func TestMissedCountsAgainstTrust(t *testing.T) {
	t.Parallel()
	b := newBench(t, redRule, beginsAtObserve)
	key := b.clean("v2")
	trust := b.RuleTrust()
	if err := trust.Missed(t.Context(), key, "blue", "ada", ""); !errors.Is(err, store.ErrConflict) {
		t.Errorf("of another rule: %v", err)
	}
	b.must(trust.Missed(t.Context(), key, "", "ada", "lost carts"))
	if s := b.standing("cart"); s.Record.Missed != 1 || s.Record.Clean != 1 || !strings.Contains(s.Why, "0 clean changes of 2") {
		t.Errorf("%+v %s", s.Record, s.Why)
	}
	c, err := b.Store.Change(t.Context(), key)
	if b.must(err); c.Standing != store.Bad {
		t.Errorf("the version is %q", c.Standing)
	}
	entries, err := b.Store.Journal(t.Context(), key)
	b.must(err)
	if e := entries[len(entries)-1]; e.Action != "missed" || e.Actor != "ada" || !strings.Contains(string(e.Detail), "lost carts") {
		t.Errorf("who said it is not written down: %+v", e)
	}
	bad := b.bad("v3", nil)
	b.until("a grade", func() bool { return b.begun(bad) && b.watch(bad).Grade >= detector.Likely })
	if err := trust.Missed(t.Context(), bad, "", "ada", ""); !errors.Is(err, store.ErrConflict) {
		t.Errorf("a change at which every rule fired: %v", err)
	}
}
