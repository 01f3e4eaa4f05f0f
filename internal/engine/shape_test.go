package engine

import (
	"strings"
	"testing"
	"time"

	"github.com/pushback/pushback/internal/store"
	"github.com/pushback/pushback/sources"
	"github.com/pushback/pushback/watch"
)

// longRule is redRule with ticks of a minute and another settle.
func longRule(settle string) string {
	return strings.NewReplacer("settle: 15s", "settle: "+settle, "bake: 5m", "bake: 30m").Replace(redRule)
}

// warmingDeploy is a deploy that fails 3 % of its requests for three minutes, and then as
// many as given until its bake is over.
func (b *bench) warmingDeploy(version string, later float64) string {
	b.t.Helper()
	key := b.deploy(version, nil)
	b.shop.errors("cart", 0.03)
	b.pass(3 * time.Minute)
	b.shop.errors("cart", later)
	b.pass(37 * time.Minute)
	return key
}

// TestWarmUpsOfGoodDeploysAreExpected: while settle hides the warm-up, five deploys end
// healthy. Then settle is removed.
func TestWarmUpsOfGoodDeploysAreExpected(t *testing.T) {
	t.Parallel()
	const expected = "This service's deploys usually raise errors by 2.5 points for 3 min (learned from 5 good changes); that much was expected."
	seventh := func(falseAlarm bool, later float64) (*bench, string) {
		b := newBench(t, longRule("5m"), scheduled)
		for _, version := range []string{"v2", "v3", "v4", "v5", "v6"} {
			key := b.warmingDeploy(version, 0.005)
			b.wantWatch(key, watch.Healthy)
			if falseAlarm {
				b.must(b.Store.PutOutcome(t.Context(), store.Outcome{WatchID: key + ".red", ChangeKey: key, Fired: true, FalseAlarm: true}))
			}
		}
		b.clock.add(time.Hour)
		b.rule = longRule("0s")
		b.restart()
		b.must(b.keep("profiles"))
		return b, b.warmingDeploy("v7", later)
	}
	b, key := seventh(false, 0.005)
	b.wantWatch(key, watch.Healthy)
	b.wantCalls(0)
	b.wantEvidence(key, expected)

	b, key = seventh(false, 0.015)
	b.wantWatch(key, watch.Regressed)
	b.wantEvidence(key, expected)

	b, key = seventh(true, 0.005)
	if evidence := b.evidence(key); strings.Contains(evidence, "usually") {
		t.Errorf("learned from false alarms: %s", evidence)
	}
}

// TestAShapeBelongsToOneService: both services are judged by the same query, and only the
// deploys of one have warmed up.
func TestAShapeBelongsToOneService(t *testing.T) {
	t.Parallel()
	shared := func(settle string) string {
		return strings.Replace(longRule(settle), "$match", `job="cart"`, 1)
	}
	b := newBench(t, shared("5m"), scheduled)
	for _, version := range []string{"v2", "v3", "v4", "v5", "v6"} {
		b.wantWatch(b.warmingDeploy(version, 0.005), watch.Healthy)
	}
	b.clock.add(time.Hour)
	b.rule = shared("0s")
	b.restart()
	before := b.histories()
	b.must(b.keep("profiles"))
	if n := b.histories() - before; n != 2 {
		t.Errorf("%d histories were fetched, want one of each service", n)
	}
	key := b.deploy("v7", func(ev *sources.Event) { ev.Service = "search" })
	b.shop.errors("cart", 0.03)
	b.pass(3 * time.Minute)
	if w := b.watch(key); len(w.Profiles) != 1 || strings.Contains(b.evidence(key), "usually") {
		t.Errorf("%s by %v: %s", w.Grade, w.Profiles, b.evidence(key))
	}
	b.shop.errors("cart", 0.005)
	b.pass(2 * time.Hour)
	key = b.warmingDeploy("v8", 0.005)
	b.wantEvidence(key, "This service's deploys usually raise errors by 2.5 points for 3 min")
}
