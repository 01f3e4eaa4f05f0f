package engine

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/pushback/pushback/internal/store"
	"github.com/pushback/pushback/notify"
)

// Messages are tried for a day: a pager that was down at 3 a.m. should still
// say at 9 what happened.
const (
	sendTimeout  = 15 * time.Second
	tellFor      = 24 * time.Hour
	retellFirst  = 2 * time.Second
	retellAtMost = 5 * time.Minute
)

// deliver sends one pending message. The row moves from pending by
// compare-and-swap after the receiver took it: a crash in between sends the
// same message again under the same key, which pagers join.
func (e *Engine) deliver(ctx context.Context, id string) error {
	if _, busy := e.sending.LoadOrStore(id, nil); busy {
		return nil
	}
	defer e.sending.Delete(id)
	o, err := e.Store.Outgoing(ctx, id)
	if err != nil {
		return fmt.Errorf("reading message %s: %w", id, err)
	}
	switch o.State {
	case store.Sent:
		return e.remind(ctx, o)
	case store.Failed, store.Grouped:
		return nil
	}
	err = e.tell(ctx, o)
	e.Telemetry.message(o.Receiver, result(err))
	return e.settle(ctx, o, err)
}

func (e *Engine) tell(ctx context.Context, o store.Outgoing) error {
	sender, ok := e.Senders[o.Receiver]
	if !ok {
		return fmt.Errorf("no receiver %q in pushback.yml: %w", o.Receiver, notify.ErrPermanent)
	}
	if every := e.reminds(o); every > 0 {
		o.Message.EndsAt = e.Now().Add(remindAhead * every)
	}
	ctx, cancel := context.WithTimeout(ctx, sendTimeout)
	defer cancel()
	return sender.Send(ctx, o.Message)
}

// remindAhead is how many reminders may be lost before a receiver forgets.
const remindAhead = 5

// reminds is how often a message must be sent again; 0: its receiver
// remembers, or the matter has ended.
func (e *Engine) reminds(o store.Outgoing) time.Duration {
	f, ok := e.Senders[o.Receiver].(notify.Forgetful)
	if !ok || o.Message.Resolved || e.Now().Sub(o.CreatedAt) > tellFor {
		return 0
	}
	return f.Remind()
}

// remind sends a message again that its receiver is about to forget, unless
// the same receiver has had a later word on the matter.
func (e *Engine) remind(ctx context.Context, o store.Outgoing) error {
	every := e.reminds(o)
	if every == 0 {
		return nil
	}
	rows, err := e.Store.OutgoingOf(ctx, o.ChangeKey)
	if err != nil {
		return fmt.Errorf("reading what was told: %w", err)
	}
	for _, newer := range rows {
		if newer.Receiver == o.Receiver && newer.Message.Key == o.Message.Key && newer.CreatedAt.After(o.CreatedAt) {
			return nil
		}
	}
	err = e.tell(ctx, o)
	e.Telemetry.message(o.Receiver, result(err))
	if err != nil {
		e.Log.Warn("reminder not sent", "message", o.ID, "receiver", o.Receiver, "error", err)
	}
	return later(every)
}

// settle writes down how a send went, and asks for another try where one may help.
func (e *Engine) settle(ctx context.Context, o store.Outgoing, sent error) error {
	now := e.Now()
	ctx = context.WithoutCancel(ctx)
	state, why := store.Sent, ""
	if sent != nil {
		state, why = store.Pending, sent.Error()
		if errors.Is(sent, notify.ErrPermanent) || now.Sub(o.CreatedAt) > tellFor {
			state = store.Failed
			e.Log.Error("message given up", "message", o.ID, "receiver", o.Receiver, "error", sent)
		}
	}
	if _, err := e.Store.FinishOutgoing(ctx, o.ID, state, why, now); err != nil {
		return fmt.Errorf("writing down message %s: %w", o.ID, err)
	}
	if state == store.Pending {
		return later(backOff(sent, o.Attempts))
	}
	if every := e.reminds(o); state == store.Sent && every > 0 {
		return later(every)
	}
	return nil
}

// backOff doubles from retellFirst, but obeys a receiver that names a time.
func backOff(err error, attempts int) time.Duration {
	var after *notify.RetryAfter
	if errors.As(err, &after) {
		return min(max(after.After, retellFirst), retellAtMost)
	}
	return min(retellFirst<<min(attempts, 10), retellAtMost)
}

func result(err error) string {
	if err != nil {
		return "failed"
	}
	return "sent"
}
