package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"time"
)

// Entry is one decision, as it was made. The journal is only added to.
type Entry struct {
	Seq       int64 // set by the store; grows over all changes
	At        time.Time
	ChangeKey string // "" for what belongs to no change: a freeze, a reload
	Actor     string
	Action    string
	Detail    json.RawMessage // nil for none
}

// Append adds an entry.
func (s *Store) Append(ctx context.Context, e Entry) error {
	err := s.transact(ctx, func(tx *sql.Tx) error { return appendEntries(ctx, tx, e) })
	return failed(err, "append %s to the journal", e.Action)
}

func appendEntries(ctx context.Context, tx executor, entries ...Entry) error {
	for _, e := range entries {
		seq, err := count(ctx, tx, "journal")
		if err != nil {
			return failed(err, "number journal entry")
		}
		_, err = tx.ExecContext(ctx, `
			INSERT INTO journal (seq, at, change_key, actor, action, detail) VALUES ($1, $2, $3, $4, $5, $6)`,
			seq, micros(e.At), e.ChangeKey, e.Actor, e.Action, string(e.Detail))
		if err != nil {
			return failed(err, "save journal entry")
		}
	}
	return nil
}

// count gives the next number of a counter, from 1. Its row is held until tx
// ends, so that numbers have no gaps and entries appear in their order.
func count(ctx context.Context, tx executor, counter string) (n int64, err error) {
	err = tx.QueryRowContext(ctx, `
		INSERT INTO counters (name, value) VALUES ($1, 1)
		ON CONFLICT (name) DO UPDATE SET value = counters.value + 1 RETURNING value`, counter).Scan(&n)
	return n, err
}

// Journal lists the entries of a change, oldest first; of key "", those that
// belong to no change.
func (s *Store) Journal(ctx context.Context, changeKey string) ([]Entry, error) {
	es, err := collect(ctx, s.read, scanEntry, `
		SELECT seq, at, change_key, actor, action, detail FROM journal WHERE change_key = $1 ORDER BY seq`, changeKey)
	return es, failed(err, "read journal of change %s", changeKey)
}

func scanEntry(r row) (Entry, error) {
	var e Entry
	var at int64
	var detail string
	if err := r.Scan(&e.Seq, &at, &e.ChangeKey, &e.Actor, &e.Action, &detail); err != nil {
		return Entry{}, err
	}
	e.At = fromMicros(at)
	if detail != "" {
		e.Detail = json.RawMessage(detail)
	}
	return e, nil
}
