package engine

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/pushback/pushback/notify"
	"github.com/pushback/pushback/rollback"
)

// sweepEvery is how long a row whose job was lost waits for another job.
const sweepEvery = 15 * time.Second

// recover inserts a job for every row that is not final. A job that survived the crash as
// well does no harm, because both compare and swap the same row.
func (e *Engine) recover(ctx context.Context) error {
	e.keepRules(ctx)
	e.planner.WakeUp()
	return e.insertJobs(ctx)
}

// keepRules stores or restores the rules. The sweep tries again until they are known.
func (e *Engine) keepRules(ctx context.Context) {
	if err := e.rules.keep(ctx); err != nil {
		e.Log.Error("cannot store or restore the rules; those in memory go on", "error", err)
	}
}

// sweep repeats what recover does at start, because River's own rescue of a lost job takes
// minutes.
func (e *Engine) sweep(ctx context.Context) error {
	t := time.NewTicker(sweepEvery)
	defer t.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-t.C:
			if !e.rules.settled() {
				e.keepRules(ctx)
			}
			if err := errors.Join(e.insertJobs(ctx), e.freezeLog.note(ctx)); err != nil && ctx.Err() == nil {
				e.Log.Warn("cannot insert jobs for unfinished rows; the next sweep tries again", "error", err)
			}
			e.planner.WakeUp()
		}
	}
}

var unfinished = []rollback.State{rollback.Proposed, rollback.Approved, rollback.Decided, rollback.Sending}

func (e *Engine) insertJobs(ctx context.Context) error {
	return errors.Join(e.insertOrders(ctx), e.insertMessages(ctx), e.insertAnnotations(ctx), e.verifier.insertVerifications(ctx))
}

func (e *Engine) insertOrders(ctx context.Context) error {
	orders, err := e.Store.Orders(ctx, unfinished, 0)
	if err != nil {
		return fmt.Errorf("reading open orders: %w", err)
	}
	replaced, err := e.Store.UntoldReplaced(ctx, e.Now().Add(-deliverFor))
	if err != nil {
		return fmt.Errorf("reading orders that newer changes have cancelled: %w", err)
	}
	for _, o := range slices.Concat(orders, replaced) {
		e.enqueue(ctx, orderJob{Key: o.Key, Boot: e.boot})
	}
	return nil
}

// insertMessages inserts jobs for what is not sent yet, and for what was sent to a receiver
// that forgets.
func (e *Engine) insertMessages(ctx context.Context) error {
	messages, err := e.Store.PendingOutgoing(ctx)
	if err != nil {
		return fmt.Errorf("reading pending messages: %w", err)
	}
	for receiver, s := range e.Senders {
		if _, forgets := s.(notify.RepeatSender); !forgets {
			continue
		}
		sent, err := e.Store.SentOutgoing(ctx, receiver, e.Now().Add(-deliverFor))
		if err != nil {
			return fmt.Errorf("reading messages to be reminded of: %w", err)
		}
		messages = append(messages, sent...)
	}
	for _, m := range messages {
		e.enqueue(ctx, messageJob{ID: m.ID, Boot: e.boot})
	}
	return nil
}

func (e *Engine) insertAnnotations(ctx context.Context) error {
	annotations, err := e.Store.PendingAnnotations(ctx)
	if err != nil {
		return fmt.Errorf("reading pending annotations: %w", err)
	}
	for _, a := range annotations {
		e.enqueue(ctx, annotationJob{ChangeKey: a.ChangeKey, Boot: e.boot})
	}
	return nil
}
