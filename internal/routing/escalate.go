package routing

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/pushback/pushback/internal/report"
	"github.com/pushback/pushback/internal/store"
	"github.com/pushback/pushback/notify"
	"github.com/pushback/pushback/rollback"
)

// escalations are the messages for when nobody answers what m asks. Their names are those of the order, so
// that they are stored once, though several messages ask the same.
func escalations(r notify.Router, m notify.Message, now time.Time) (rows []store.Outgoing) {
	if m.Ask == nil {
		return nil
	}
	for i, step := range r.Escalations() {
		late := m
		late.NotBefore = now.Add(step.After)
		late.Title = fmt.Sprintf("nobody has answered for %s: %s", report.Span(step.After), m.Title)
		some := store.Messages(fmt.Sprintf("escalation/%s/%d", m.Ask.Order, i+1), "", step.To, late, now)
		for _, row := range some {
			row.State = store.Waiting
			rows = append(rows, row)
		}
	}
	return rows
}

// escalates says who is told when, for the message that asks.
func escalates(rows []store.Outgoing) string {
	var all []string
	for _, row := range rows {
		all = append(all, fmt.Sprintf("%s is told at %s", row.Receiver, row.Message.NotBefore.UTC().Format("15:04 MST")))
	}
	return strings.Join(all, ", ")
}

// Due makes an escalation pending when it is due and its question still waits for an answer, and spares it
// where somebody has answered. wait is how long to ask again; pending says that it is to be sent now.
func (p Options) Due(ctx context.Context, o store.Outgoing) (wait time.Duration, pending bool, err error) {
	if wait = o.Message.NotBefore.Sub(p.Now()); wait > 0 {
		return wait, false, nil
	}
	to := store.Pending
	if asks, err := p.asks(ctx, o.Message); err != nil {
		return 0, false, err
	} else if !asks {
		to = store.Spared
	}
	moved, err := p.Store.MoveOutgoing(ctx, o.ID, store.Waiting, to)
	if err != nil {
		return 0, false, fmt.Errorf("recording the escalation %s: %w", o.ID, err)
	}
	return 0, moved && to == store.Pending, nil
}

func (p Options) asks(ctx context.Context, m notify.Message) (bool, error) {
	if m.Ask == nil {
		return false, nil
	}
	order, err := p.Store.Order(ctx, m.Ask.Order)
	if errors.Is(err, store.ErrNotFound) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("reading whether order %s was answered: %w", m.Ask.Order, err)
	}
	return order.State == rollback.Proposed, nil
}
