package engine

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/pushback/pushback/internal/replica"
	"github.com/pushback/pushback/internal/store"
	"github.com/pushback/pushback/notify"
)

// deliverer sends messages to their receivers.
type deliverer struct{ *core }

// A message is tried for a day: a pager that was down at 3 a.m. should still say at 9
// what happened.
const (
	sendTimeout    = 15 * time.Second
	deliverFor     = 24 * time.Hour
	retryAfter     = 2 * time.Second
	retryAfterMost = 5 * time.Minute
)

// deliverMessage sends one pending message, under a lease of its row. The row leaves
// pending by compare-and-swap after the receiver took the message. A crash in between
// sends it again under the same key, which pagers join.
func (d *deliverer) deliverMessage(ctx context.Context, id string) error {
	if elsewhere, err := d.sentElsewhere(ctx, id); err != nil || elsewhere {
		return cmp.Or(err, later(waitEvery))
	}
	lease, err := d.leaseRow(ctx, messageJob, id, sendTimeout+leaseMargin)
	if err != nil {
		return err
	}
	o, err := d.Store.Outgoing(ctx, id)
	if err != nil {
		return fmt.Errorf("reading message %s: %w", id, err)
	}
	switch {
	case slices.Contains(settled, o.State):
		return nil
	case lease == nil:
		return d.otherSends(o)
	case o.State == store.Sent:
		return d.remind(ctx, o)
	case o.State == store.Collecting:
		return d.compose(ctx, o)
	case o.State == store.Waiting:
		return d.escalate(ctx, o)
	}
	if route, is := d.Senders[o.Receiver].(notify.Router); is {
		return d.passOn(ctx, route, o)
	}
	wait, folded, err := d.fleet.BeforeSend(ctx, o)
	if err != nil {
		// A page too many is better than none.
		d.Log.Warn("cannot check whether too much is bad at once; the message is sent", "message", o.ID, "error", err)
	}
	switch {
	case folded:
		return nil
	case wait > 0:
		return later(wait)
	}
	turn, err := d.takeTurn(ctx, o)
	if err != nil || turn == nil {
		return cmp.Or(err, later(d.turnWait(o)))
	}
	defer turn()
	if still, err := lease.Still(ctx); err != nil || !still {
		return err
	}
	return d.recordDelivery(ctx, lease, o, d.attempt(ctx, o))
}

// settled are the states in which nothing is left to do.
var settled = []string{store.Failed, store.Grouped, store.Routed, store.Spared}

// passOn passes a message to a route on, once that may be.
func (d *deliverer) passOn(ctx context.Context, r notify.Router, o store.Outgoing) error {
	wait, err := d.routing.Pass(ctx, r, o)
	if err == nil && wait > 0 {
		return later(wait)
	}
	d.checks.receivers.Note(o.Receiver, d.Now(), err)
	return err
}

// escalate sends a question on that nobody has answered in time.
func (d *deliverer) escalate(ctx context.Context, o store.Outgoing) error {
	wait, pending, err := d.routing.Due(ctx, o)
	switch {
	case err == nil && wait > 0:
		return later(wait)
	case pending:
		d.enqueue(messageJob, o.ID)
	}
	return err
}

// otherSends waits for a message that another replica sends, in case that one ends. A
// reminder may be late, because a receiver forgets only after several are lost.
func (d *deliverer) otherSends(o store.Outgoing) error {
	if o.State != store.Sent {
		return later(waitEvery)
	}
	if every := d.remindEvery(o); every > 0 {
		return later(every)
	}
	return nil
}

// again keeps the message for the next attempt in a while, so that no other replica
// makes one in between.
func (d *deliverer) again(ctx context.Context, o store.Outgoing, wait time.Duration) error {
	if _, err := d.leaseRow(ctx, messageJob, o.ID, wait+sendTimeout+leaseMargin); err != nil {
		return err
	}
	return later(wait)
}

// compose has a message about much that is bad at once composed and sent, when it has
// collected what it speaks for.
func (d *deliverer) compose(ctx context.Context, o store.Outgoing) error {
	wait, err := d.fleet.Collect(ctx, o)
	if err != nil {
		return fmt.Errorf("composing message %s: %w", o.ID, err)
	}
	return later(wait)
}

// attempt sends a message once, and counts how that went.
func (d *deliverer) attempt(ctx context.Context, o store.Outgoing) (err error) {
	defer func() { d.Telemetry.message(o.Receiver, result(err)) }()
	sender, ok := d.Senders[o.Receiver]
	if !ok {
		return fmt.Errorf("no receiver %q in pushback.yml: %w", o.Receiver, notify.ErrPermanent)
	}
	if every := d.remindEvery(o); every > 0 {
		o.Message.EndsAt = d.Now().Add(remindAhead * every)
	}
	// A stopping engine lets the attempt finish: one that was cut off may have arrived, and
	// would be made again.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), sendTimeout)
	defer cancel()
	err = d.sendTo(ctx, sender, o)
	d.checks.receivers.Note(o.Receiver, d.Now(), err)
	return err
}

// remindAhead is how many reminders may be lost before a receiver forgets a message.
const remindAhead = 5

// remindEvery is how often a message must be sent again. It is 0 where its receiver does
// not forget, or where its thread has ended.
func (d *deliverer) remindEvery(o store.Outgoing) time.Duration {
	f, ok := d.Senders[o.Receiver].(notify.RepeatSender)
	if !ok || o.Message.Resolved || d.Now().Sub(o.CreatedAt) > deliverFor {
		return 0
	}
	return f.RepeatEvery()
}

// remind sends a message again that its receiver is about to forget, unless the receiver
// got a later message of the thread.
func (d *deliverer) remind(ctx context.Context, o store.Outgoing) error {
	every := d.remindEvery(o)
	if every == 0 {
		return nil
	}
	rows, err := d.Store.OutgoingOf(ctx, o.ChangeKey)
	if err != nil {
		return fmt.Errorf("reading the messages of %s: %w", o.ChangeKey, err)
	}
	for _, newer := range rows {
		if newer.Receiver == o.Receiver && newer.Message.Key == o.Message.Key && newer.CreatedAt.After(o.CreatedAt) {
			return nil
		}
	}
	if err := d.attempt(ctx, o); err != nil {
		d.Log.Warn("cannot send a reminder; the receiver may take the alert for resolved", "message", o.ID, "receiver", o.Receiver, "error", err)
	}
	return d.again(ctx, o, every)
}

// recordDelivery records how an attempt went, and asks for another where one may help.
func (d *deliverer) recordDelivery(ctx context.Context, lease *replica.Lease, o store.Outgoing, sent error) error {
	now := d.Now()
	ctx = context.WithoutCancel(ctx)
	state, why := store.Sent, ""
	if sent != nil {
		state, why = store.Pending, sent.Error()
		if errors.Is(sent, notify.ErrPermanent) || now.Sub(o.CreatedAt) > d.deliverFor(ctx, o) {
			state = store.Failed
			d.Log.Error("cannot deliver a message; giving it up", "message", o.ID, "receiver", o.Receiver, "error", sent)
		}
	}
	recorded, err := d.Store.FinishOutgoing(ctx, o.ID, state, why, now)
	if err != nil {
		return fmt.Errorf("recording the delivery of message %s: %w", o.ID, err)
	}
	if !recorded {
		lease.Lost()
		return nil
	}
	if state == store.Pending {
		return d.again(ctx, o, backOff(sent, o.Attempts))
	}
	if every := d.remindEvery(o); state == store.Sent && every > 0 {
		return d.again(ctx, o, every)
	}
	return nil
}

// backOff doubles from retryAfter, but respects the time that a receiver names.
func backOff(err error, attempts int) time.Duration {
	var after *notify.RetryAfter
	if errors.As(err, &after) {
		return min(max(after.After, retryAfter), retryAfterMost)
	}
	return min(retryAfter<<min(attempts, 10), retryAfterMost)
}

func result(err error) string {
	if err != nil {
		return "failed"
	}
	return "sent"
}
