package engine

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/pushback/pushback/internal/crashpoint"
	"github.com/pushback/pushback/rollback"
)

const (
	// resendFor is how long an idempotent hook that does not answer is asked.
	resendFor    = 15 * time.Minute
	resendFirst  = 2 * time.Second
	resendAtMost = time.Minute
	// sendGrace is what a send may take beyond its hook's time-out before it
	// is taken for dead.
	sendGrace = 10 * time.Second
)

// send calls the hook under a claim that was won, and writes down what came
// of it under the same claim.
func (e *Engine) send(ctx context.Context, o rollback.Order, claim int64, w rollback.Warrant) error {
	hook := e.Hooks[o.Hook]
	if o.SentAt.IsZero() {
		o.SentAt = e.Now()
	}
	if err := e.brake(claim); err != nil {
		return e.conclude(ctx, o, claim, rollback.Receipt{At: e.Now()}, err)
	}
	// A stopping engine lets the call finish: cut off half-way, nobody could
	// tell how it went.
	call, cancel := context.WithTimeout(context.WithoutCancel(ctx), hook.Timeout)
	defer cancel()
	e.Log.Info("rolling back", "change", o.Key, "service", o.Change.Service, "hook", o.Hook, "target", o.Target, "claim", claim)
	call = rollback.WithStarted(call, func(r rollback.Receipt) { e.noteStarted(ctx, o.Key, claim, r) })
	crashpoint.Reach(crashpoint.BeforeSend)
	receipt, err := hook.Do(call, w)
	crashpoint.Reach(crashpoint.AfterSend)
	if receipt.At.IsZero() {
		receipt.At = e.Now()
	}
	if wait := resendAfter(err, claim); hook.Idempotent && unanswered(err) && e.Now().Add(wait).Sub(o.SentAt) < resendFor {
		e.Log.Warn("rollback not answered; asking again under the same key", "change", o.Key, "wait", wait, "error", err)
		return later(wait)
	}
	return e.conclude(ctx, o, claim, receipt, err)
}

// brake looks at the freeze file once more, with the claim won and nothing but
// the call left to do. What a claim before this one may have sent, it cannot
// call back.
func (e *Engine) brake(claim int64) error {
	frozen, why := e.Frozen()
	switch {
	case !frozen:
		return nil
	case claim > 1:
		return fmt.Errorf("not asked again, because acting is frozen: %s: %w", why, rollback.ErrOutcomeUnknown)
	}
	return fmt.Errorf("acting was frozen at the last moment: %s: %w", why, rollback.ErrNotSent)
}

// noteStarted writes down a command's process group while it runs: the only
// trace of what may still run after a kill -9 of this process.
func (e *Engine) noteStarted(ctx context.Context, key string, claim int64, r rollback.Receipt) {
	if err := e.Store.NoteReceipt(context.WithoutCancel(ctx), key, claim, r); err != nil {
		e.Log.Warn("process group not written down", "change", key, "pgid", r.PGID, "error", err)
	}
}

// unanswered says whether a call came to nothing that anybody knows of, or the
// answerer itself asked for another.
func unanswered(err error) bool {
	var after *rollback.RetryAfter
	return errors.Is(err, rollback.ErrNotSent) || errors.Is(err, rollback.ErrOutcomeUnknown) || errors.As(err, &after)
}

// resendAfter doubles with every claim, and lies anywhere in the upper half of
// that, so that many orders whose deploy tool came back do not all call at
// once. A hook that names a time is not called before it.
func resendAfter(err error, claim int64) time.Duration {
	var after *rollback.RetryAfter
	if errors.As(err, &after) {
		wait := max(after.After, resendFirst)
		return wait + rand.N(wait/10)
	}
	wait := min(resendFirst<<min(claim-1, 10), resendAtMost)
	return wait/2 + rand.N(wait/2)
}

// resume takes up an order found in sending: a crash, or a hook to be asked
// again. Only an idempotent hook is; of any other nobody can tell whether it
// ran, and people are told just that.
func (e *Engine) resume(ctx context.Context, o rollback.Order) error {
	hook, known := e.Hooks[o.Hook]
	if deadline := o.SentAt.Add(hook.Timeout + sendGrace); e.foreign(o) && e.Now().Before(deadline) {
		return later(waitEvery)
	}
	if !known || !hook.Idempotent || e.Now().Sub(o.SentAt) > resendFor {
		return e.interrupted(ctx, o, hook)
	}
	s, err := e.situation(ctx, o)
	if err != nil {
		return err
	}
	warrant, refusals := rollback.Permit(o, s)
	if len(refusals) > 0 {
		why := fmt.Errorf("not asked again, because %s: %w", refusals[0].Why, rollback.ErrOutcomeUnknown)
		return e.conclude(ctx, o, o.Claim, rollback.Receipt{At: e.Now()}, why)
	}
	claim, won, err := e.Store.ReclaimOrder(ctx, o.Key, o.Claim, e.Now())
	if err != nil {
		return fmt.Errorf("claiming order %s again: %w", o.Key, err)
	}
	if !won {
		return later(waitEvery)
	}
	return e.send(ctx, o, claim, warrant)
}

// interrupted ends an order whose sender is gone and that may not be sent
// again. A hook that had told what it set going may still find its end; of any
// other, what it told stays in the record.
func (e *Engine) interrupted(ctx context.Context, o rollback.Order, hook Hook) error {
	started := rollback.Receipt{At: e.Now()}
	if o.Receipt != nil {
		started = *o.Receipt
	}
	resumer, can := hook.Hook.(rollback.Resumer)
	if !can || started.Handle == "" {
		why := fmt.Errorf("interrupted while sending: %w", rollback.ErrOutcomeUnknown)
		return e.conclude(ctx, o, o.Claim, started, why)
	}
	looking, cancel := context.WithTimeout(ctx, hook.Timeout)
	defer cancel()
	e.Log.Info("looking for the end of a rollback that was interrupted", "change", o.Key, "hook", o.Hook, "started", started.Status)
	receipt, err := resumer.Resume(looking, o.Plan(), started)
	if ctx.Err() != nil {
		return ctx.Err() // we stop, and the next start looks again
	}
	return e.conclude(ctx, o, o.Claim, receipt, err)
}

// foreign says whether another process may still be sending. SQLite belongs
// to one process, which is not sending this order now, so on it nobody is.
func (e *Engine) foreign(o rollback.Order) bool {
	return e.Store.Shared() && !o.SentAt.IsZero()
}

// conclude writes down how a send ended, with the messages that say so, in
// one transaction. Nobody else knows how it ended: where the disk is full, it
// tries until there is room again or the engine stops, and only then does the
// order become unknown.
func (e *Engine) conclude(ctx context.Context, o rollback.Order, claim int64, r rollback.Receipt, sent error) error {
	o.State, o.Why, o.Receipt, o.EndedAt = ending(sent), text(sent), &r, e.Now()
	told := e.orderMessages(o)
	finished, err := e.Store.FinishOrder(context.WithoutCancel(ctx), o.Key, claim, o.State, r, o.Why, o.EndedAt, told...)
	for err != nil && sleep(ctx, concludeRetry) {
		e.Log.Error("outcome of a rollback not written down yet", "change", o.Key, "state", o.State, "error", err)
		finished, err = e.Store.FinishOrder(context.WithoutCancel(ctx), o.Key, claim, o.State, r, o.Why, o.EndedAt, told...)
	}
	if err != nil {
		return fmt.Errorf("writing down how order %s ended: %w", o.Key, err)
	}
	if finished {
		e.concluded(ctx, o, told)
	}
	return nil
}

// concludeRetry is how often that is tried.
const concludeRetry = 2 * time.Second

// sleep waits; false where ctx ended first.
func sleep(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-t.C:
		return true
	}
}

// ending is the state that a hook's answer leads to.
func ending(err error) rollback.State {
	switch {
	case err == nil:
		return rollback.Done
	case errors.Is(err, rollback.ErrOutcomeUnknown):
		return rollback.Unknown
	}
	return rollback.Failed
}
