package store

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"time"

	"github.com/pushback/pushback/sources"
)

// Which old changes stay, because somebody may still need them:
//
//	the live one of each slot         it may be rolled back
//	what was live before it           as far back as a rollback may go: to the newest good
//	                                  version that was replaced, or keptBefore versions back
//	the last bad one of each slot     nobody must go back to its version
//	bad and cleared ones              while their version came again later
//	what replaced a bad one           it says how long the bad one was live
//	with an open watch or order       or a message that is still to be sent
//
// All others go, with their watches, records, orders, messages, reports and names.

// keptBefore is how many versions before the live one stay in a slot without a good one.
const keptBefore = 20

// oldChange is the condition for a change to be deleted: $1 is the time before which it
// is old.
var oldChange = fmt.Sprintf(`
	changes.started_at < $1 AND changes.received_at < $1 AND changes.finished_at < $1 AND changes.planned
	AND CASE WHEN changes.status = '%[1]s' OR %[2]s THEN changes.superseded_by <> '' AND (%[3]s OR EXISTS (SELECT 1 FROM changes newer
			WHERE newer.slot = changes.slot AND newer.started_at > changes.started_at AND newer.standing = '%[4]s' AND newer.superseded_by <> ''))
		ELSE changes.superseded_by <> '' OR %[5]s END
	AND NOT (changes.standing = '%[6]s' AND NOT EXISTS (SELECT 1 FROM changes newer
		WHERE newer.slot = changes.slot AND newer.started_at > changes.started_at AND newer.standing = '%[6]s'))
	AND NOT ((changes.standing IN ('%[6]s', '%[7]s') OR %[2]s) AND EXISTS (SELECT 1 FROM changes newer
		WHERE newer.slot = changes.slot AND newer.started_at > changes.started_at AND newer.version = changes.version))
	AND NOT EXISTS (SELECT 1 FROM changes replaced WHERE replaced.slot = changes.slot AND replaced.started_at <= changes.started_at
		AND replaced.superseded_by = changes.key AND replaced.standing IN ('%[6]s', '%[7]s'))
	AND NOT EXISTS (SELECT 1 FROM watches w WHERE w.change_key = changes.key AND (w.running
		OR (SELECT MAX(r.at) FROM records r WHERE r.watch_id = w.id) >= $1))
	AND NOT EXISTS (SELECT 1 FROM orders o WHERE o.key = changes.key AND (o.ended_at = 0 OR o.ended_at >= $1))
	AND NOT EXISTS (SELECT 1 FROM outgoing m WHERE m.change_key = changes.key AND (m.state IN ('%[8]s', '%[9]s') OR m.created_at >= $1))`,
	sources.Succeeded, `EXISTS (SELECT 1 FROM orders o WHERE o.key = changes.key AND o.sent_at > 0)`,
	nthNewer(`AND newer.status = 'succeeded'`), Good, nthNewer(``), Bad, Cleared, Pending, Collecting)

// nthNewer is the condition that keptBefore newer changes of the slot are like that.
func nthNewer(like string) string {
	return fmt.Sprintf(`EXISTS (SELECT 1 FROM changes newer WHERE newer.slot = changes.slot AND newer.started_at > changes.started_at %s
		ORDER BY newer.started_at LIMIT 1 OFFSET %d)`, like, keptBefore-1)
}

// candidate is a change that is old.
type candidate struct {
	key, slot string
	startedAt int64
}

// pruneChanges deletes the old changes that nobody needs, and the records of the ended
// watches of all old changes.
func (s *Store) pruneChanges(ctx context.Context, before time.Time, p *Pruned) error {
	before, err := s.beforeOpenWatches(ctx, before)
	if err != nil {
		return wrap(err, "find the oldest open watch")
	}
	scan := func(r row) (c candidate, err error) {
		err = r.Scan(&c.key, &c.slot, &c.startedAt)
		return c, err
	}
	var last candidate
	for {
		page, err := collect(ctx, s.read, scan, `
			SELECT key, slot, started_at FROM changes WHERE started_at < $1 AND (started_at, key) > ($2, $3)
			ORDER BY started_at, key LIMIT $4`, micros(before), last.startedAt, last.key, pruneBatch)
		if err != nil || len(page) == 0 {
			return wrap(err, "find old changes")
		}
		last = page[len(page)-1]
		if err := s.pruneChangePage(ctx, page, before, p); err != nil {
			return wrap(err, "delete old changes")
		}
	}
}

// watchMargin is how long before the change of an open watch others are still looked at,
// as what else may be the cause.
const watchMargin = 24 * time.Hour

// beforeOpenWatches is before, or what no open watch needs any more if that is earlier.
func (s *Store) beforeOpenWatches(ctx context.Context, before time.Time) (time.Time, error) {
	var oldest int64
	err := s.read.QueryRowContext(ctx, `
		SELECT COALESCE(MIN(c.started_at), 0) FROM watches w JOIN changes c ON c.key = w.change_key WHERE w.running`).Scan(&oldest)
	if needed := fromMicros(oldest).Add(-watchMargin); oldest > 0 && needed.Before(before) {
		before = needed
	}
	return before, err
}

func (s *Store) pruneChangePage(ctx context.Context, page []candidate, before time.Time, p *Pruned) error {
	keys := make([]string, len(page))
	for i, c := range page {
		keys[i] = c.key
	}
	if watches, changes, err := findOld(ctx, s.read, keys, before); err != nil || len(watches)+len(changes) == 0 {
		return err // the writer is spared where all of them stay
	}
	return s.prune(ctx, func(tx *sql.Tx) error {
		if err := lockInOrder(ctx, tx, page); err != nil {
			return err
		}
		watches, old, err := findOld(ctx, tx, keys, before)
		if err != nil {
			return err
		}
		if len(watches) > 0 {
			marks, args := oneOf(watches)
			if err := deleted(ctx, tx, &p.Records, `DELETE FROM records WHERE watch_id IN `+marks, args...); err != nil {
				return err
			}
		}
		if len(old) == 0 {
			return nil
		}
		p.Changes += int64(len(old))
		return deleteChanges(ctx, tx, old)
	})
}

// lockInOrder locks the slots of changes, in the order of their keys as intake does.
func lockInOrder(ctx context.Context, tx executor, page []candidate) error {
	var slots []string
	for _, c := range page {
		slots = append(slots, c.slot)
	}
	slices.Sort(slots)
	for _, slot := range slices.Compact(slots) {
		if err := lockSlot(ctx, tx, slot); err != nil {
			return err
		}
	}
	return nil
}

// ageAnd are the arguments of a statement: $1 is the time, the keys follow.
func ageAnd(before time.Time, keys []string) []any {
	args := []any{micros(before)}
	for _, key := range keys {
		args = append(args, key)
	}
	return args
}

// findOld finds, among some changes, the ended watches whose looks are all old, and the
// changes to delete. Of those, all watches that have looks are among the former.
func findOld(ctx context.Context, db executor, keys []string, before time.Time) (watches []string, old []Change, err error) {
	marks, args := placeholders(2, len(keys)), ageAnd(before, keys)
	watches, err = collect(ctx, db, scanText, `SELECT w.id FROM watches w WHERE w.change_key IN (`+marks+`) AND NOT w.running
		AND (SELECT MAX(r.at) FROM records r WHERE r.watch_id = w.id) < $1`, args...)
	if err != nil {
		return nil, nil, err
	}
	old, err = collect(ctx, db, scanChange, selectChange+`WHERE key IN (`+marks+`) AND `+oldChange, args...)
	return watches, old, err
}

// ofChange are the statements that delete what belongs to changes, and the changes. Their
// records are deleted before.
var ofChange = []string{
	`DELETE FROM watches WHERE change_key IN `,
	`DELETE FROM orders WHERE key IN `,
	`DELETE FROM outgoing WHERE change_key IN `,
	`DELETE FROM reports WHERE change_key IN `,
	`DELETE FROM changes WHERE key IN `,
}

// deleteChanges deletes changes with all that belongs to them. Their events follow when it
// is the turn of those.
func deleteChanges(ctx context.Context, tx executor, old []Change) error {
	var keys []string
	var names tuples
	for _, c := range old {
		keys = append(keys, c.Key)
		slot := slotKey(c.Slot())
		names.add(slot, c.ID, c.Key)
		for _, w := range c.Witnesses {
			names.add(slot, w.ChangeID, c.Key)
		}
	}
	if _, err := tx.ExecContext(ctx, `DELETE FROM names WHERE (slot, name, key) IN `+names.list(), names.args...); err != nil {
		return wrap(err, "delete names")
	}
	marks, args := oneOf(keys)
	for _, statement := range ofChange {
		if _, err := tx.ExecContext(ctx, statement+marks, args...); err != nil {
			return err
		}
	}
	return nil
}

// Known reports whether an event is stored.
func (s *Store) Known(ctx context.Context, e sources.Event) (known bool, err error) {
	err = s.read.QueryRowContext(ctx, `SELECT EXISTS (SELECT 1 FROM events e JOIN changes c ON c.key = e.change_key
		WHERE e.source = $1 AND e.event_id = $2)`, e.Source, e.EventID).Scan(&known)
	return known, wrap(err, "look for an event")
}
