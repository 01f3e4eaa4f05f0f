package engine

import (
	"strings"
	"testing"
	"time"

	"github.com/pushback/pushback/detector"
	"github.com/pushback/pushback/internal/store"
	"github.com/pushback/pushback/rollback"
	"github.com/pushback/pushback/sources"
	"github.com/pushback/pushback/watch"
)

// answering is redRule with one more line of `respond`.
func answering(line string) string { return redRule + "      - " + line + "\n" }

// wantReason fails the test unless a watch, and its last verdict, have a reason.
func (b *bench) wantReason(key string, want detector.Reason) detector.Verdict {
	b.t.Helper()
	w := b.watch(key)
	r, err := b.Store.LastRecord(b.t.Context(), w.ID)
	b.must(err)
	if w.Reason != want || r.Verdict.Reason != want {
		b.t.Errorf("the watch bears %q and its verdict %q, want %q", w.Reason, r.Verdict.Reason, want)
	}
	return r.Verdict
}

// People are notified of a failed rollout at once. It is watched to the end, and nothing is
// done however bad it gets.
func TestFailedRollout(t *testing.T) {
	t.Parallel()
	const failed = "The rollout itself failed"
	f := func(name, rule string, share float64, end watch.State) {
		t.Run(name, func(t *testing.T) {
			b := newBench(t, rule, nil)
			key := b.tell("v2", sources.Started, nil)
			b.pass(30 * time.Second)
			b.tell("v2", sources.Failed, nil)
			b.shop.errors("cart", share)
			b.pass(10 * time.Second)
			b.wantMessage("platform", "v2", failed)
			b.pass(10 * time.Minute)
			b.wantWatch(key, end)
			b.wantReason(key, detector.FailedRollout)
			b.wantState(key, "")
			b.wantCalls(0)
			b.wantMessage("platform", "v2 in production: watching", failed) // once; what resolves it is another message
		})
	}
	rule := answering("{on: rollout_failed, tell: platform}")
	f("and did harm", rule, 0.03, watch.Regressed)
	f("and went beyond the limit", rule, 0.5, watch.Regressed)
	f("and did none", rule, 0.005, watch.Healthy)
	f("under a rule that asks", strings.Replace(rule, "mode: act", "mode: ask", 1), 0.03, watch.Regressed)
}

// A message that it got worse says that the rollout had failed.
func TestFailedRolloutIsShownBesideTheNumbers(t *testing.T) {
	t.Parallel()
	b := newBench(t, redRule, nil)
	b.tell("v2", sources.Failed, nil)
	b.shop.errors("cart", 0.03)
	b.pass(10 * time.Minute)
	b.wantMessage("pager", "v2", "The rollout itself failed", "errors 0.")
}

// A response line about a failed rollout answers even while the metric store fails.
func TestFailedRolloutWhileBlind(t *testing.T) {
	t.Parallel()
	b := newBench(t, answering("{on: rollout_failed, tell: chat}"), nil)
	key := b.tell("v2", sources.Started, nil)
	b.pass(time.Minute)
	b.shop.fault = errDown
	b.pass(time.Minute)
	b.tell("v2", sources.Failed, nil)
	b.pass(10 * time.Minute)
	b.wantMessage("chat", "v2", "The rollout itself failed")
	b.wantWatch(key, watch.Blind)
	b.wantReason(key, detector.FailedRollout)
}

// A rollout that failed and succeeded at a second try is judged like any other.
func TestTriedAgain(t *testing.T) {
	t.Parallel()
	b := newBench(t, redRule, nil)
	key := b.tell("v2", sources.Started, nil)
	b.pass(30 * time.Second)
	b.tell("v2", sources.Failed, nil)
	b.pass(30 * time.Second)
	b.bad("v2", nil)
	b.until("a rollback", b.ordered(key, rollback.Done))
}

// Where another change is as likely the cause, every place that shows the reason says so. The
// evidence stays as it is.
func TestConfoundedIsShown(t *testing.T) {
	t.Parallel()
	b := newBench(t, strings.Replace(answering("{on: confounded, tell: platform}"), "mode: act", "mode: ask", 1), nil)
	b.deploy("c7", func(e *sources.Event) { e.Kind = sources.Config })
	key := b.bad("v2", nil)
	b.until("a question", b.ordered(key, rollback.Proposed))
	b.wantReason(key, detector.Confounded)
	b.wantSilence("platform", "cart v2 in production")
	b.pass(10 * time.Minute)
	b.wantWatch(key, watch.Regressed)
	if v := b.wantReason(key, detector.Confounded); v.Outcome != detector.Regressed || v.Grade != detector.Certain || !v.MayAct {
		t.Errorf("the evidence is %s, %s, may act: %v", v.Outcome, v.Grade, v.MayAct)
	}
	b.wantMessage("platform", "cart v2 in production: regressed, certain", "cannot be told apart", "as well be cart c7 (config at ")
	c, err := b.Store.Change(t.Context(), key)
	b.must(err)
	if c.Standing != store.Bad {
		t.Errorf("the version is %s", c.Standing)
	}
}

// A policy of a rule may lower what such evidence can do.
func TestConfoundedPolicy(t *testing.T) {
	t.Parallel()
	rule := strings.Replace(redRule, "    respond:", "    policies: {confounded: observe}\n    respond:", 1)
	b := newBench(t, rule, nil)
	b.deploy("c7", func(e *sources.Event) { e.Kind = sources.Config })
	key := b.bad("v2", nil)
	b.pass(10 * time.Minute)
	b.wantReason(key, detector.Confounded)
	b.wantState(key, "")
	b.wantCalls(0)
}

func TestNotConfounded(t *testing.T) {
	t.Parallel()
	f := func(name string, share float64, alter func(*sources.Event)) {
		t.Run(name, func(t *testing.T) {
			b := newBench(t, strings.Replace(answering("{on: confounded, tell: platform}"), "mode: act", "mode: observe", 1), nil)
			b.deploy("s3", alter)
			key := b.deploy("v2", nil)
			b.shop.errors("cart", share)
			b.pass(10 * time.Minute)
			b.wantReason(key, "")
			b.wantSilence("platform", "v2")
		})
	}
	f("of a service it does not depend on", 0.03, func(e *sources.Event) { e.Service = "search" })
	f("nothing moved", 0.005, func(e *sources.Event) { e.Kind = sources.Config })
}
