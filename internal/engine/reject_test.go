package engine

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/pushback/pushback/detector"
	"github.com/pushback/pushback/internal/store"
	"github.com/pushback/pushback/rollback"
	"github.com/pushback/pushback/sources"
)

// A person stops an automatic rollback that waits, and it stays stopped when what it waited for is over.
func TestRejectStopsAWaitingRollback(t *testing.T) {
	t.Parallel()
	b := newBench(t, redRule, nil)
	key := b.heldUpBad()
	b.pass(time.Minute)
	b.wantMessage("pager", "rollback to v1 waits", "To stop it: pushback reject "+key)
	b.must(b.Reject(t.Context(), key, "ada", "the load test"))
	b.wantState(key, rollback.Cancelled)
	b.tell("v3", sources.Failed, nil)
	b.pass(10 * time.Minute)
	b.wantCalls(0)
	b.wantState(key, rollback.Cancelled)
	b.wantMessage("pager", "rollback to v1 cancelled by ada", "the load test")
	if s := b.standing("cart"); s.Record.FalseAlarms != 1 {
		t.Errorf("the record: %+v", s.Record)
	}
	if err := b.Approve(t.Context(), key, "ada", ""); err == nil {
		t.Error("what was rejected can be approved")
	}
}

// What a person stops without a reason does not wait any more, on any page.
func TestRejectWithoutAReason(t *testing.T) {
	t.Parallel()
	b := newBench(t, redRule, nil)
	key := b.heldUpBad()
	b.pass(time.Minute)
	b.must(b.Reject(t.Context(), key, "ada", ""))
	o, err := b.Store.Order(t.Context(), key)
	if b.must(err); !strings.HasPrefix(o.Why, "stopped while it waited: a newer change is rolling out") {
		t.Errorf("%q", o.Why)
	}
	b.pass(time.Minute)
	b.wantMessage("pager", "rollback to v1 cancelled by ada", "Why: stopped while it waited: a newer change")
}

// What was sent cannot be rejected any more.
func TestRejectComesTooLate(t *testing.T) {
	t.Parallel()
	b := newBench(t, redRule, nil)
	var while error
	b.hook.follow = func(context.Context) error {
		while = b.Reject(t.Context(), b.hook.calls[0].Key(), "ada", "")
		return nil
	}
	key := b.bad("v2", nil)
	b.until("a rollback", b.ordered(key, rollback.Done))
	if while == nil || !strings.Contains(while.Error(), "is sending") {
		t.Errorf("while the hook was called: %v", while)
	}
	if err := b.Reject(t.Context(), key, "ada", ""); err == nil || !strings.Contains(err.Error(), "is done") {
		t.Errorf("afterwards: %v", err)
	}
}

// A rule that was likely for a while and then was not can still be called wrong: it told people.
func TestFalseAlarmOfATransient(t *testing.T) {
	t.Parallel()
	b := newBench(t, redRule, beginsAtObserve)
	key := b.bad("v2", nil)
	b.until("an alarm", func() bool { return b.begun(key) && b.watch(key).Fired() })
	w := b.watch(key)
	next := w
	next.Grade = detector.None // as a transient verdict leaves it
	moved, _, _, err := b.Store.MoveWatch(t.Context(), w, next, store.Effects{})
	if b.must(err); !moved {
		t.Fatal("the watch was not stored")
	}
	if err := b.RuleTrust().Missed(t.Context(), key, "", "ada", ""); err == nil {
		t.Error("a rule that fired has missed something")
	}
	b.must(b.RuleTrust().FalseAlarm(t.Context(), key, "", "ada", ""))
	if s := b.standing("cart"); s.Record.FalseAlarms != 1 {
		t.Errorf("the record: %+v", s.Record)
	}
}
