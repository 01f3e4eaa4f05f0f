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

// sweepEvery is how long a row waits whose replica has ended, once its lease has run out.
const sweepEvery = 10 * time.Second

// recover makes a job for every row that is not final.
func (e *Engine) recover(ctx context.Context) error {
	e.keepRules(ctx)
	e.planner.WakeUp()
	return e.ensureJobs(ctx)
}

// keepRules stores or restores the rules. The sweep tries again until they are known.
func (e *Engine) keepRules(ctx context.Context) {
	if err := e.rules.keep(ctx); err != nil {
		e.Log.Error("cannot store or restore the rules; those in memory go on", "error", err)
	}
}

// sweep repeats what recover does at start: for rows that another replica has stored, or
// has left behind, and for those whose job failed.
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
			e.freezing.EndIfOver()
			if err := errors.Join(e.ensureJobs(ctx), e.freezing.Note(ctx)); err != nil && ctx.Err() == nil {
				e.Log.Warn("cannot read the unfinished rows; the next sweep tries again", "error", err)
			}
			e.planner.WakeUp()
		}
	}
}

var unfinished = []rollback.State{rollback.Proposed, rollback.Approved, rollback.Decided, rollback.Sending}

func (e *Engine) ensureJobs(ctx context.Context) error {
	return errors.Join(
		e.ensureOrders(ctx), e.ensureMessages(ctx), e.verifier.ensureVerifications(ctx),
		e.reports.Pending(ctx, func(id string) { e.ensure(reportJob, id) }),
		e.reports.Waiting(ctx, func(id string) { e.ensure(answerJob, id) }),
	)
}

func (e *Engine) ensureOrders(ctx context.Context) error {
	orders, err := e.Store.Orders(ctx, unfinished, 0)
	if err != nil {
		return fmt.Errorf("reading open orders: %w", err)
	}
	replaced, err := e.Store.UntoldReplaced(ctx, e.Now().Add(-deliverFor))
	if err != nil {
		return fmt.Errorf("reading orders that newer changes have cancelled: %w", err)
	}
	for _, o := range slices.Concat(orders, replaced) {
		e.ensure(orderJob, o.Key)
	}
	return nil
}

// ensureMessages makes jobs for what is not sent yet, and for what was sent to a receiver
// that forgets.
func (e *Engine) ensureMessages(ctx context.Context) error {
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
		e.ensure(messageJob, m.ID)
	}
	return nil
}
