package engine

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/pushback/pushback/internal/store"
	"github.com/pushback/pushback/notify"
	"github.com/pushback/pushback/rollback"
)

const (
	// verifyEvery is how often we look whether the target runs.
	verifyEvery = 10 * time.Second
	// verifyFor is how long after a receipt the target may take to be seen.
	verifyFor = 5 * time.Minute
	// verifyLate is how old a receipt may be when a start finds that nobody
	// has looked: an outage of ours is no reason to never say.
	verifyLate = time.Hour
)

// insertVerifications takes up what a crash has left unlooked at.
func (e *Engine) insertVerifications(ctx context.Context) error {
	orders, err := e.Store.UnverifiedOrders(ctx, e.Now().Add(-verifyLate))
	if err != nil {
		return fmt.Errorf("reading what is not verified: %w", err)
	}
	for _, o := range orders {
		e.enqueueVerification(ctx, o)
	}
	return nil
}

func (e *Engine) enqueueVerification(ctx context.Context, o rollback.Order) {
	if _, can := e.Hooks[o.Hook].Hook.(rollback.Verifier); can {
		e.enqueue(ctx, verifyJob{Key: o.Key, Boot: e.boot})
	}
}

// verify looks whether what a hook calls done has happened. A receipt is the
// hook's own word; that a version did not change is told to everybody who
// heard that it had.
func (e *Engine) verify(ctx context.Context, key string) error {
	o, err := e.Store.Order(ctx, key)
	if err != nil {
		return fmt.Errorf("reading order %s: %w", key, err)
	}
	hook, can := e.Hooks[o.Hook].Hook.(rollback.Verifier)
	if !can || o.State != rollback.Done || o.Verification != nil {
		return nil
	}
	v, over, err := e.sight(ctx, hook, o)
	if err != nil {
		return err
	}
	if !over {
		return later(verifyEvery)
	}
	return e.verified(ctx, o, v)
}

// sight looks once. It is over when the target was seen, or never will be.
func (e *Engine) sight(ctx context.Context, hook rollback.Verifier, o rollback.Order) (v rollback.Verification, over bool, err error) {
	c, err := e.Store.Change(ctx, o.Key)
	if err != nil {
		return v, false, fmt.Errorf("reading the change of order %s: %w", o.Key, err)
	}
	v.At = e.Now()
	if overtaken, err := e.overtaken(ctx, c); overtaken || err != nil {
		v.State = rollback.Overtaken
		return v, true, err
	}
	look, cancel := context.WithTimeout(ctx, preflightFor)
	defer cancel()
	seen, err := hook.Verify(look, o.Plan())
	var unverifiable *rollback.Unverifiable
	switch {
	case errors.As(err, &unverifiable):
		v.State, v.Why = rollback.Unseeable, unverifiable.Why
		return v, true, nil
	case err != nil:
		v.Why = rollback.Output(err.Error())
	default:
		v.Sighting = seen
	}
	if err == nil && seen.Settled {
		v.State = rollback.Seen
		return v, true, nil
	}
	v.State = rollback.Unseen
	return v, e.Now().Sub(o.EndedAt) >= verifyFor, nil
}

// verified writes down how looking ended, with the message where it is bad
// news, in one transaction.
func (e *Engine) verified(ctx context.Context, o rollback.Order, v rollback.Verification) error {
	var told []store.Outgoing
	if v.State == rollback.Unseen {
		told = e.unseenMessages(o, v)
	}
	stored, err := e.Store.VerifyOrder(context.WithoutCancel(ctx), o.Key, v, told...)
	if err != nil {
		return fmt.Errorf("writing down what was seen of order %s: %w", o.Key, err)
	}
	if !stored {
		return nil
	}
	e.Telemetry.verified(v.State)
	e.Log.Info("rollback verified", "change", o.Key, "hook", o.Hook, "target", o.Target, "verification", v.String())
	for _, m := range told {
		e.enqueue(ctx, messageJob{ID: m.ID, Boot: e.boot})
	}
	e.listeners.tell(o.Key)
	return nil
}

// unseenMessages say that a receipt and the world disagree.
func (e *Engine) unseenMessages(o rollback.Order, v rollback.Verification) []store.Outgoing {
	m := notify.Message{
		Key: matter(o.Key, o.Rule), Kind: "order", Severity: notify.Critical,
		Title:  fmt.Sprintf("%s %s: hook %s said done, but %s is not what runs", o.Change.Service, o.Change.Version, o.Hook, o.Target),
		Action: fmt.Sprintf("%s after the receipt %s is %s. Look at what is live; Pushback does nothing more.", verifyFor, o.Target, v),
		Link:   e.link(o.Key), At: e.Now(),
		Fields: append(fields(o.Change, o.Rule),
			notify.Field{Name: "hook", Value: o.Hook}, notify.Field{Name: "target", Value: o.Target}),
	}
	return e.outgoing("order/"+o.Key+"/unseen", o.Key, o.Tell, m)
}
