package engine

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/pushback/pushback/internal/replica"
	"github.com/pushback/pushback/internal/store"
	"github.com/pushback/pushback/internal/trust"
	"github.com/pushback/pushback/rollback"
)

// verifier checks that what a hook reported as done really happened.
type verifier struct {
	*core
	trust *trust.Keeper
}

const (
	// verifyEvery is how often the hook is asked whether the target runs.
	verifyEvery = 10 * time.Second
	// verifyFor is how long after the receipt the target may take to run.
	verifyFor = 5 * time.Minute
	// verifyLate is how old a receipt may be when a start finds it unverified. It is
	// longer than verifyFor, so that our own outage does not skip the verification.
	verifyLate = time.Hour
)

// ensureVerifications makes a job for every receipt that is not verified yet.
func (r *verifier) ensureVerifications(ctx context.Context) error {
	orders, err := r.Store.UnverifiedOrders(ctx, r.Now().Add(-verifyLate))
	if err != nil {
		return fmt.Errorf("reading unverified orders: %w", err)
	}
	for _, o := range orders {
		r.enqueueVerification(o)
	}
	return nil
}

func (r *verifier) enqueueVerification(o rollback.Order) {
	if _, can := r.Hooks[o.Hook].Hook.(rollback.Verifier); can {
		r.ensure(verifyJob, o.Key)
	}
}

// verify checks whether what a hook reported as done has happened. A receipt is only the
// hook's own word. Where the target does not run, everybody who read that it was rolled
// back is notified.
func (r *verifier) verify(ctx context.Context, key string) error {
	lease, err := r.leaseRow(ctx, verifyJob, key, preflightFor+verifyEvery+leaseMargin)
	if err != nil {
		return err
	}
	if lease == nil {
		return later(verifyEvery)
	}
	o, err := r.Store.Order(ctx, key)
	if err != nil {
		return fmt.Errorf("reading order %s: %w", key, err)
	}
	hook, can := r.Hooks[o.Hook].Hook.(rollback.Verifier)
	if !can || o.State != rollback.Done || o.Verification != nil {
		return nil
	}
	v, over, err := r.verifyOnce(ctx, hook, o)
	if err != nil {
		return err
	}
	if !over {
		return later(verifyEvery)
	}
	return r.record(ctx, lease, o, v)
}

// verifyOnce asks the hook once. It is over when the target runs, or when asking again
// cannot help.
func (r *verifier) verifyOnce(ctx context.Context, hook rollback.Verifier, o rollback.Order) (v rollback.Verification, over bool, err error) {
	c, err := r.Store.Change(ctx, o.Key)
	if err != nil {
		return v, false, fmt.Errorf("reading the change of order %s: %w", o.Key, err)
	}
	v.At = r.Now()
	if overtaken, err := r.situation.Overtaken(ctx, c); overtaken || err != nil {
		v.State = rollback.Overtaken
		return v, true, err
	}
	look, cancel := context.WithTimeout(ctx, preflightFor)
	defer cancel()
	seen, err := hook.Verify(look, o.Plan())
	var unverifiable *rollback.UnverifiableError
	switch {
	case errors.As(err, &unverifiable):
		v.State, v.Why = rollback.CannotVerify, unverifiable.Why
		return v, true, nil
	case err != nil:
		v.Why = rollback.Output(err.Error())
	default:
		v.Found = seen
	}
	if err == nil && seen.TargetRuns {
		v.State = rollback.TargetRunning
		return v, true, nil
	}
	v.State = rollback.TargetNotRunning
	return v, r.Now().Sub(o.EndedAt) >= verifyFor, nil
}

// record stores the verification, and the messages where the target does not run, in one
// transaction.
func (r *verifier) record(ctx context.Context, lease *replica.Lease, o rollback.Order, v rollback.Verification) error {
	var rows []store.Outgoing
	if v.State == rollback.TargetNotRunning {
		rows = store.OrderMessages(o, "unseen", recordedOf(ctx, r.trust, o, r.text.NotRunning(o, v, verifyFor, r.Now())), r.Now())
	}
	stored, err := r.Store.VerifyOrder(context.WithoutCancel(ctx), o.Key, v, rows...)
	if err != nil {
		return fmt.Errorf("recording the verification of order %s: %w", o.Key, err)
	}
	if !stored {
		lease.Lost()
		return nil
	}
	r.Telemetry.verified(v.State)
	r.Log.Info("rollback verified", "change", o.Key, "hook", o.Hook, "target", o.Target, "verification", v.String())
	r.deliver(ctx, rows)
	r.listeners.publish(o.Key)
	return nil
}
