package store

import (
	"context"
	"database/sql"
	"time"

	"github.com/pushback/pushback/rollback"
)

// VerifyOrder stores what was found running after the order was done, and the
// messages about it. False, and nothing stored, if the order has a verification
// already, is not done, or is held by another replica.
func (s *Store) VerifyOrder(ctx context.Context, key string, v rollback.Verification, messages ...Outgoing) (ok bool, err error) {
	body, err := encode(v)
	if err != nil {
		return false, wrap(err, "verify order %s", key)
	}
	err = s.transact(ctx, func(tx *sql.Tx) error {
		ok, err = affected(ctx, tx, `UPDATE orders SET verification = $2 WHERE key = $1 AND state = $3 AND verification = '' AND holder = $4`,
			key, body, rollback.Done, s.holder)
		if err != nil || !ok {
			return err
		}
		return recordMove(ctx, tx, OrderMove{Key: key, At: v.At, Messages: messages}, map[string]any{"verification": v})
	})
	return ok && err == nil, wrap(err, "verify order %s", key)
}

// UnverifiedOrders lists the orders that were done at since or later and have no
// verification, oldest first.
func (s *Store) UnverifiedOrders(ctx context.Context, since time.Time) ([]rollback.Order, error) {
	found, err := collect(ctx, s.read, scanOrder,
		selectOrder+`WHERE state = $1 AND verification = '' AND ended_at >= $2 ORDER BY ended_at, key`, rollback.Done, micros(since))
	return found, wrap(err, "list unverified orders")
}
