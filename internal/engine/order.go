package engine

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/pushback/pushback/internal/store"
	"github.com/pushback/pushback/rollback"
)

// waitEvery is how often an order that must wait is looked at: a thaw, an
// expiry or a failed successor is noticed this soon.
const waitEvery = 5 * time.Second

// carryOut takes an order as far as it can go now. It runs in a job, possibly
// in two at once: whatever it does, it first wins by compare-and-swap.
func (e *Engine) carryOut(ctx context.Context, key string) error {
	if _, busy := e.sending.LoadOrStore(key, nil); busy {
		return later(waitEvery)
	}
	defer e.sending.Delete(key)
	o, err := e.Store.Order(ctx, key)
	if err != nil {
		return fmt.Errorf("reading order %s: %w", key, err)
	}
	switch o.State {
	case rollback.Proposed:
		return e.await(ctx, o)
	case rollback.Approved:
		return e.decide(ctx, o)
	case rollback.Decided:
		return e.permit(ctx, o)
	case rollback.Sending:
		return e.resume(ctx, o)
	}
	return nil
}

// await leaves a proposed order to people until it expires.
func (e *Engine) await(ctx context.Context, o rollback.Order) error {
	if e.Now().Before(o.ExpiresAt) {
		return later(waitEvery)
	}
	return e.endOrder(ctx, o, rollback.Expired, "nobody approved in time")
}

// decide turns an approval into a decision. The two are separate states so
// that who approved stands in the record before anything follows from it.
func (e *Engine) decide(ctx context.Context, o rollback.Order) error {
	moved, err := e.Store.MoveOrder(ctx, o.Key, []rollback.State{rollback.Approved}, rollback.Decided, o.Actor, o.Why, e.Now())
	if err != nil {
		return fmt.Errorf("deciding order %s: %w", o.Key, err)
	}
	if moved {
		e.Telemetry.order(rollback.Decided)
	}
	return later(0)
}

// permit asks every guard with fresh facts, claims the order and sends it.
// Guards are asked at the effect and not when the order was made: a freeze, a
// newer change or an expiry in between must win.
func (e *Engine) permit(ctx context.Context, o rollback.Order) error {
	s, warrant, refusals, err := e.ask(ctx, o)
	if err != nil {
		return err
	}
	if err := e.noteGuards(ctx, o, s, warrant, refusals); err != nil {
		return err
	}
	if len(refusals) > 0 {
		return e.refuse(ctx, o, refusals)
	}
	claim, won, err := e.Store.ClaimOrder(ctx, o.Key, o.Epoch, e.Now())
	if err != nil {
		return fmt.Errorf("claiming order %s: %w", o.Key, err)
	}
	if !won {
		return later(waitEvery) // superseded, suspended or claimed elsewhere: its row knows
	}
	e.Telemetry.order(rollback.Sending)
	return e.send(ctx, o, claim, warrant)
}

// refuse does what the refusals leave to be done: the order waits, is put to
// people, or ends with every reason.
func (e *Engine) refuse(ctx context.Context, o rollback.Order, refusals []rollback.Refusal) error {
	why := reasons(refusals)
	switch rollback.RemedyOf(refusals) {
	case rollback.Wait:
		if err := e.Store.NoteWhy(ctx, o.Key, "waits: "+why); err != nil {
			return fmt.Errorf("order %s: %w", o.Key, err)
		}
		if err := e.tellHeldUp(ctx, o, refusals); err != nil {
			return err
		}
		return later(waitEvery)
	case rollback.Ask:
		return e.askPeople(ctx, o, why)
	}
	return e.endOrder(ctx, o, rollback.Refused, why)
}

func reasons(refusals []rollback.Refusal) string {
	why := make([]string, len(refusals))
	for i, r := range refusals {
		why[i] = r.Why
	}
	return strings.Join(why, "; ")
}

// askPeople puts an order to people that was to act by itself: what stands
// against it is for a person to judge.
func (e *Engine) askPeople(ctx context.Context, o rollback.Order, why string) error {
	now := e.Now()
	o.State, o.Automatic, o.Why = rollback.Proposed, false, why
	if until := now.Add(e.Limits.Approval); until.Before(o.ExpiresAt) {
		o.ExpiresAt = until
	}
	told := e.orderMessages(o)
	asked, err := e.Store.AskPeople(ctx, o.Key, why, o.ExpiresAt, now, told...)
	if err != nil {
		return fmt.Errorf("order %s: %w", o.Key, err)
	}
	if asked {
		e.concluded(ctx, o, told)
	}
	return later(waitEvery)
}

// endOrder ends an order that was never sent, and says so.
func (e *Engine) endOrder(ctx context.Context, o rollback.Order, to rollback.State, why string) error {
	o.State, o.Why = to, why
	told := e.orderMessages(o)
	from := []rollback.State{rollback.Proposed, rollback.Approved, rollback.Decided}
	moved, err := e.Store.MoveOrder(ctx, o.Key, from, to, "", why, e.Now(), told...)
	if err != nil {
		return fmt.Errorf("ending order %s: %w", o.Key, err)
	}
	if moved {
		e.concluded(ctx, o, told)
	}
	return nil
}

// concluded hands on what follows from an order's end, or its being put to
// people.
func (e *Engine) concluded(ctx context.Context, o rollback.Order, told []store.Outgoing) {
	e.Telemetry.order(o.State)
	e.Log.Info("order moved", "change", o.Key, "service", o.Change.Service, "state", o.State, "why", o.Why)
	for _, m := range told {
		e.enqueue(ctx, messageJob{ID: m.ID, Boot: e.boot})
	}
	if err := e.annotateKey(ctx, o.Key); err != nil {
		e.Log.Warn("annotation after an order", "change", o.Key, "error", err)
	}
	if o.State == rollback.Done {
		e.enqueueVerification(ctx, o)
	}
	e.looks.hasten(o.Key, e.Now())
	e.listeners.tell(o.Key)
}
