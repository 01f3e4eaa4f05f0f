package engine

import (
	"context"
	"fmt"

	"github.com/pushback/pushback/internal/store"
	"github.com/pushback/pushback/rollback"
	"github.com/pushback/pushback/rollback/freezefile"
)

// Approve lets a proposed order go on, in a person's name. An order that has
// moved on gives store.ErrConflict.
func (e *Engine) Approve(ctx context.Context, key, actor string) error {
	return e.answer(ctx, key, rollback.Approved, actor, "")
}

// Reject ends a proposed order, in a person's name.
func (e *Engine) Reject(ctx context.Context, key, actor, why string) error {
	return e.answer(ctx, key, rollback.Cancelled, actor, why)
}

func (e *Engine) answer(ctx context.Context, key string, to rollback.State, actor, why string) error {
	o, err := e.Store.Order(ctx, key)
	if err != nil {
		return fmt.Errorf("order %s: %w", key, err)
	}
	o.State, o.Actor, o.Why = to, actor, why
	told := e.orderMessages(o)
	moved, err := e.Store.MoveOrder(ctx, key, []rollback.State{rollback.Proposed}, to, actor, why, e.Now(), told...)
	if err != nil {
		return fmt.Errorf("order %s: %w", key, err)
	}
	if !moved {
		return e.conflict(ctx, key)
	}
	if to == rollback.Cancelled {
		if err := e.trust.FalseAlarm(ctx, key, o.Rule, actor, why); err != nil {
			e.Log.Warn("a rejected rollback as a false alarm", "order", key, "error", err)
		}
	}
	e.concluded(ctx, o, told)
	e.enqueue(ctx, orderJob{Key: key, Boot: e.boot})
	return nil
}

// conflict names the state the order is in by now.
func (e *Engine) conflict(ctx context.Context, key string) error {
	o, err := e.Store.Order(ctx, key)
	if err != nil {
		return fmt.Errorf("order %s: %w", key, err)
	}
	return fmt.Errorf("order %s is %s, not proposed: %w", key, o.State, store.ErrConflict)
}

// Admits says whether a link's token lets its holder decide on the order; the
// error, for people, wraps rollback.ErrLink.
func (e *Engine) Admits(ctx context.Context, key, token string) error {
	o, err := e.Store.Order(ctx, key)
	if err != nil {
		return fmt.Errorf("order %s: %w", key, err)
	}
	return e.approvals.Admits(o, token, e.Now())
}

// Frozen reads the freeze file: at every question, because a brake that works
// within a cache's age is no brake.
func (e *Engine) Frozen() (frozen bool, why string) {
	if e.FreezeFile == "" {
		return false, ""
	}
	frozen, why, err := freezefile.Read(e.FreezeFile)
	if err != nil {
		e.Log.Warn("freeze file", "error", err)
	}
	return frozen, why
}

// Problems are the reasons for not being ready: what must work to take and
// judge events, and the metric stores that do not answer; and the hooks that
// could not act, which keep nobody from judging.
func (e *Engine) Problems() []Problem {
	var ps []Problem
	if !e.started.Load() {
		ps = append(ps, Problem{Component: "jobs", Detail: "not started yet"})
	}
	if p, is := e.rules.problem(); is {
		ps = append(ps, p)
	}
	return append(append(ps, e.stores.problems()...), e.preflights.problems()...)
}
