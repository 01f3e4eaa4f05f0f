package engine

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/pushback/pushback/detector"
	"github.com/pushback/pushback/rollback"
	"github.com/pushback/pushback/sources"
	"github.com/pushback/pushback/watch"
)

// patientRule looks on for half an hour, so that what an order waits for may be over before.
var patientRule = strings.Replace(redRule, "bake: 5m", "bake: 30m", 1)

// What people are asked they may approve: the evidence was in the question.
func TestLikelyRollbackIsApproved(t *testing.T) {
	t.Parallel()
	b := newBench(t, askingRule, nil)
	key := b.tell("v2", sources.Succeeded, nil)
	b.shop.errors("cart", 0.5)
	b.until("a question", b.ordered(key, rollback.Proposed))
	if grade := b.watch(key).Grade; grade != detector.Likely {
		t.Errorf("asked at %s", grade)
	}
	b.wantMessage("pager", "Against it: the evidence is likely, and only certain evidence acts by itself. To roll back to v1", "pushback approve "+key)
	b.must(b.Approve(t.Context(), key, "ada", ""))
	b.until("a rollback", b.ordered(key, rollback.Done))
	b.wantCalls(1)
}

// waiting ships a bad version whose automatic rollback waits for the end of its rollout.
func waiting(t *testing.T) (b *bench, key string) {
	t.Helper()
	b = newBench(t, patientRule, nil)
	key = b.rollingBad()
	b.wantMessage("pager", "waits until the rollout of v2 ends")
	return b, key
}

// A rollback that waits acts on what is and not on what was: it does nothing while the harm is gone, and goes on if it
// comes back.
func TestWaitingRollbackNeedsHarm(t *testing.T) {
	t.Parallel()
	b, key := waiting(t)
	b.shop.errors("cart", 0.005)
	b.pass(10 * time.Minute)
	b.tell("v2", sources.Succeeded, nil)
	b.pass(2 * time.Minute)
	b.wantCalls(0)
	b.wantState(key, rollback.Decided)
	b.wantMessage("pager", "waits until the harm is seen again and until the rollout", "by the newest look the change is inconclusive", "To stop it: pushback reject "+key)
	b.shop.errors("cart", 0.5)
	b.until("a rollback", b.ordered(key, rollback.Done))
	b.wantCalls(1)
}

// While nobody can see, a rollback that waits does nothing by itself.
func TestWaitingRollbackNeedsSight(t *testing.T) {
	t.Parallel()
	b, key := waiting(t)
	b.shop.fault = errDown
	b.pass(3 * time.Minute)
	b.tell("v2", sources.Succeeded, nil)
	b.pass(2 * time.Minute)
	b.wantCalls(0)
	b.wantMessage("pager", "waits until the harm is seen again and until the rollout", "the metric store cannot be read")
	b.shop.fault = nil
	b.until("a rollback", b.ordered(key, rollback.Done))
}

// What was last seen long ago does not act by itself: a person is asked, and may approve.
func TestOldEvidenceIsPutToPeople(t *testing.T) {
	t.Parallel()
	b := newBench(t, redRule, nil) // its bake is over after five minutes
	key := b.heldUpBad()
	b.pass(30 * time.Minute)
	b.tell("v3", sources.Failed, nil)
	b.until("a question", b.ordered(key, rollback.Proposed))
	b.wantMessage("pager", "waits for a person", "it was last seen to be bad at 10:05 UTC, and nothing has been looked at since")
	b.must(b.Approve(t.Context(), key, "ada", ""))
	b.until("a rollback", b.ordered(key, rollback.Done))
}

// A call that is repeated after a lost answer may itself have ended the harm: the guards do not take that against it.
func TestCallIsRepeatedAfterItHelped(t *testing.T) {
	t.Parallel()
	b := newBench(t, patientRule, idempotent)
	b.hook.do = func(call int) error {
		b.shop.errors("cart", 0.005)
		if call == 1 {
			return &rollback.RetryAfter{After: 4 * time.Minute, Err: errors.New("503")}
		}
		return nil
	}
	key := b.bad("v2", nil)
	b.until("a call", func() bool { return len(b.hook.calls) == 1 })
	b.until("the end of the order", b.over(key))
	b.wantState(key, rollback.Done)
	b.wantCalls(2)
}

// Where the watch ended without seeing, nobody looks again: a person is asked at once.
func TestEndedWatchAsksAtOnce(t *testing.T) {
	t.Parallel()
	b := newBench(t, redRule, nil)
	key := b.heldUpBad()
	b.shop.fault = errDown
	b.until("the end of the watch", func() bool { return b.watch(key).State == watch.Blind })
	b.tell("v3", sources.Failed, nil)
	b.pass(10 * time.Second)
	b.wantState(key, rollback.Proposed)
	b.wantMessage("pager", "waits for a person", "nobody looks at it any more, and the metric store cannot be read")
}
