package engine

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/pushback/pushback/internal/store"
	"github.com/pushback/pushback/rules"
	"github.com/pushback/pushback/sources"
	"github.com/pushback/pushback/watch"
)

func staging(e *sources.Event) { e.Environment = "staging" }

// Events that no rule watches leave nothing behind for the planner, and wake no look.
func TestUnwatchedEventsCostNothingAfterIntake(t *testing.T) {
	t.Parallel()
	b := newBench(t, redRule, func(o *Options) { o.Grafana = nil })
	b.turn()
	select {
	case <-b.looks.News():
	default:
	}
	for i := range 100 {
		b.deploy(fmt.Sprint("v", i), staging)
	}
	page, err := b.Store.UnplannedChanges(t.Context(), store.UnplannedPage{}, 1)
	if err != nil || len(page.Changes) != 0 || len(b.looks.News()) != 0 {
		t.Errorf("%d changes wait to be planned, %d looks were woken, %v", len(page.Changes), len(b.looks.News()), err)
	}
	key := b.deploy("watched", nil)
	b.turn()
	if w := b.watch(key); w.State == watch.Waiting || b.looks.Open() != 1 {
		t.Errorf("the watch of a change between them is %s, and %d are open", w.State, b.looks.Open())
	}
}

// An event that comes while the rules folder is broken, before the last good rules are
// restored, is planned by those.
func TestChangesWaitForTheRules(t *testing.T) {
	t.Parallel()
	b := newBench(t, redRule, func(o *Options) { o.Grafana = nil })
	b.rules.mu.Lock()
	b.rules.good, b.rules.since, b.rules.known = &rules.Set{}, time.Time{}, false // as New leaves it
	b.rules.mu.Unlock()
	key := b.deploy("v2", nil)
	b.turn()
	b.planner.WakeUp() // as the sweep does, after it has restored the rules
	b.must(b.rules.restore(t.Context()))
	b.turn()
	b.wantWatch(key, watch.Watching)
}

// A watch whose change was replaced before its first look ends without a question to the
// metric store.
func TestAChangeReplacedWhileItSettlesAsksNothing(t *testing.T) {
	t.Parallel()
	b := newBench(t, redRule, nil)
	v2 := b.deploy("v2", nil)
	b.deploy("v3", nil)
	b.must(b.planner.PlanNew(t.Context()))
	w := b.watch(v2)
	b.shop.fault = errors.New("asked")
	if next := b.looker.look(t.Context(), w); next.State != watch.Superseded {
		t.Errorf("the watch is %s", next.State)
	}
	if faults := b.outages.Faults(); len(faults) > 0 {
		t.Error(faults)
	}
	b.shop.fault = nil
}
