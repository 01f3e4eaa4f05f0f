package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/pushback/pushback/sources"
)

// mergeWithin is how far apart in time the reports of two tools about one version
// may be, to be about one change.
const mergeWithin = 30 * time.Minute

// storeEvent folds one event into its change within tx. The caller updates the
// slot afterwards.
func storeEvent(ctx context.Context, tx *sql.Tx, p *pendingEvent) (Accepted, error) {
	slot := slotKey(p.event.Slot())
	if err := lockSlot(ctx, tx, slot); err != nil {
		return Accepted{}, err
	}
	known, err := findDuplicate(ctx, tx, p.event)
	if err != nil || known.Duplicate {
		return known, err
	}
	c, created, err := foldEvent(ctx, tx, slot, p)
	if err != nil {
		return Accepted{}, err
	}
	return Accepted{Change: c, Created: created}, saveEvent(ctx, tx, c.Key, p)
}

// findDuplicate returns the change of an event that is stored already, the zero
// Accepted if it is not.
func findDuplicate(ctx context.Context, tx executor, e sources.Event) (Accepted, error) {
	c, err := scanChange(tx.QueryRowContext(ctx, selectChange+`
		WHERE key = (SELECT change_key FROM events WHERE source = $1 AND event_id = $2)`, e.Source, e.EventID))
	if errors.Is(err, sql.ErrNoRows) {
		return Accepted{}, nil
	}
	return Accepted{Change: c, Duplicate: err == nil}, wrap(err, "look for a duplicate")
}

// foldEvent folds the event into its change, or into a new one, and saves that
// with the tool's own id of it.
func foldEvent(ctx context.Context, tx executor, slot string, p *pendingEvent) (c Change, created bool, err error) {
	c, found, err := findChange(ctx, tx, slot, p.event)
	if err != nil {
		return Change{}, false, err
	}
	if found {
		c.Change = c.Fold(p.event)
	} else {
		c = Change{Change: sources.Begin(p.event), ReceivedAt: p.now, Planned: p.unwatched}
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
		slot, p.event.ChangeID, c.Key)
	return c, !found, wrap(err, "save the change's name")
}

// findChange finds the change that an event reports: by the tool's own id of it, or
// as another tool's report of the same version.
func findChange(ctx context.Context, tx executor, slot string, e sources.Event) (Change, bool, error) {
	c, err := scanChange(tx.QueryRowContext(ctx, selectChange+`
		WHERE key = (SELECT key FROM names WHERE slot = $1 AND name = $2)`, slot, e.ChangeID))
	if err == nil {
		return c, true, nil
	}
	if !errors.Is(err, sql.ErrNoRows) {
		return Change{}, false, fmt.Errorf("find change by name: %w", err)
	}
	neighbours, err := adjacentChanges(ctx, tx, slot, e.At)
	for _, c := range neighbours {
		if sameChange(c.Change, e) {
			return c, true, nil
		}
	}
	return Change{}, false, wrap(err, "find change by version")
}

// adjacentChanges returns the last change of the slot that started up to at, and
// the first that started later. Only these can be what a second tool reports: if a
// version comes again after another version, that is a new change, as every rollback
// is.
func adjacentChanges(ctx context.Context, tx executor, slot string, at time.Time) ([]Change, error) {
	before, err := collect(ctx, tx, scanChange, selectChange+`
		WHERE slot = $1 AND started_at <= $2 ORDER BY started_at DESC, sequence DESC, epoch DESC LIMIT 1`, slot, micros(at))
	if err != nil {
		return nil, err
	}
	after, err := collect(ctx, tx, scanChange, selectChange+`
		WHERE slot = $1 AND started_at > $2 ORDER BY started_at, sequence, epoch LIMIT 1`, slot, micros(at))
	return append(before, after...), err
}

// sameChange says whether e is another tool's report of c: of the same version,
// within mergeWithin, from a tool that has not reported c. The same tool means
// another change, because it would have used the id that it has for c.
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

// saveEvent stores the body that the tool sent, unchanged.
func saveEvent(ctx context.Context, tx executor, key string, p *pendingEvent) error {
	_, err := tx.ExecContext(ctx, `
		INSERT INTO events (source, event_id, change_key, received_at, raw) VALUES ($1, $2, $3, $4, $5)`,
		p.event.Source, p.event.EventID, key, micros(p.now), p.raw)
	return wrap(err, "save event")
}

// Prune deletes the bodies of events received before a time, and the used profiles
// that were learned until then and that no name refers to. It returns the number of
// rows. The ids of events stay, so that an event that is sent again a year later is
// still a duplicate.
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
