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

// slotState is a change's state in its slot: which newer change supersedes or
// suspends it.
type slotState struct {
	change         sources.Change // ID, Status, StartedAt and Sequence alone
	key            string
	slot           string
	supersededBy   string
	suspendedBy    string
	suspendedUntil time.Time
	ordered        bool // it has an order
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

// arrange sets the new state of every change of the slots into which events were folded. It
// leaves superseded changes alone: a superseded change never acts again, whatever is
// reported later.
func (g *group) arrange() {
	for _, slot := range g.slots {
		if slot.last.IsZero() {
			continue
		}
		all := slices.Clone(slot.live)
		for i, c := range all {
			if of := slot.byKey[c.key]; of != nil {
				all[i].change = of.Change.Change
			}
		}
		for _, c := range slot.began {
			all = append(all, slotState{change: c.Change.Change, key: c.Key, slot: slot.key})
		}
		for i, c := range arrange(all) {
			g.setState(slot, c, !c.equal(all[i]))
		}
	}
}

// setState sets the state of a change, and notes what must be written for it.
func (g *group) setState(slot *openSlot, c slotState, moved bool) {
	of := slot.byKey[c.key]
	if of != nil {
		of.SupersededBy, of.SuspendedBy, of.SuspendedUntil = c.supersededBy, c.suspendedBy, c.suspendedUntil
	}
	if moved && (of == nil || of.written) {
		g.states = append(g.states, c)
	}
	if moved && c.ordered {
		g.reordered = append(g.reordered, c)
	}
}

func scanSlotState(r row) (slotState, error) {
	var c slotState
	var started, suspended int64
	err := r.Scan(&c.key, &c.change.ID, &c.change.Status, &started, &c.change.Sequence, &c.suspendedBy, &suspended, &c.slot, &c.ordered)
	c.change.StartedAt, c.suspendedUntil = fromMicros(started), fromMicros(suspended)
	return c, err
}

// equal says whether both have the same stored form.
func (c slotState) equal(o slotState) bool {
	return c.supersededBy == o.supersededBy && c.suspendedBy == o.suspendedBy && c.suspendedUntil.Equal(o.suspendedUntil)
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
