package engine

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/pushback/pushback/internal/crashpoint"
	"github.com/pushback/pushback/internal/pause"
	"github.com/pushback/pushback/internal/replica"
	"github.com/pushback/pushback/internal/store"
	"github.com/pushback/pushback/rollback"
)

const (
	// resendFor is how long an idempotent hook that does not answer is tried.
	resendFor    = 15 * time.Minute
	resendFirst  = 2 * time.Second
	resendAtMost = time.Minute
)

// send calls the hook under a claim that was won, and records the outcome under the same
// claim.
func (x *executor) send(ctx context.Context, o rollback.Order, lease *replica.Lease, claim int64, w rollback.Warrant) error {
	hook := x.Hooks[o.Hook]
	if o.SentAt.IsZero() {
		o.SentAt = x.Now()
	}
	// A stopping engine lets the call finish, because nobody could tell the outcome of a
	// call that was cut off.
	call, cancel := context.WithTimeout(context.WithoutCancel(ctx), hook.Timeout)
	defer cancel()
	x.Log.Info("rolling back", "change", o.Key, "service", o.Change.Service, "hook", o.Hook, "target", o.Target, "claim", claim)
	call = rollback.WithStarted(rollback.WithReplica(call, x.Replica), func(r rollback.Receipt) { x.noteStarted(ctx, o.Key, claim, r) })
	crashpoint.Reach(crashpoint.BeforeSend)
	first := claim == 1
	claim, still, err := x.confirm(call, o, lease, claim)
	if !still || err != nil {
		return err
	}
	if err := x.checkFreeze(first); err != nil {
		return x.conclude(ctx, o, lease, claim, rollback.Receipt{At: x.Now()}, err)
	}
	call, followed := x.progress.Follow(call, o, claim, hook.Timeout)
	x.unsent.Delete(o.Key)
	receipt, err := hook.Do(call, w)
	x.checks.hooks.Note(o.Hook, x.Now(), err)
	crashpoint.Reach(crashpoint.AfterSend)
	err = followed.Saw(err)
	if receipt.At.IsZero() {
		receipt.At = x.Now()
	}
	// A hook that followed a rollout has used its time up; asking again would only follow on.
	if wait := resendAfter(err, claim); hook.Idempotent && !followed.Followed() && unanswered(err) && x.Now().Add(wait).Sub(o.SentAt) < resendFor {
		x.Log.Warn("rollback not answered; asking again under the same key", "change", o.Key, "wait", wait, "error", err)
		if _, err := x.leaseRow(ctx, orderJob, o.Key, wait+hook.Timeout+leaseMargin); err != nil {
			return err
		}
		return later(wait)
	}
	return x.conclude(ctx, o, lease, claim, receipt, err)
}

// confirm asks, right before the call, whether the claim still holds. This process may
// have been stopped since it won the claim: another replica may have the order by now,
// which then records its outcome, or a newer change may have overtaken it.
func (x *executor) confirm(ctx context.Context, o rollback.Order, lease *replica.Lease, claim int64) (next int64, still bool, err error) {
	if lease.Fresh() {
		return claim, true, nil
	}
	if still, err = lease.Still(ctx); err != nil || !still {
		return claim, false, err
	}
	next, still, err = x.Store.ReclaimOrder(ctx, o.Key, claim, x.Now())
	if err != nil || still {
		return next, still, err
	}
	lost := rollback.ErrOutcomeUnknown
	if claim == 1 {
		lost = rollback.ErrNotSent
	}
	return claim, false, x.conclude(ctx, o, lease, claim, rollback.Receipt{At: x.Now()}, fmt.Errorf("a newer change came before the call: %w", lost))
}

// checkFreeze reads the freeze file once more after the claim was won, right before the
// call. An earlier claim may have sent the order already, which a freeze cannot undo:
// its outcome is then unknown.
func (x *executor) checkFreeze(first bool) error {
	frozen, why := x.Frozen()
	switch {
	case !frozen:
		return nil
	case !first:
		return fmt.Errorf("not tried again, because acting is frozen: %s: %w", why, rollback.ErrOutcomeUnknown)
	}
	return fmt.Errorf("acting was frozen at the last moment: %s: %w", why, rollback.ErrNotSent)
}

// noteStarted records what a hook has started while it runs, such as a process group:
// after a kill -9 of this process, nothing else tells what may still be running.
func (x *executor) noteStarted(ctx context.Context, key string, claim int64, r rollback.Receipt) {
	if err := x.Store.NoteReceipt(context.WithoutCancel(ctx), key, claim, r); err != nil {
		x.Log.Warn("cannot record what the hook has started; after a crash nobody can find it", "change", key, "pgid", r.PGID, "error", err)
	}
}

// unanswered reports whether a call had no known effect, or the other side asked to be
// called again later.
func unanswered(err error) bool {
	var after *rollback.RetryAfter
	return errors.Is(err, rollback.ErrNotSent) || errors.Is(err, rollback.ErrOutcomeUnknown) || errors.As(err, &after)
}

// resendAfter is how long to wait for the next attempt. It doubles with every claim, with
// jitter in the upper half, so that many orders do not call a deploy tool at once when
// it comes back. A time that the hook names is respected.
func resendAfter(err error, claim int64) time.Duration {
	var after *rollback.RetryAfter
	if errors.As(err, &after) {
		wait := max(after.After, resendFirst)
		return wait + rand.N(wait/10)
	}
	wait := min(resendFirst<<min(claim-1, 10), resendAtMost)
	return wait/2 + rand.N(wait/2)
}

// resume continues an order that is found in sending: after a crash, under the lease that
// its sender has lost, or for another attempt. A hook is called again if it is idempotent,
// or if it was certainly not called. For any other nobody can tell whether it ran, and
// people are notified of just that.
func (x *executor) resume(ctx context.Context, o rollback.Order, lease *replica.Lease) error {
	hook, known := x.Hooks[o.Hook]
	if deadline := o.SentAt.Add(hook.Timeout + leaseMargin); x.sentWithoutLease(o) && x.Now().Before(deadline) {
		return later(waitEvery)
	}
	unsent, err := x.wasNotSent(ctx, o)
	if err != nil {
		return err
	}
	again := hook.Idempotent || unsent
	if !known || !again || x.Now().Sub(o.SentAt) > resendFor {
		return x.interrupted(ctx, o, lease, hook)
	}
	s, err := x.situation.Of(ctx, o)
	if err != nil {
		return err
	}
	warrant, refusals := rollback.Permit(o, s)
	if len(refusals) > 0 {
		why := fmt.Errorf("not asked again, because %s: %w", refusals[0].Why, rollback.ErrOutcomeUnknown)
		return x.conclude(ctx, o, lease, o.Claim, rollback.Receipt{At: x.Now()}, why)
	}
	claim, won, err := x.Store.ReclaimOrder(ctx, o.Key, o.Claim, x.Now())
	if err != nil {
		return fmt.Errorf("claiming order %s again: %w", o.Key, err)
	}
	if !won {
		return later(waitEvery)
	}
	return x.send(ctx, o, lease, claim, warrant)
}

// wasNotSent reports whether the hook was certainly not called under the order's only
// claim: it is ours, and the database could not tell us so in time.
func (x *executor) wasNotSent(ctx context.Context, o rollback.Order) (bool, error) {
	if _, unsent := x.unsent.Load(o.Key); !unsent || o.Claim != 1 {
		return false, nil
	}
	return x.Store.ClaimedOrder(ctx, o.Key)
}

// sentWithoutLease reports whether a replica of an older version, which leases no orders,
// may still be sending. SQLite belongs to one process.
func (x *executor) sentWithoutLease(o rollback.Order) bool {
	return x.Store.Shared() && !o.SentAt.IsZero() && o.SentBy == ""
}

// interrupted ends an order whose sender is gone and that must not be sent again. A hook
// that can resume looks for the outcome of what it had started.
func (x *executor) interrupted(ctx context.Context, o rollback.Order, lease *replica.Lease, hook Hook) error {
	started := rollback.Receipt{At: x.Now()}
	if o.Receipt != nil {
		started = *o.Receipt
	}
	resumer, can := hook.Hook.(rollback.Resumer)
	if !can || started.Handle == "" {
		why := fmt.Errorf("interrupted while sending: %w", rollback.ErrOutcomeUnknown)
		if by := o.SentBy; by != "" {
			why = fmt.Errorf("replica %s was interrupted while sending: %w", by, rollback.ErrOutcomeUnknown)
		}
		return x.conclude(ctx, o, lease, o.Claim, started, why)
	}
	looking, cancel := context.WithTimeout(ctx, hook.Timeout)
	defer cancel()
	x.Log.Info("looking for the outcome of an interrupted rollback", "change", o.Key, "hook", o.Hook, "started", started.Status)
	looking, followed := x.progress.Follow(looking, o, o.Claim, hook.Timeout)
	receipt, err := resumer.Resume(looking, o.Plan(), started)
	if ctx.Err() != nil {
		return ctx.Err() // the next start looks again
	}
	return x.conclude(ctx, o, lease, o.Claim, receipt, followed.Saw(err))
}

// conclude records the outcome of a call and stores its messages in one transaction.
// Nobody else knows the outcome, so it tries until the database takes it or the engine
// has stopped. Only then does the order become unknown.
//
// See adr/0049.
func (x *executor) conclude(ctx context.Context, o rollback.Order, lease *replica.Lease, claim int64, r rollback.Receipt, sent error) error {
	o.State, o.Why, o.Receipt, o.EndedAt = ending(sent), text(sent), &r, x.Now()
	rows := x.orderMessages(ctx, o)
	result := store.OrderResult{Key: o.Key, Claim: claim, State: o.State, Receipt: r, Why: o.Why, At: o.EndedAt, Messages: rows}
	finished, err := x.Store.FinishOrder(context.WithoutCancel(ctx), result)
	trying, end := outlast(ctx, concludeGrace)
	defer end()
	for err != nil && pause.For(trying, concludeRetry) {
		x.Log.Error("cannot record the outcome of a rollback; trying again", "change", o.Key, "state", o.State, "error", err)
		finished, err = x.Store.FinishOrder(context.WithoutCancel(ctx), result)
	}
	if err != nil {
		return fmt.Errorf("recording the outcome of order %s: %w", o.Key, err)
	}
	if !finished {
		lease.Lost()
		return nil
	}
	x.concluded(ctx, o, rows)
	return nil
}

// concludeRetry is how long conclude waits between two tries, and concludeGrace how long
// it tries while the engine stops: a restart of the database and of Pushback often come
// together. It is less than jobs have to end.
const (
	concludeRetry = 2 * time.Second
	concludeGrace = 6 * time.Second
)

// outlast returns a context that ends d after ctx.
func outlast(ctx context.Context, d time.Duration) (longer context.Context, end func()) {
	longer, cancel := context.WithCancel(context.WithoutCancel(ctx))
	stop := context.AfterFunc(ctx, func() {
		pause.For(longer, d)
		cancel()
	})
	return longer, func() { stop(); cancel() }
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

// text is an error's text, "" for nil.
func text(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}
