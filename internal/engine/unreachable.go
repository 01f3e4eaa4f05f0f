package engine

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/pushback/pushback/internal/store"
	"github.com/pushback/pushback/rollback"
)

// unreachableAfter is how long a decided rollback may wait for its hook before its receivers
// are notified that it is held up.
const unreachableAfter = time.Minute

// notifyUnreachable tells the receivers of an order, once, that its hook does not answer.
// The order goes on waiting, and is sent when the deploy tool comes back.
func (x *executor) notifyUnreachable(ctx context.Context, o rollback.Order, refusals []rollback.Refusal) error {
	unreachable := func(r rollback.Refusal) bool { return r.Guard == rollback.GuardReach }
	if !slices.ContainsFunc(refusals, unreachable) || x.Now().Sub(o.DecidedAt) < unreachableAfter {
		return nil
	}
	m := x.text.HookUnreachable(o, refusals, waitEvery, x.Now())
	if err := x.core.send(ctx, store.Messages("order/"+o.Key+"/held-up", o.Key, o.Receivers, m, x.Now())); err != nil {
		return fmt.Errorf("notifying that the hook of order %s does not answer: %w", o.Key, err)
	}
	return nil
}
