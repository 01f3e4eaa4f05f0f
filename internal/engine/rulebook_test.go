package engine

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/pushback/pushback/internal/messages"
	"github.com/pushback/pushback/notify"
	"github.com/pushback/pushback/rules"
	"github.com/pushback/pushback/watch"
)

// owned is a catalogue in which services without an owner belong to the platform team.
func owned(o *Options) { o.Catalogue.Default = rules.Service{Chat: "platform"} }

// mistakenRule is redRule with a mistake in it.
var mistakenRule = strings.Replace(redRule, "min_events", "min_evnts", 1)

func TestGoodRulesGoOnAndMistakesAreReported(t *testing.T) {
	t.Parallel()
	b := newBench(t, redRule, owned)
	b.rule = mistakenRule
	if broken := b.Reload(t.Context()); len(broken) != 1 {
		t.Fatal(broken)
	}
	b.pass(time.Minute)
	m := b.wantMessage("platform", "the rules are broken", "min_evnts", "last good rules go on")
	if p := b.Problems(); !strings.Contains(p[len(p)-1].Detail, "the last good rules (1, of 2026-11-23T10:00:00Z) go on") {
		t.Errorf("%+v", p)
	}
	b.Reload(t.Context())
	b.pass(time.Minute)
	if again := b.wantMessage("platform", "the rules are broken"); again.At != m.At {
		t.Error("the same mistake was reported twice")
	}

	// The old rules stay in force, also over a restart.
	b.restart()
	key := b.bad("v2", nil)
	b.until("the rollback", b.ordered(key, "done"))

	b.rule = redRule
	if broken := b.Reload(t.Context()); len(broken) != 0 {
		t.Fatal(broken)
	}
	b.pass(time.Minute)
	b.wantMessage("platform", "the rules are well again", "resolved=true")

	b.rule = mistakenRule
	b.Reload(t.Context())
	b.pass(time.Minute)
	rows, err := b.Store.OutgoingOf(t.Context(), messages.RulesThread)
	if b.must(err); len(rows) != 3 {
		t.Errorf("the same mistake, made again, was not reported again: %+v", rows)
	}
}

// Neither the database nor the folder ever had good rules.
func TestBrokenRulesFromTheFirstDay(t *testing.T) {
	t.Parallel()
	b := newBench(t, mistakenRule, owned)
	b.pass(time.Minute)
	b.wantMessage("platform", "the rules are broken")
	if p, is := b.rules.problem(); !is || !strings.Contains(p.Detail, "no change is watched") {
		t.Errorf("%+v", p)
	}
}

func TestAnEditReachesNoRunningWatch(t *testing.T) {
	t.Parallel()
	b := newBench(t, redRule, nil)
	key := b.deploy("v2", nil)
	b.pass(time.Minute)
	b.rule = strings.Replace(redRule, "limit: 20%", "limit: 1%", 1)
	if broken := b.Reload(t.Context()); len(broken) != 0 {
		t.Fatal(broken)
	}
	b.pass(time.Minute)
	if w := b.watch(key); w.State != watch.Watching || !strings.Contains(w.RuleText, "limit: 20%") || *w.Plan.Signals[0].Limit != 0.2 {
		t.Errorf("the edit reached a running watch: %+v", w)
	}
	next := b.deploy("v3", nil)
	b.pass(time.Minute)
	if w := b.watch(next); !strings.Contains(w.RuleText, "limit: 1%") {
		t.Errorf("the next change is watched by the old rule: %s", w.RuleText)
	}
}

func TestARunbookReachesPeople(t *testing.T) {
	t.Parallel()
	const runbook = "https://wiki.example.org/cart"
	b := newBench(t, strings.Replace(redRule, "    signals:\n", "    runbook: "+runbook+"\n    signals:\n", 1), nil)
	key := b.bad("v2", nil)
	b.until("the rollback", b.ordered(key, "done"))
	if w := b.watch(key); w.Runbook != runbook {
		t.Errorf("the watch, and so the page, has %q", w.Runbook)
	}
	rows, err := b.Store.OutgoingOf(t.Context(), key)
	b.must(err)
	verdicts := 0
	for _, row := range rows {
		if row.Message.Kind == "order" {
			continue
		}
		if verdicts++; !slices.Contains(row.Message.Fields, notify.Field{Name: "runbook", Value: runbook}) {
			t.Errorf("%s got no runbook: %+v", row.Receiver, row.Message.Fields)
		}
	}
	if verdicts == 0 {
		t.Error("nobody got a verdict")
	}
}

// TestRulesAreKnownOnlyOnceRestored: with a broken folder, which rules are in force is known
// when the last good ones are restored, and not while the database does not answer.
func TestRulesAreKnownOnlyOnceRestored(t *testing.T) {
	t.Parallel()
	b := newBench(t, redRule, owned)
	if !b.rules.settled() {
		t.Fatal("a good folder is known at once")
	}
	b.rule = mistakenRule
	next := newRuleBook(b.core, func() {})
	ended, end := context.WithCancel(t.Context())
	end()
	if err := next.keep(ended); err == nil || next.settled() {
		t.Fatalf("settled without an answer of the database: %v", err)
	}
	if b.must(next.keep(t.Context())); !next.settled() || next.set().Len() != 1 {
		t.Errorf("settled: %v, with %d rules", next.settled(), next.set().Len())
	}
}
