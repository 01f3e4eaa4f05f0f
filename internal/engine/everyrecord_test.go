package engine

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/pushback/pushback/detector"
	"github.com/pushback/pushback/internal/store"
	"github.com/pushback/pushback/notify"
	"github.com/pushback/pushback/rollback"
	"github.com/pushback/pushback/sources"
	"github.com/pushback/pushback/watch"
)

// fired40 gives the rule of a watch a record: it fired 40 times, and was wrong twice.
func (b *bench) fired40(w watch.Watch) {
	b.t.Helper()
	for i := range 40 {
		b.must(b.Store.PutOutcome(b.t.Context(), store.Outcome{
			WatchID: fmt.Sprint("w", i), ChangeKey: "k", Rule: w.Rule, RuleHash: w.RuleHash, Service: "cart", EndedAt: b.clock.Now(), Fired: true, FalseAlarm: i < 2,
		}))
	}
}

// Every message of a rule says how often the rule was wrong, whatever becomes of the change.
func TestEveryMessageHasTheRecord(t *testing.T) {
	t.Parallel()
	f := func(name string, change func(*Options), goes func(b *bench, key string), titles ...string) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t, redRule, change)
			b.fired40(b.watch(b.good("v1.1")))
			b.box.got = nil
			goes(b, b.bad("v2", nil))
			var all []notify.Message
			for _, receiver := range []string{"pager", "chat", "platform"} {
				all = append(all, b.box.got[receiver]...)
			}
			for _, m := range all {
				if record := m.Field(notify.RecordField); m.Field("rule") == "red" && !strings.HasPrefix(record, "wrong 2 of 4") {
					t.Errorf("%s: %q", m.Title, record)
				}
			}
			for _, title := range titles {
				if !slices.ContainsFunc(all, func(m notify.Message) bool { return strings.Contains(m.Title, title) }) {
					t.Errorf("no message %q", title)
				}
			}
		})
	}
	f("rolled back, and well again", nil, func(b *bench, key string) {
		b.until("a rollback", b.ordered(key, rollback.Done))
		b.pass(15 * time.Minute)
	}, "regressed, certain", "rolling back to v1", "rolled back to v1", "well again since v2 was rolled back")
	f("the rollback does not help", nil, func(b *bench, key string) {
		b.hook.works = nil
		b.until("a rollback", b.ordered(key, rollback.Done))
		b.pass(10 * time.Minute)
	}, "did not help")
	f("nobody can tell whether it helped", nil, func(b *bench, key string) {
		b.until("a rollback", b.ordered(key, rollback.Done))
		b.pass(time.Minute)
		b.shop.fault = errDown
		b.pass(10 * time.Minute)
	}, "cannot tell whether the rollback of v2 helped")
	f("it waits", nil, func(b *bench, key string) {
		b.decided(key)
		b.tell("v3", sources.Started, nil)
		b.pass(time.Minute)
	}, "rollback to v1 waits while a newer change rolls out")
	f("a slow rollout", nil, func(b *bench, key string) {
		b.hook.follow = func(ctx context.Context) error {
			for range 4 {
				rollback.ReportProgress(ctx, "1 of 3 replicas updated")
				b.clock.add(20 * time.Second)
			}
			return nil
		}
		b.until("the end of the order", b.over(key))
		b.pass(time.Minute)
	}, "rolling back to v1, 1 of 3 replicas updated")
	f("the receipt lies", func(o *Options) {
		h := o.Hooks["deployer"]
		h.Hook = &verifyingHook{hook: h.Hook.(*hook), running: runs("v2")}
		o.Hooks["deployer"] = h
	}, func(b *bench, key string) {
		b.until("the end of looking", b.verifiedAs(key, rollback.TargetNotRunning))
		b.pass(time.Minute)
	}, "v1 is not what runs")
}

// A person stops an automatic rollback that waits, and it stays stopped when what it waited for is over.
func TestRejectStopsAWaitingRollback(t *testing.T) {
	t.Parallel()
	b := newBench(t, redRule, nil)
	key := b.bad("v2", nil)
	b.decided(key)
	b.tell("v3", sources.Started, nil)
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
