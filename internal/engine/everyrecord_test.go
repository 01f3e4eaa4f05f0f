package engine

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

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
