package engine

import (
	"context"
	"fmt"

	"github.com/pushback/pushback/internal/messages"
	"github.com/pushback/pushback/internal/store"
	"github.com/pushback/pushback/rollback"
)

// Approve lets a proposed order go on, in a person's name. Its error wraps
// store.ErrConflict where the order is no longer proposed.
func (x *executor) Approve(ctx context.Context, key, actor, why string) error {
	return x.answer(ctx, key, rollback.Approved, actor, why)
}

// Reject ends an order that was not sent yet, in a person's name: one that is proposed, and also one that waits for
// something else than a person.
//
// See adr/0138.
func (x *executor) Reject(ctx context.Context, key, actor, why string) error {
	return x.answer(ctx, key, rollback.Cancelled, actor, why)
}

func (x *executor) answer(ctx context.Context, key string, to rollback.State, actor, why string) error {
	o, err := x.Store.Order(ctx, key)
	if err != nil {
		return fmt.Errorf("order %s: %w", key, err)
	}
	if to == rollback.Cancelled && why == "" {
		why = messages.Stopped(o)
	}
	o.State, o.Actor, o.Why = to, actor, why
	rows := x.orderMessages(ctx, o)
	moved, err := x.Store.MoveOrder(ctx, store.OrderMove{
		Key: key, From: rollback.Answerable(to), To: to, Actor: actor, Why: why, At: x.Now(), Messages: rows,
	})
	if err != nil {
		return fmt.Errorf("order %s: %w", key, err)
	}
	if !moved {
		return x.conflict(ctx, key)
	}
	if to == rollback.Cancelled {
		if err := x.trust.FalseAlarm(ctx, key, o.Rule, actor, why); err != nil {
			x.Log.Warn("cannot record a rejected rollback as a false alarm; the rule keeps its count of clean changes", "order", key, "error", err)
		}
	}
	x.concluded(ctx, o, rows)
	x.enqueue(orderJob, key)
	return nil
}

// conflict names the state the order is in by now.
func (x *executor) conflict(ctx context.Context, key string) error {
	o, err := x.Store.Order(ctx, key)
	if err != nil {
		return fmt.Errorf("order %s: %w", key, err)
	}
	return fmt.Errorf("order %s is %s: %w", key, o.State, store.ErrConflict)
}

// CheckLink checks whether a link's token lets its holder decide on the order. Its error
// is for people and wraps rollback.ErrInvalidLink.
func (x *executor) CheckLink(ctx context.Context, key, token string) error {
	if err := x.approvals.CheckMark(key, token); err != nil {
		return err
	}
	o, err := x.Store.Order(ctx, key)
	if err != nil {
		return fmt.Errorf("order %s: %w", key, err)
	}
	return x.approvals.CheckToken(o, token, x.Now())
}
