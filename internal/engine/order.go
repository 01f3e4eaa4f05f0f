package engine

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/pushback/pushback/internal/due"
	"github.com/pushback/pushback/internal/messages"
	"github.com/pushback/pushback/internal/progress"
	"github.com/pushback/pushback/internal/replica"
	"github.com/pushback/pushback/internal/reporting"
	"github.com/pushback/pushback/internal/store"
	"github.com/pushback/pushback/internal/trust"
	"github.com/pushback/pushback/notify"
	"github.com/pushback/pushback/rollback"
)

// executor takes orders as far as they can go: it waits for people, asks the guards,
// calls the hook, and records what came of it.
type executor struct {
	*core
	reports   *reporting.Keeper
	looks     *due.Looks
	verifier  *verifier
	trust     *trust.Keeper
	progress  *progress.Keeper
	approvals rollback.ApprovalKey
	guards    sync.Map // order key → what the journal last recorded of its guards
	unsent    sync.Map // keys of orders that this run has claimed, or may have, and not sent
}

// waitEvery is how often a waiting order is tried again: the end of a freeze, an expiry
// or a failed successor is noticed this soon.
const waitEvery = 5 * time.Second

// carryOut takes an order as far as it can go now. It runs in a job, on one replica at a
// time. People and newer changes move the order meanwhile, so every step first wins a
// compare-and-swap.
func (x *executor) carryOut(ctx context.Context, key string) error {
	o, err := x.Store.Order(ctx, key)
	if err != nil {
		return fmt.Errorf("reading order %s: %w", key, err)
	}
	lease, err := x.leaseRow(ctx, orderJob, key, x.Hooks[o.Hook].Timeout+preflightFor+leaseMargin)
	if err != nil {
		return err
	}
	if lease == nil {
		return later(waitEvery)
	}
	return x.step(ctx, key, lease)
}

// step does what the state of a leased order asks for. The order is read again, because
// another replica may have had it until now.
func (x *executor) step(ctx context.Context, key string, lease *replica.Lease) error {
	o, err := x.Store.Order(ctx, key)
	if err != nil {
		return fmt.Errorf("reading order %s: %w", key, err)
	}
	switch o.State {
	case rollback.Proposed:
		return x.await(ctx, o)
	case rollback.Approved:
		return x.decide(ctx, o)
	case rollback.Decided:
		return x.permit(ctx, o, lease)
	case rollback.Sending:
		return x.resume(ctx, o, lease)
	case rollback.Cancelled:
		return x.tellReplaced(ctx, o)
	}
	return nil
}

// await leaves a proposed order to people until it expires.
func (x *executor) await(ctx context.Context, o rollback.Order) error {
	if x.Now().Before(o.ExpiresAt) {
		return later(waitEvery)
	}
	return x.endOrder(ctx, o, rollback.Expired, messages.NobodyApproved)
}

// decide turns an approval into a decision. They are two states, so that who approved
// is recorded before anything follows from it.
func (x *executor) decide(ctx context.Context, o rollback.Order) error {
	moved, err := x.Store.MoveOrder(ctx, store.OrderMove{
		Key: o.Key, From: []rollback.State{rollback.Approved}, To: rollback.Decided, Actor: o.Actor, Why: o.Why, At: x.Now(), Leased: true,
	})
	if err != nil {
		return fmt.Errorf("deciding order %s: %w", o.Key, err)
	}
	if moved {
		x.Telemetry.order(rollback.Decided)
	}
	return later(0)
}

// permit asks every guard with fresh facts, claims the order and sends it. The guards
// are asked now and not when the order was made, because a freeze, a newer change or an
// expiry in between must win.
func (x *executor) permit(ctx context.Context, o rollback.Order, lease *replica.Lease) error {
	if !o.ExpiresAt.IsZero() && x.Now().After(o.ExpiresAt) {
		return x.endOrder(ctx, o, rollback.Expired, messages.TooLate(o))
	}
	s, warrant, refusals, err := x.ask(ctx, o)
	if err != nil {
		return err
	}
	if still, err := lease.Still(ctx); err != nil || !still {
		return err
	}
	if err := x.noteGuards(ctx, o, s, warrant, refusals); err != nil {
		return err
	}
	if len(refusals) > 0 {
		return x.refuse(ctx, o, refusals)
	}
	rows := store.OrderMessages(o, string(rollback.Sending), recordedOf(ctx, x.trust, o, x.text.Sending(o, x.Hooks[o.Hook].Timeout, x.Now())), x.Now())
	x.unsent.Store(o.Key, true) // also where an error hides that the claim is stored
	claim, won, err := x.Store.ClaimOrder(ctx, o.Key, o.Epoch, x.Now(), rows...)
	if err != nil {
		return fmt.Errorf("claiming order %s: %w", o.Key, err)
	}
	if !won {
		x.unsent.Delete(o.Key)
		return later(waitEvery) // superseded, suspended or claimed elsewhere: its row knows
	}
	x.Telemetry.order(rollback.Sending)
	x.deliver(ctx, rows)
	x.listeners.publish(o.Key)
	return x.send(ctx, o, lease, claim, warrant)
}

// refuse does what the refusals leave: the order waits, is put to people, or ends with
// every reason.
func (x *executor) refuse(ctx context.Context, o rollback.Order, refusals []rollback.Refusal) error {
	why := messages.Reasons(refusals)
	switch rollback.RemedyOf(refusals) {
	case rollback.RemedyWait:
		return x.wait(ctx, o, refusals)
	case rollback.RemedyAsk:
		return x.askPeople(ctx, o, why)
	}
	return x.endOrder(ctx, o, rollback.Refused, why)
}

// wait leaves an order to what it waits for, and tells people once for each reason.
func (x *executor) wait(ctx context.Context, o rollback.Order, refusals []rollback.Refusal) error {
	why := messages.Waits(refusals)
	if o.Why == why {
		return later(waitEvery)
	}
	rows := store.OrderMessages(o, "waits/"+messages.WaitID(refusals), recordedOf(ctx, x.trust, o, x.text.Waiting(o, refusals, x.Now())), x.Now())
	noted, err := x.Store.NoteWhy(ctx, o.Key, why, rows...)
	if err != nil {
		return fmt.Errorf("order %s: %w", o.Key, err)
	}
	if noted {
		x.deliver(ctx, rows)
		x.listeners.publish(o.Key)
	}
	return later(waitEvery)
}

// askPeople turns an automatic order into a proposal, because a person must judge what
// stands against it.
func (x *executor) askPeople(ctx context.Context, o rollback.Order, why string) error {
	now := x.Now()
	o.State, o.Automatic, o.Why = rollback.Proposed, false, why
	if until := now.Add(x.Limits.ApproveWithin); until.Before(o.ExpiresAt) {
		o.ExpiresAt = until
	}
	rows := x.orderMessages(ctx, o)
	asked, err := x.Store.AskPeople(ctx, o.Key, why, o.ExpiresAt, now, rows...)
	if err != nil {
		return fmt.Errorf("order %s: %w", o.Key, err)
	}
	if asked {
		x.concluded(ctx, o, rows)
	}
	return later(waitEvery)
}

// endOrder ends an order that was never sent, and notifies people.
func (x *executor) endOrder(ctx context.Context, o rollback.Order, to rollback.State, why string) error {
	o.State, o.Why = to, why
	rows := x.orderMessages(ctx, o)
	moved, err := x.Store.MoveOrder(ctx, store.OrderMove{
		Key: o.Key, From: rollback.Unsent,
		To: to, Why: why, At: x.Now(), Leased: true, Messages: rows,
	})
	if err != nil {
		return fmt.Errorf("ending order %s: %w", o.Key, err)
	}
	if moved {
		x.concluded(ctx, o, rows)
	}
	return nil
}

// tellReplaced says that a newer change has cancelled an order. The transaction that stores
// the newer change cancels it, and knows no words for people.
func (x *executor) tellReplaced(ctx context.Context, o rollback.Order) error {
	c, err := x.Store.Change(ctx, o.Key)
	if err != nil {
		return fmt.Errorf("reading the change of order %s: %w", o.Key, err)
	}
	newer, err := x.Store.Change(ctx, c.SupersededBy)
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return fmt.Errorf("reading what replaced the change of order %s: %w", o.Key, err)
	}
	o.Why = messages.Replaced(newer.Change)
	return x.core.send(ctx, x.orderMessages(ctx, o))
}

// concluded does what follows when an order has ended or was put to people.
func (x *executor) concluded(ctx context.Context, o rollback.Order, rows []store.Outgoing) {
	x.Telemetry.order(o.State)
	x.Log.Info("order moved", "change", o.Key, "service", o.Change.Service, "state", o.State, "why", o.Why)
	x.deliver(ctx, rows)
	if err := x.reports.Report(ctx, o.Key); err != nil {
		x.Log.Warn("cannot update the report of an order; its next change tries again", "change", o.Key, "error", err)
	}
	if o.State == rollback.Done {
		x.Telemetry.tally().RolledBack(o.Change, x.Now().Sub(o.Change.StartedAt))
		x.verifier.enqueueVerification(o)
	}
	x.looks.Hasten(o.Key, x.Now())
	x.listeners.publish(o.Key)
}

// orderMessages are the messages that say which state an order has reached, to those who
// were notified that it was made.
func (x *executor) orderMessages(ctx context.Context, o rollback.Order) []store.Outgoing {
	return store.OrderMessages(o, string(o.State), recordedOf(ctx, x.trust, o, x.text.Order(o, x.Now())), x.Now())
}

// recordedOf adds to a message about an order how often its rule was wrong so far.
func recordedOf(ctx context.Context, t *trust.Keeper, o rollback.Order, m notify.Message) notify.Message {
	wrong, fired := t.RecordNamed(ctx, o.Rule)
	return messages.WithRecord(m, wrong, fired)
}
