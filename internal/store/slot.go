package store

import (
	"context"
	"slices"
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

// lockSlots locks the slots of a group, in the order of their keys, until the
// transaction ends.
func lockSlots(ctx context.Context, tx executor, group []*pendingEvent) error {
	var slots values
	last := ""
	for _, p := range group {
		if slot := p.slot; slot != last {
			slots.add(slot, int64(0))
			last = slot
		}
	}
	if slots.empty() {
		return nil
	}
	_, err := tx.ExecContext(ctx, slots.insert("slots", "slot", "epoch")+`
		ON CONFLICT (slot) DO UPDATE SET epoch = slots.epoch`, slots.args...)
	return wrap(err, "lock slots")
}

// raiseEpochs raises the epochs of the slots in which changes began, and notes them in
// the changes. The slots must be locked.
func raiseEpochs(ctx context.Context, tx executor, began []*pendingEvent) error {
	if len(began) == 0 {
		return nil
	}
	bySlot := map[string]*pendingEvent{}
	var slots []string
	for _, p := range began {
		slot := p.slot
		bySlot[slot], slots = p, append(slots, slot)
	}
	marks, args := oneOf(slots)
	_, err := collect(ctx, tx, func(r row) (one struct{}, err error) {
		var slot string
		var epoch int64
		err = r.Scan(&slot, &epoch)
		if p := bySlot[slot]; p != nil {
			p.accepted.Change.Epoch = epoch
		}
		return one, err
	}, `UPDATE slots SET epoch = epoch + 1 WHERE slot IN `+marks+` RETURNING slot, epoch`, args...)
	return wrap(err, "raise the slots' epochs")
}

// slotState is a change's state in its slot: which newer change supersedes or
// suspends it.
type slotState struct {
	change         sources.Change // ID, Status, StartedAt and Sequence alone
	key            string
	slot           string
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

// rearrangeSlots stores the new state of every change of the slots into which events were
// folded. It leaves superseded changes alone: a superseded change never acts again,
// whatever is reported later. It returns the journal entries to append.
func rearrangeSlots(ctx context.Context, tx executor, stored []*pendingEvent) ([]Entry, error) {
	times := map[string]time.Time{} // of the last event of each slot
	var slots []string
	for _, p := range stored {
		slot := p.slot
		if _, twice := times[slot]; !twice {
			slots = append(slots, slot)
		}
		times[slot] = p.now
	}
	marks, args := oneOf(slots)
	before, err := collect(ctx, tx, scanSlotState, `
		SELECT key, id, status, started_at, sequence, suspended_by, suspended_until, slot
		FROM changes WHERE superseded_by = '' AND slot IN `+marks+` ORDER BY slot`, args...)
	if err != nil {
		return nil, wrap(err, "read slots")
	}
	var moved []slotState
	for len(before) > 0 {
		n := 1
		for n < len(before) && before[n].slot == before[0].slot {
			n++
		}
		for i, c := range arrange(before[:n]) {
			if !c.equal(before[i]) {
				moved = append(moved, c)
			}
		}
		before = before[n:]
	}
	entries, err := saveStates(ctx, tx, moved, times)
	return entries, wrap(err, "update slots")
}

func scanSlotState(r row) (slotState, error) {
	var c slotState
	var started, suspended int64
	err := r.Scan(&c.key, &c.change.ID, &c.change.Status, &started, &c.change.Sequence, &c.suspendedBy, &suspended, &c.slot)
	c.change.StartedAt, c.suspendedUntil = fromMicros(started), fromMicros(suspended)
	return c, err
}

// equal says whether both have the same stored form.
func (c slotState) equal(o slotState) bool {
	return c.supersededBy == o.supersededBy && c.suspendedBy == o.suspendedBy && c.suspendedUntil.Equal(o.suspendedUntil)
}

// saveStates stores the states, and cancels or suspends the changes' orders accordingly.
func saveStates(ctx context.Context, tx executor, moved []slotState, times map[string]time.Time) (entries []Entry, err error) {
	if len(moved) == 0 {
		return nil, nil
	}
	var rows values
	var keys []string
	for _, c := range moved {
		rows.add(c.key, c.supersededBy, c.suspendedBy, micros(c.suspendedUntil))
		keys = append(keys, c.key)
	}
	_, err = tx.ExecContext(ctx, rows.as("moved", "key", "superseded_by", "suspended_by", "suspended_until")+`
		UPDATE changes SET superseded_by = moved.superseded_by, suspended_by = moved.suspended_by,
			suspended_until = moved.suspended_until FROM moved WHERE changes.key = moved.key`, rows.args...)
	if err != nil {
		return nil, err
	}
	marks, args := oneOf(keys)
	ordered, err := collect(ctx, tx, scanText, `SELECT key FROM orders WHERE key IN `+marks, args...)
	if err != nil || len(ordered) == 0 {
		return nil, err
	}
	for _, c := range moved {
		if !slices.Contains(ordered, c.key) {
			continue
		}
		cancelled, err := c.saveOrder(ctx, tx, times[c.slot])
		if err != nil {
			return nil, err
		}
		entries = append(entries, cancelled...)
	}
	return entries, nil
}

// saveOrder cancels the change's order if the change is superseded, and otherwise
// suspends or resumes it.
func (c slotState) saveOrder(ctx context.Context, tx executor, now time.Time) ([]Entry, error) {
	if c.supersededBy != "" {
		return cancelOrder(ctx, tx, c.key, "superseded by "+c.supersededBy, now)
	}
	_, err := tx.ExecContext(ctx, `UPDATE orders SET suspended_until = $2 WHERE key = $1`, c.key, micros(c.suspendedUntil))
	return nil, err
}
