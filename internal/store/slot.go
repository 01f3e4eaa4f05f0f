package store

import (
	"context"
	"time"

	"github.com/pushback/pushback/sources"
	"github.com/pushback/pushback/watch"
)

// slotKey returns the stored name of a slot.
func slotKey(s sources.Slot) string { return sources.Key(s, "") }

// lockSlot locks the slot until the transaction ends. It uses an UPDATE that
// changes nothing, the only row lock that both databases have.
func lockSlot(ctx context.Context, tx executor, slot string) error {
	_, err := tx.ExecContext(ctx, `
		INSERT INTO slots (slot, epoch) VALUES ($1, 0)
		ON CONFLICT (slot) DO UPDATE SET epoch = slots.epoch`, slot)
	return wrap(err, "lock slot")
}

// nextEpoch raises the slot's epoch and returns it. The slot must be locked.
func nextEpoch(ctx context.Context, tx executor, slot string) (epoch int64, err error) {
	err = tx.QueryRowContext(ctx, `UPDATE slots SET epoch = epoch + 1 WHERE slot = $1 RETURNING epoch`, slot).Scan(&epoch)
	return epoch, wrap(err, "raise the slot's epoch")
}

// slotState is a change's state in its slot: which newer change supersedes or
// suspends it.
type slotState struct {
	change         sources.Change // ID, Status, StartedAt and Sequence alone
	key            string
	supersededBy   string
	suspendedBy    string
	suspendedUntil time.Time
}

// arrange computes the state of every change of one slot, in the given order.
// The newest change that succeeded supersedes all older ones. The newest one still
// rolling suspends the older ones that are left, until watch.MaxRolling after its
// start, because its end may never be reported. A change that failed does neither,
// so that what it suspended resumes.
func arrange(changes []slotState) []slotState {
	live, rolling := newest(changes, sources.Succeeded), newest(changes, sources.Started)
	arranged := make([]slotState, len(changes))
	for i, c := range changes {
		c.supersededBy, c.suspendedBy, c.suspendedUntil = "", "", time.Time{}
		switch {
		case live != nil && sources.Newer(live.change, c.change):
			c.supersededBy = live.key
		case rolling != nil && sources.Newer(rolling.change, c.change):
			c.suspendedBy, c.suspendedUntil = rolling.key, rolling.change.StartedAt.Add(watch.MaxRolling)
		}
		arranged[i] = c
	}
	return arranged
}

// newest returns the newest change of the given status, or nil.
func newest(changes []slotState, status sources.Status) *slotState {
	var found *slotState
	for i, c := range changes {
		if c.change.Status == status && (found == nil || sources.Newer(c.change, found.change)) {
			found = &changes[i]
		}
	}
	return found
}

// updateSlot stores the new state of every change of the slot after an event was
// folded into one of them. It leaves superseded changes alone: a superseded change
// never acts again, whatever is reported later. It returns the journal entries to
// append.
func updateSlot(ctx context.Context, tx executor, slot string, now time.Time) (entries []Entry, err error) {
	before, err := collect(ctx, tx, scanSlotState, `
		SELECT key, id, status, started_at, sequence, suspended_by, suspended_until
		FROM changes WHERE slot = $1 AND superseded_by = ''`, slot)
	if err != nil {
		return nil, wrap(err, "read slot")
	}
	for i, c := range arrange(before) {
		if c.equal(before[i]) {
			continue
		}
		cancelled, err := c.save(ctx, tx, now)
		if err != nil {
			return nil, wrap(err, "update slot")
		}
		entries = append(entries, cancelled...)
	}
	return entries, nil
}

func scanSlotState(r row) (slotState, error) {
	var c slotState
	var started, suspended int64
	err := r.Scan(&c.key, &c.change.ID, &c.change.Status, &started, &c.change.Sequence, &c.suspendedBy, &suspended)
	c.change.StartedAt, c.suspendedUntil = fromMicros(started), fromMicros(suspended)
	return c, err
}

// equal says whether both have the same stored form.
func (c slotState) equal(o slotState) bool {
	return c.supersededBy == o.supersededBy && c.suspendedBy == o.suspendedBy && c.suspendedUntil.Equal(o.suspendedUntil)
}

// save stores the state, and cancels or suspends the change's order accordingly.
func (c slotState) save(ctx context.Context, tx executor, now time.Time) ([]Entry, error) {
	_, err := tx.ExecContext(ctx, `
		UPDATE changes SET superseded_by = $2, suspended_by = $3, suspended_until = $4 WHERE key = $1`,
		c.key, c.supersededBy, c.suspendedBy, micros(c.suspendedUntil))
	if err != nil {
		return nil, err
	}
	if c.supersededBy != "" {
		return cancelOrder(ctx, tx, c.key, "superseded by "+c.supersededBy, now)
	}
	_, err = tx.ExecContext(ctx, `UPDATE orders SET suspended_until = $2 WHERE key = $1`, c.key, micros(c.suspendedUntil))
	return nil, err
}
