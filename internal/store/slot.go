package store

import (
	"context"
	"time"

	"github.com/pushback/pushback/sources"
	"github.com/pushback/pushback/watch"
)

// slotKey names a slot: the key of its nameless change.
func slotKey(s sources.Slot) string { return sources.Key(s, "") }

// lockSlot keeps every other transaction off the slot until this one ends. An
// update that changes nothing is the one row lock both databases have.
func lockSlot(ctx context.Context, tx executor, slot string) error {
	_, err := tx.ExecContext(ctx, `
		INSERT INTO slots (slot, epoch) VALUES ($1, 0)
		ON CONFLICT (slot) DO UPDATE SET epoch = slots.epoch`, slot)
	return failed(err, "lock slot")
}

// nextEpoch begins the slot's next generation. The slot must be locked.
func nextEpoch(ctx context.Context, tx executor, slot string) (epoch int64, err error) {
	err = tx.QueryRowContext(ctx, `UPDATE slots SET epoch = epoch + 1 WHERE slot = $1 RETURNING epoch`, slot).Scan(&epoch)
	return epoch, failed(err, "count the slot's generation")
}

// place is a change's place in its slot: who stands in its way.
type place struct {
	change         sources.Change // ID, Status, StartedAt and Sequence alone
	key            string
	supersededBy   string
	suspendedBy    string
	suspendedUntil time.Time
}

// settle gives every place of one slot what the others do to it, in the same
// order. The newest change that succeeded supersedes all older ones. The
// newest one still rolling suspends those older that stand — until
// watch.MaxRolling after it started, because its end may never be told. One
// that failed does neither, so that what it suspended stands again.
func settle(places []place) []place {
	live, rolling := newest(places, sources.Succeeded), newest(places, sources.Started)
	settled := make([]place, len(places))
	for i, p := range places {
		p.supersededBy, p.suspendedBy, p.suspendedUntil = "", "", time.Time{}
		switch {
		case live != nil && sources.Newer(live.change, p.change):
			p.supersededBy = live.key
		case rolling != nil && sources.Newer(rolling.change, p.change):
			p.suspendedBy, p.suspendedUntil = rolling.key, rolling.change.StartedAt.Add(watch.MaxRolling)
		}
		settled[i] = p
	}
	return settled
}

// newest finds the newest place of the given status, or nil.
func newest(places []place, status sources.Status) *place {
	var found *place
	for i, p := range places {
		if p.change.Status == status && (found == nil || sources.Newer(p.change, found.change)) {
			found = &places[i]
		}
	}
	return found
}

// settleSlot brings every change that stands in the slot up to date after one
// of them was folded. A superseded change is not looked at again: it has
// ceased to act, and nothing told later brings that back. The entries are for
// the journal.
func settleSlot(ctx context.Context, tx executor, slot string, now time.Time) (entries []Entry, err error) {
	before, err := collect(ctx, tx, scanPlace, `
		SELECT key, id, status, started_at, sequence, suspended_by, suspended_until
		FROM changes WHERE slot = $1 AND superseded_by = ''`, slot)
	if err != nil {
		return nil, failed(err, "read slot")
	}
	for i, p := range settle(before) {
		if p.equal(before[i]) {
			continue
		}
		cancelled, err := p.save(ctx, tx, now)
		if err != nil {
			return nil, failed(err, "settle slot")
		}
		entries = append(entries, cancelled...)
	}
	return entries, nil
}

func scanPlace(r row) (place, error) {
	var p place
	var started, suspended int64
	err := r.Scan(&p.key, &p.change.ID, &p.change.Status, &started, &p.change.Sequence, &p.suspendedBy, &suspended)
	p.change.StartedAt, p.suspendedUntil = fromMicros(started), fromMicros(suspended)
	return p, err
}

// equal says whether both are stored alike.
func (p place) equal(o place) bool {
	return p.supersededBy == o.supersededBy && p.suspendedBy == o.suspendedBy && p.suspendedUntil.Equal(o.suspendedUntil)
}

// save stores the place, and what it means for the change's order.
func (p place) save(ctx context.Context, tx executor, now time.Time) ([]Entry, error) {
	_, err := tx.ExecContext(ctx, `
		UPDATE changes SET superseded_by = $2, suspended_by = $3, suspended_until = $4 WHERE key = $1`,
		p.key, p.supersededBy, p.suspendedBy, micros(p.suspendedUntil))
	if err != nil {
		return nil, err
	}
	if p.supersededBy != "" {
		return cancelOrder(ctx, tx, p.key, "superseded by "+p.supersededBy, now)
	}
	_, err = tx.ExecContext(ctx, `UPDATE orders SET suspended_until = $2 WHERE key = $1`, p.key, micros(p.suspendedUntil))
	return nil, err
}
