package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/pushback/pushback/sources"
)

// mergeWithin is how far apart in time two tools may tell of one version and
// mean one change.
const mergeWithin = 30 * time.Minute

// take folds one event into its change within tx. The slot is left unsettled.
func take(ctx context.Context, tx *sql.Tx, d *delivery) (Accepted, error) {
	slot := slotKey(d.event.Slot())
	if err := lockSlot(ctx, tx, slot); err != nil {
		return Accepted{}, err
	}
	known, err := heardBefore(ctx, tx, d.event)
	if err != nil || known.Duplicate {
		return known, err
	}
	c, created, err := foldInto(ctx, tx, slot, d)
	if err != nil {
		return Accepted{}, err
	}
	return Accepted{Change: c, Created: created}, saveEvent(ctx, tx, c.Key, d)
}

// heardBefore gives the change of an event that is stored already.
func heardBefore(ctx context.Context, tx executor, e sources.Event) (Accepted, error) {
	c, err := scanChange(tx.QueryRowContext(ctx, selectChange+`
		WHERE key = (SELECT change_key FROM events WHERE source = $1 AND event_id = $2)`, e.Source, e.EventID))
	if errors.Is(err, sql.ErrNoRows) {
		return Accepted{}, nil
	}
	return Accepted{Change: c, Duplicate: err == nil}, wrap(err, "look for duplicate")
}

// foldInto finds the event's change, or begins one, and saves it under the
// name the tool has for it.
func foldInto(ctx context.Context, tx executor, slot string, d *delivery) (c Change, created bool, err error) {
	c, found, err := changeOf(ctx, tx, slot, d.event)
	if err != nil {
		return Change{}, false, err
	}
	if found {
		c.Change = c.Fold(d.event)
	} else {
		c = Change{Change: sources.Begin(d.event), ReceivedAt: d.now}
		c.Key = c.Change.Key()
		if c.Epoch, err = nextEpoch(ctx, tx, slot); err != nil {
			return Change{}, false, err
		}
	}
	if err := saveChange(ctx, tx, c); err != nil {
		return Change{}, false, err
	}
	_, err = tx.ExecContext(ctx, `
		INSERT INTO names (slot, name, key) VALUES ($1, $2, $3) ON CONFLICT (slot, name) DO NOTHING`,
		slot, d.event.ChangeID, c.Key)
	return c, !found, wrap(err, "save the change's name")
}

// changeOf finds the change an event tells of: by the tool's name for it, or
// as another tool's word of the same version.
func changeOf(ctx context.Context, tx executor, slot string, e sources.Event) (Change, bool, error) {
	c, err := scanChange(tx.QueryRowContext(ctx, selectChange+`
		WHERE key = (SELECT key FROM names WHERE slot = $1 AND name = $2)`, slot, e.ChangeID))
	if err == nil {
		return c, true, nil
	}
	if !errors.Is(err, sql.ErrNoRows) {
		return Change{}, false, fmt.Errorf("find change by name: %w", err)
	}
	neighbours, err := neighboursAt(ctx, tx, slot, e.At)
	for _, c := range neighbours {
		if sameChange(c.Change, e) {
			return c, true, nil
		}
	}
	return Change{}, false, wrap(err, "find change by version")
}

// neighboursAt gives the last change of the slot that began by at and the
// first that began after. Only these can be what a second tool speaks of: one
// version told of again, with another between, is a new change — as every
// rollback is.
func neighboursAt(ctx context.Context, tx executor, slot string, at time.Time) ([]Change, error) {
	before, err := collect(ctx, tx, scanChange, selectChange+`
		WHERE slot = $1 AND started_at <= $2 ORDER BY started_at DESC, sequence DESC, epoch DESC LIMIT 1`, slot, micros(at))
	if err != nil {
		return nil, err
	}
	after, err := collect(ctx, tx, scanChange, selectChange+`
		WHERE slot = $1 AND started_at > $2 ORDER BY started_at, sequence, epoch LIMIT 1`, slot, micros(at))
	return append(before, after...), err
}

// sameChange says whether e is another tool's word of c: one version, within
// mergeWithin, from a tool not heard of it yet. The same tool under another
// name means another change.
func sameChange(c sources.Change, e sources.Event) bool {
	if e.Version == "" || e.Version != c.Version {
		return false
	}
	if e.RollbackOf != "" && c.RollbackOf != "" && e.RollbackOf != c.RollbackOf {
		return false
	}
	for _, w := range c.Witnesses {
		if w.Source == e.Source {
			return false
		}
	}
	last := c.StartedAt
	if c.FinishedAt.After(last) {
		last = c.FinishedAt
	}
	return !e.At.Before(c.StartedAt.Add(-mergeWithin)) && !e.At.After(last.Add(mergeWithin))
}

// saveEvent stores what the tool sent, as it sent it.
func saveEvent(ctx context.Context, tx executor, key string, d *delivery) error {
	_, err := tx.ExecContext(ctx, `
		INSERT INTO events (source, event_id, change_key, received_at, raw) VALUES ($1, $2, $3, $4, $5)`,
		d.event.Source, d.event.EventID, key, micros(d.now), d.raw)
	return wrap(err, "save event")
}

// Prune forgets the bodies of events received before a moment, and the
// profiles that served then and no more, and returns how many rows that were.
// What names an event is kept: a delivery replayed a year later is still a
// duplicate.
func (s *Store) Prune(ctx context.Context, before time.Time) (int64, error) {
	result, err := s.write.ExecContext(ctx,
		`UPDATE events SET raw = NULL WHERE raw IS NOT NULL AND received_at < $1`, micros(before))
	if err != nil {
		return 0, wrap(err, "prune events")
	}
	events, err := result.RowsAffected()
	if err != nil {
		return 0, wrap(err, "prune events")
	}
	profiles, err := deleteUnnamedProfiles(ctx, s.write, true, before)
	return events + profiles, wrap(err, "prune profiles")
}
