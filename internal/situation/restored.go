package situation

import (
	"context"
	"fmt"

	"github.com/pushback/pushback/internal/store"
	"github.com/pushback/pushback/rollback"
)

// fillRestored fills in when the database was restored, and whether a restore makes the target
// uncertain: the change before this one came before the restore, so that others may be missing
// between them, and neither the deploy tool nor the hook's own setting names the target.
func (r *Reader) fillRestored(ctx context.Context, s *rollback.Situation, c store.Change, o rollback.Order) error {
	at, err := r.Store.LastRestore(ctx)
	if err != nil || at.IsZero() {
		return err
	}
	before, known, err := r.Store.Predecessor(ctx, c)
	if err != nil {
		return fmt.Errorf("finding what was live before: %w", err)
	}
	named := o.Target == c.Previous || o.Target == r.Hook(o.Hook).FixedTarget
	s.RestoredAt, s.TargetUncertain = at, known && before.StartedAt.Before(at) && !named
	return nil
}
