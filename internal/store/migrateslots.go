package store

import (
	"context"
	"database/sql"
	"fmt"
	"maps"
	"slices"

	"github.com/pushback/pushback/rollback"
	"github.com/pushback/pushback/sources"
)

// groupedChange is a change of a flag, an experiment or a config key, as a migration
// reads it.
type groupedChange struct {
	key    string
	slot   string // as it is stored
	change sources.Change
}

// slotsByGroup gives every flag, experiment and config key a slot of its own. Before,
// all flags of a service shared one. Keys stay as they are, because everything refers
// to them; the change keeps its own as its former key.
//
// See adr/0078.
func slotsByGroup(ctx context.Context, tx *sql.Tx) error {
	split := map[string]bool{}
	err := eachGrouped(ctx, tx, func(c groupedChange) error {
		c.change.FormerKey = c.key
		slot := slotKey(c.change.Slot())
		split[slot] = true
		return moveToSlot(ctx, tx, c, slot)
	})
	if err != nil {
		return err
	}
	for _, slot := range slices.Sorted(maps.Keys(split)) {
		if err := rearrange(ctx, tx, slot); err != nil {
			return fmt.Errorf("arrange slot %s: %w", slot, err)
		}
	}
	return nil
}

// slotsByKind undoes slotsByGroup, but for what is superseded: the next event of a
// slot arranges it.
func slotsByKind(ctx context.Context, tx *sql.Tx) error {
	return eachGrouped(ctx, tx, func(c groupedChange) error {
		c.change.FormerKey = ""
		slot := c.change.Slot()
		slot.Group = ""
		return moveToSlot(ctx, tx, c, slotKey(slot))
	})
}

// migratedAtOnce bounds how many changes a migration holds in memory.
const migratedAtOnce = 500

// eachGrouped calls do with every change whose slot has a group.
func eachGrouped(ctx context.Context, tx *sql.Tx, do func(groupedChange) error) error {
	for after := ""; ; {
		page, err := collect(ctx, tx, scanGrouped,
			`SELECT key, slot, body FROM changes WHERE key > $1 ORDER BY key LIMIT $2`, after, migratedAtOnce)
		if err != nil {
			return fmt.Errorf("read changes: %w", err)
		}
		for _, c := range page {
			if c.change.Slot().Group == "" {
				continue
			}
			if err := do(c); err != nil {
				return fmt.Errorf("move change %s: %w", c.key, err)
			}
		}
		if len(page) < migratedAtOnce {
			return nil
		}
		after = page[len(page)-1].key
	}
}

func scanGrouped(r row) (groupedChange, error) {
	var c groupedChange
	var body string
	if err := r.Scan(&c.key, &c.slot, &body); err != nil {
		return c, err
	}
	return c, decode(body, &c.change)
}

// moveToSlot stores the change in another slot, with its names and its order. The new
// slot's epoch is at least that of the old one, because a deploy tool may refuse a
// lower one.
func moveToSlot(ctx context.Context, tx *sql.Tx, c groupedChange, slot string) error {
	body, err := encode(c.change)
	if err != nil {
		return err
	}
	for _, s := range []struct {
		statement string
		args      []any
	}{
		{
			`INSERT INTO slots (slot, epoch) SELECT $1, epoch FROM slots WHERE slot = $2
			ON CONFLICT (slot) DO UPDATE SET epoch = CASE WHEN slots.epoch < excluded.epoch THEN excluded.epoch ELSE slots.epoch END`,
			[]any{slot, c.slot},
		},
		{`UPDATE changes SET slot = $2, body = $3 WHERE key = $1`, []any{c.key, slot, body}},
		{`UPDATE names SET slot = $2 WHERE key = $1
			AND NOT EXISTS (SELECT 1 FROM names other WHERE other.slot = $2 AND other.name = names.name)`, []any{c.key, slot}},
	} {
		if _, err := tx.ExecContext(ctx, s.statement, s.args...); err != nil {
			return err
		}
	}
	return moveOrderOf(ctx, tx, c)
}

// moveOrderOf stores the change's former key in its order, if it has one.
func moveOrderOf(ctx context.Context, tx *sql.Tx, c groupedChange) error {
	bodies, err := collect(ctx, tx, scanText, `SELECT body FROM orders WHERE key = $1`, c.key)
	for _, body := range bodies {
		var o rollback.Order
		if err := decode(body, &o); err != nil {
			return err
		}
		o.Change.FormerKey = c.change.FormerKey
		if body, err = encode(o); err != nil {
			return err
		}
		if _, err := tx.ExecContext(ctx, `UPDATE orders SET body = $2 WHERE key = $1`, c.key, body); err != nil {
			return err
		}
	}
	return err
}

// rearrange recomputes which changes of the slot are superseded and suspended, now
// that the changes of other things are gone from it. What a change of the same thing
// has superseded stays so. Orders that were cancelled and watches that have ended stay
// as they are.
func rearrange(ctx context.Context, tx *sql.Tx, slot string) error {
	all, err := collect(ctx, tx, scanArranged, `
		SELECT key, id, status, started_at, sequence, superseded_by FROM changes WHERE slot = $1`, slot)
	if err != nil {
		return err
	}
	slices.SortFunc(all, func(a, b slotState) int {
		if sources.Newer(a.change, b.change) {
			return 1
		}
		return -1
	})
	for i, c := range all {
		here := slices.ContainsFunc(all, func(o slotState) bool { return o.key == c.supersededBy })
		if !here {
			all[i].supersededBy = nextSuccess(all[i+1:])
		}
	}
	return saveArranged(ctx, tx, all)
}

func scanArranged(r row) (slotState, error) {
	var c slotState
	var started int64
	err := r.Scan(&c.key, &c.change.ID, &c.change.Status, &started, &c.change.Sequence, &c.supersededBy)
	c.change.StartedAt = fromMicros(started)
	return c, err
}

// nextSuccess is the key of the first change that succeeded, "" for none.
func nextSuccess(newer []slotState) string {
	for _, c := range newer {
		if c.change.Status == sources.Succeeded {
			return c.key
		}
	}
	return ""
}

// saveArranged stores the state of every change of a slot. What is superseded is not
// suspended any more.
func saveArranged(ctx context.Context, tx *sql.Tx, all []slotState) error {
	live := slices.DeleteFunc(slices.Clone(all), func(c slotState) bool { return c.supersededBy != "" })
	superseded := slices.DeleteFunc(all, func(c slotState) bool { return c.supersededBy == "" })
	for _, c := range slices.Concat(superseded, arrange(live)) {
		_, err := tx.ExecContext(ctx, `
			UPDATE changes SET superseded_by = $2, suspended_by = $3, suspended_until = $4 WHERE key = $1`,
			c.key, c.supersededBy, c.suspendedBy, micros(c.suspendedUntil))
		if err != nil {
			return err
		}
		if _, err := tx.ExecContext(ctx, `UPDATE orders SET suspended_until = $2 WHERE key = $1`, c.key, micros(c.suspendedUntil)); err != nil {
			return err
		}
	}
	return nil
}
