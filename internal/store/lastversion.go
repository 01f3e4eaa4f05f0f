package store

import (
	"context"
	"database/sql"
	"errors"

	"github.com/pushback/pushback/rollback"
	"github.com/pushback/pushback/sources"
)

// selectLastInSlot reads the newest change of a slot that was not reported as failed.
const selectLastInSlot = selectChange + `WHERE slot = $1 AND status <> 'failed' ORDER BY started_at DESC, sequence DESC, id DESC LIMIT 1`

// LastVersion returns the version that runs in a slot as far as the store knows: that of the newest
// change that was not reported as failed, or the one that its rollback went back to; "" where no
// change is stored.
func (s *Store) LastVersion(ctx context.Context, slot sources.Slot) (string, error) {
	c, err := scanChange(s.read.QueryRowContext(ctx, selectLastInSlot, slotKey(slot)))
	if errors.Is(err, sql.ErrNoRows) || errors.Is(err, ErrNotFound) {
		return "", nil
	}
	if err != nil {
		return "", wrap(err, "read the last version of %s", slot.Service)
	}
	o, err := s.Order(ctx, c.Key)
	switch {
	case err == nil && o.State == rollback.Done:
		return o.Target, nil
	case err != nil && !errors.Is(err, ErrNotFound):
		return "", err
	}
	return c.Version, nil
}
