package engine

import (
	"bytes"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/pushback/pushback/rollback"
	"github.com/pushback/pushback/watch"
)

// idempotent declares that the hook may be asked again under the same key.
func idempotent(o *Options) {
	h := o.Hooks["deployer"]
	h.Idempotent = true
	o.Hooks["deployer"] = h
}

// The verdict is committed with its order, and the process dies before a job
// was made of it.
func TestCrashBetweenVerdictAndHook(t *testing.T) {
	t.Parallel()
	b := newBench(t, redRule, nil)
	key := b.bad("v2", nil)
	b.decided(key)
	b.restart()
	b.pass(10 * time.Second)
	b.wantState(key, rollback.Done)
	b.restart()
	b.pass(time.Minute)
	b.wantCalls(1)
	b.wantMessage("pager", "rolling back to v1")
	b.wantMessage("pager", "rolled back to v1 ")
}

// The process dies while a hook runs that must not run twice: the outcome is unknown.
func TestCrashWhileSending(t *testing.T) {
	t.Parallel()
	b := newBench(t, redRule, nil)
	b.hook.do = func(int) error { return errCrash }
	key := b.bad("v2", nil)
	b.until("a call", func() bool { return len(b.hook.calls) == 1 })
	b.wantState(key, rollback.Sending)
	b.restart()
	b.pass(time.Minute)
	b.wantState(key, rollback.Unknown)
	b.wantMessage("pager", "OUTCOME UNKNOWN", "critical")
	b.restart()
	b.pass(time.Minute)
	b.wantCalls(1)
}

// A hook that may run twice is called again, with the same key and the same body.
func TestCrashWhileSendingIdempotent(t *testing.T) {
	t.Parallel()
	b := newBench(t, redRule, idempotent)
	b.hook.do = func(call int) error {
		if call == 1 {
			return errCrash
		}
		return nil
	}
	key := b.bad("v2", nil)
	b.until("a call", func() bool { return len(b.hook.calls) == 1 })
	b.clock.add(10 * time.Second)
	b.restart()
	b.pass(time.Minute)
	b.wantState(key, rollback.Done)
	b.wantCalls(2)
	first, again := b.hook.calls[0], b.hook.calls[1]
	if first.Key() != again.Key() || !bytes.Equal(first.Body(), again.Body()) {
		t.Errorf("asked again with another key or body:\n%s\n%s", first.Body(), again.Body())
	}
	b.wantMessage("pager", "rolled back to v1 ")
}

// What each answer of a hook leads to.
func TestHookAnswers(t *testing.T) {
	t.Parallel()
	refused := errors.New("exit 3")
	lost := fmt.Errorf("reading the answer: %w", rollback.ErrOutcomeUnknown)
	away := fmt.Errorf("dialling: %w", rollback.ErrNotSent)
	busy := &rollback.RetryAfter{After: 20 * time.Second, Err: errors.New("503")}
	f := func(name string, change func(*Options), answers []error, want rollback.State, calls int, says string) {
		t.Run(name, func(t *testing.T) {
			b := newBench(t, redRule, change)
			b.hook.do = func(call int) error { return answers[min(call, len(answers))-1] }
			key := b.bad("v2", nil)
			b.until("the end of the order", b.over(key))
			b.wantState(key, want)
			b.wantCalls(calls)
			b.wantMessage("pager", says)
		})
	}
	f("fails", nil, []error{refused}, rollback.Failed, 1, "rollback to v1 FAILED")
	f("fails, idempotent", idempotent, []error{refused}, rollback.Failed, 1, "rollback to v1 FAILED")
	f("no answer", nil, []error{lost}, rollback.Unknown, 1, "OUTCOME UNKNOWN")
	f("not reached", nil, []error{away}, rollback.Failed, 1, "FAILED")
	f("busy", nil, []error{busy}, rollback.Failed, 1, "FAILED")
	f("no answer, then one", idempotent, []error{lost, away, nil}, rollback.Done, 3, "rolled back to v1 ")
	f("busy, then not", idempotent, []error{busy, nil}, rollback.Done, 2, "rolled back to v1 ")
}

// An idempotent hook that never answers is given up in the end. A newer change or a freeze
// stops the attempts.
func TestAskingAgainEnds(t *testing.T) {
	t.Parallel()
	lost := fmt.Errorf("reading the answer: %w", rollback.ErrOutcomeUnknown)
	f := func(name string, meanwhile func(b *bench), atMost int) {
		t.Run(name, func(t *testing.T) {
			b := newBench(t, redRule, idempotent)
			b.hook.do = func(int) error { return lost }
			key := b.bad("v2", nil)
			b.until("a call", func() bool { return len(b.hook.calls) == 1 })
			meanwhile(b)
			b.until("the end of the order", b.over(key))
			b.wantState(key, rollback.Unknown)
			if got := len(b.hook.calls); got > atMost {
				t.Errorf("the hook was asked %d times, want at most %d", got, atMost)
			}
		})
	}
	f("never answers", func(*bench) {}, 30)
	f("a newer change succeeds", func(b *bench) { b.deploy("v3", nil); b.shop.errors("cart", 0.005) }, 1)
}

// A watch goes on after a crash where it was.
func TestWatchGoesOnAfterACrash(t *testing.T) {
	t.Parallel()
	b := newBench(t, redRule, nil)
	key := b.deploy("v2", nil)
	b.pass(5 * time.Minute)
	b.restart()
	b.pass(6 * time.Minute)
	b.wantWatch(key, watch.Healthy)

	unplanned := b.bad("v3", nil)
	b.restart()
	b.until("a rollback of what was never planned", b.ordered(unplanned, rollback.Done))
}
