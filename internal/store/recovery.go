package store

import (
	"context"
	"database/sql"
	"fmt"
	"time"
)

// beginRecovery begins the watch that checks whether the rollback of an order's change helped. People may approve an
// order long after the watch that found the change bad has ended, and no look would begin it then.
//
// See adr/0032.
func (s *Store) beginRecovery(ctx context.Context, tx *sql.Tx, key string, undone time.Time) error {
	o, err := scanOrder(tx.QueryRowContext(ctx, selectOrder+`WHERE key = $1`, key))
	if err != nil {
		return fmt.Errorf("begin the recovery watch: %w", err)
	}
	ws, err := watchesOf(ctx, tx, key)
	if err != nil {
		return err
	}
	for _, w := range ws {
		if w.Rule != o.Rule || !w.After.IsZero() {
			continue
		}
		if err := storeWatches(ctx, tx, key, o.Change.Service, w.Recovery(undone, undone)); err != nil {
			return err
		}
		if !w.State.Open() { // otherwise the end of the watch notes the state
			return s.noteState(ctx, tx, key)
		}
	}
	return nil
}
