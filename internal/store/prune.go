package store

import (
	"context"
	"database/sql"
	"errors"
	"strings"
	"time"
)

// Ages says what is too old to keep. A zero time keeps everything.
type Ages struct {
	Before        time.Time // changes with all that belongs to them, the bodies of events and of refused deliveries, messages, profiles
	JournalBefore time.Time // entries of the journal, and the outcomes of watches
}

// Pruned is how many rows Prune deleted.
type Pruned struct {
	Changes  int64
	Records  int64 // rows of several looks, also of changes that stay
	Bodies   int64 // of events whose change stays
	Events   int64
	Messages int64 // about no change, or about one that stays
	Profiles int64
	Entries  int64
	Outcomes int64
}

// Prune deletes what is too old, and gives the space back. It works in small transactions,
// and rests after each for as long as that took, so that the others keep half of the
// database's time at least. Several replicas may prune at a time; it only costs time.
//
// Nothing is deleted that is still needed: see prunechanges.go. An event that is sent
// again after its change was deleted is told by its age: see Known.
//
// See adr/0101.
func (s *Store) Prune(ctx context.Context, ages Ages) (p Pruned, err error) {
	if !ages.Before.IsZero() {
		err = errors.Join(s.pruneChanges(ctx, ages.Before, &p), s.pruneEvents(ctx, ages.Before, &p), s.pruneMessages(ctx, ages.Before, &p), s.pruneCaptured(ctx, ages.Before), s.pruneProtections(ctx, ages.Before), s.pruneTokens(ctx, ages.Before))
	}
	if !ages.JournalBefore.IsZero() {
		err = errors.Join(err, s.pruneJournal(ctx, ages.JournalBefore, &p), s.releaseProfiles(ctx, ages.JournalBefore), s.pruneOutcomes(ctx, ages.JournalBefore, &p))
	}
	if !ages.Before.IsZero() {
		var pruning error
		p.Profiles, pruning = s.pruneProfiles(ctx, ages.Before)
		err = errors.Join(err, wrap(pruning, "delete old profiles"))
	}
	return p, errors.Join(err, s.giveSpaceBack(ctx))
}

// pruneBatch is how many changes, events, messages or entries one transaction deletes.
const pruneBatch = 100

// prune runs one small transaction, and rests for as long as it took.
func (s *Store) prune(ctx context.Context, do func(tx *sql.Tx) error) error {
	began := time.Now()
	if err := s.transact(ctx, do); err != nil {
		return err
	}
	return rest(ctx, began)
}

// rest waits for as long as it has been since then.
func rest(ctx context.Context, began time.Time) error {
	t := time.NewTimer(min(time.Since(began), time.Second))
	defer t.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-t.C:
		return nil
	}
}

// deleted runs a statement that deletes, and adds to n how many rows there were.
func deleted(ctx context.Context, tx executor, n *int64, query string, args ...any) error {
	result, err := tx.ExecContext(ctx, query, args...)
	if err != nil {
		return err
	}
	rows, err := result.RowsAffected()
	*n += rows
	return err
}

// eventRow is an event without its content.
type eventRow struct {
	source, id        string
	receivedAt        int64
	hasBody, orphaned bool
}

// pruneEvents deletes the bodies of the events that were received before a time, and the
// events themselves whose change is deleted.
func (s *Store) pruneEvents(ctx context.Context, before time.Time, p *Pruned) error {
	scan := func(r row) (e eventRow, err error) {
		err = r.Scan(&e.source, &e.id, &e.receivedAt, &e.hasBody, &e.orphaned)
		return e, err
	}
	var last eventRow
	for {
		page, err := collect(ctx, s.read, scan, `
			SELECT source, event_id, received_at, raw IS NOT NULL, NOT EXISTS (SELECT 1 FROM changes c WHERE c.key = events.change_key)
			FROM events WHERE received_at < $1 AND (received_at, source, event_id) > ($2, $3, $4)
			ORDER BY received_at, source, event_id LIMIT $5`, micros(before), last.receivedAt, last.source, last.id, 5*pruneBatch)
		if err != nil || len(page) == 0 {
			return wrap(err, "find old events")
		}
		last = page[len(page)-1]
		if err := s.pruneEventPage(ctx, page, p); err != nil {
			return wrap(err, "delete old events")
		}
	}
}

func (s *Store) pruneEventPage(ctx context.Context, page []eventRow, p *Pruned) error {
	var bodies, events tuples
	for _, e := range page {
		switch {
		case e.orphaned:
			events.add(e.source, e.id)
		case e.hasBody:
			bodies.add(e.source, e.id)
		}
	}
	if len(bodies.args)+len(events.args) == 0 {
		return nil
	}
	return s.prune(ctx, func(tx *sql.Tx) error {
		if len(bodies.args) > 0 {
			if err := deleted(ctx, tx, &p.Bodies, `UPDATE events SET raw = NULL WHERE (source, event_id) IN `+bodies.list(), bodies.args...); err != nil {
				return err
			}
		}
		if len(events.args) == 0 {
			return nil
		}
		return deleted(ctx, tx, &p.Events, `DELETE FROM events WHERE (source, event_id) IN `+events.list()+`
			AND NOT EXISTS (SELECT 1 FROM changes c WHERE c.key = events.change_key)`, events.args...)
	})
}

// tuples are the values of an IN over several columns.
type tuples struct {
	rows []string
	args []any
}

func (t *tuples) add(values ...any) {
	t.rows = append(t.rows, "("+placeholders(len(t.args)+1, len(values))+")")
	t.args = append(t.args, values...)
}

func (t *tuples) list() string { return "(VALUES " + strings.Join(t.rows, ", ") + ")" }

// pruneMessages deletes old messages that are not to be sent any more. The last ones of a
// thread stay while the thread goes on: later ones are numbered after them.
func (s *Store) pruneMessages(ctx context.Context, before time.Time, p *Pruned) error {
	var last Outgoing
	scan := func(r row) (o Outgoing, err error) {
		var created int64
		err = r.Scan(&o.ID, &created)
		o.CreatedAt = fromMicros(created)
		return o, err
	}
	for {
		page, err := collect(ctx, s.read, scan, `
			SELECT id, created_at FROM outgoing WHERE created_at < $1 AND (created_at, id) > ($2, $3)
			ORDER BY created_at, id LIMIT $4`, micros(before), micros(last.CreatedAt), last.ID, pruneBatch)
		if err != nil || len(page) == 0 {
			return wrap(err, "find old messages")
		}
		last = page[len(page)-1]
		args := []any{micros(before), Pending, Collecting}
		for _, o := range page {
			args = append(args, o.ID)
		}
		err = s.prune(ctx, func(tx *sql.Tx) error {
			return deleted(ctx, tx, &p.Messages, `
				DELETE FROM outgoing WHERE id IN (`+placeholders(4, len(page))+`) AND state NOT IN ($2, $3) AND (change_key = ''
				OR NOT EXISTS (SELECT 1 FROM outgoing later WHERE later.change_key = outgoing.change_key AND later.created_at >= $1))`, args...)
		})
		if err != nil {
			return wrap(err, "delete old messages")
		}
	}
}

// pruneOutcomes deletes the outcomes of watches that ended before a time. No index leads to
// them: a reader finds them, which keeps nobody from writing.
func (s *Store) pruneOutcomes(ctx context.Context, before time.Time, p *Pruned) error {
	for last := ""; ; {
		page, err := collect(ctx, s.read, scanText, `
			SELECT watch_id FROM outcomes WHERE ended_at < $1 AND watch_id > $2 ORDER BY watch_id LIMIT $3`, micros(before), last, pruneBatch)
		if err != nil || len(page) == 0 {
			return wrap(err, "find old outcomes")
		}
		last = page[len(page)-1]
		marks, args := oneOf(page)
		err = s.prune(ctx, func(tx *sql.Tx) error {
			return deleted(ctx, tx, &p.Outcomes, `DELETE FROM outcomes WHERE watch_id IN `+marks, args...)
		})
		if err != nil {
			return wrap(err, "delete old outcomes")
		}
	}
}
