package engine

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/pushback/pushback/notify"
	"github.com/pushback/pushback/rollback"
)

// heldUpAfter is how long a decided rollback may wait for its hook before
// those who were told that it is under way are told that it is not.
const heldUpAfter = time.Minute

// tellHeldUp says, once, that an order waits for a hook that does not answer.
// It goes on waiting: a deploy tool that comes back is asked at once.
func (e *Engine) tellHeldUp(ctx context.Context, o rollback.Order, refusals []rollback.Refusal) error {
	out := func(r rollback.Refusal) bool { return r.Guard == rollback.GuardReach }
	if !slices.ContainsFunc(refusals, out) || e.Now().Sub(o.DecidedAt) < heldUpAfter {
		return nil
	}
	m := notify.Message{
		Key: matter(o.Key, o.Rule), Kind: "order", Severity: notify.Critical,
		Title:  fmt.Sprintf("%s %s: the rollback to %s is held up", o.Change.Service, o.Change.Version, o.Target),
		Action: fmt.Sprintf("Hook %s: %s. It is asked again every %s, until the change is too old to be rolled back.", o.Hook, reasons(refusals), waitEvery),
		Link:   e.link(o.Key), At: e.Now(), Fields: append(fields(o.Change, o.Rule), notify.Field{Name: "hook", Value: o.Hook}),
	}
	for _, row := range e.outgoing("order/"+o.Key+"/held-up", o.Key, o.Tell, m) {
		created, err := e.Store.PutOutgoing(ctx, row)
		if err != nil {
			return fmt.Errorf("telling that order %s is held up: %w", o.Key, err)
		}
		if created {
			e.enqueue(ctx, messageJob{ID: row.ID, Boot: e.boot})
		}
	}
	return nil
}
