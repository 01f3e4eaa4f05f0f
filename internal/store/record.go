package store

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"github.com/pushback/pushback/detector"
)

// Record is one look of a watch: its observation and the verdict on it, enough
// to judge again and to show.
type Record struct {
	WatchID     string
	Seq         int64 // from 1, set by the store
	At          time.Time
	Verdict     detector.Verdict
	Observation detector.Observation
}

const selectRecord = `SELECT watch_id, seq, at, verdict, observation FROM records `

func scanRecord(r row) (Record, error) {
	var rec Record
	var at int64
	var verdict, observation string
	if err := r.Scan(&rec.WatchID, &rec.Seq, &at, &verdict, &observation); err != nil {
		return Record{}, err
	}
	rec.At = fromMicros(at)
	return rec, errors.Join(decode(verdict, &rec.Verdict), decode(observation, &rec.Observation))
}

// Records lists the looks of a watch, oldest first. Of consecutive looks with
// the same tick, grade, outcome and reason only the latest is stored.
func (s *Store) Records(ctx context.Context, watchID string) ([]Record, error) {
	rs, err := collect(ctx, s.read, scanRecord, selectRecord+`WHERE watch_id = $1 ORDER BY seq`, watchID)
	return rs, wrap(err, "list records of watch %s", watchID)
}

// LastRecord returns the latest look of a watch, or ErrNotFound.
func (s *Store) LastRecord(ctx context.Context, watchID string) (Record, error) {
	r, err := scanRecord(s.read.QueryRowContext(ctx, selectRecord+`WHERE watch_id = $1 ORDER BY seq DESC LIMIT 1`, watchID))
	return r, wrap(err, "read last record of watch %s", watchID)
}

// saveRecord replaces the last record if r has the same tick, grade, outcome and
// reason, and adds r otherwise. Adding always would store 120 copies of the before
// window for a watch that looks every 15 s for half an hour. The transaction has
// locked the watch's row, so that no other adds a record.
func saveRecord(ctx context.Context, tx executor, watchID string, r Record) error {
	verdict, err := encode(r.Verdict)
	if err != nil {
		return err
	}
	observation, err := encode(r.Observation)
	if err != nil {
		return err
	}
	seq, err := recordSeq(ctx, tx, watchID, r.Verdict)
	if err != nil {
		return wrap(err, "read last record")
	}
	_, err = tx.ExecContext(ctx, `
		INSERT INTO records (watch_id, seq, at, tick, grade, outcome, reason, verdict, observation)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
		ON CONFLICT (watch_id, seq) DO UPDATE SET at = excluded.at, verdict = excluded.verdict, observation = excluded.observation`,
		watchID, seq, micros(r.At), r.Verdict.Tick, r.Verdict.Grade, r.Verdict.Outcome, r.Verdict.Reason, verdict, observation)
	return wrap(err, "save record")
}

// recordSeq returns the number of the last record if that one's verdict has the
// tick, grade, outcome and reason of v, and the next number otherwise.
func recordSeq(ctx context.Context, tx executor, watchID string, v detector.Verdict) (seq int64, err error) {
	var last detector.Verdict
	err = tx.QueryRowContext(ctx, `
		SELECT seq, tick, grade, outcome, reason FROM records WHERE watch_id = $1 ORDER BY seq DESC LIMIT 1`,
		watchID).Scan(&seq, &last.Tick, &last.Grade, &last.Outcome, &last.Reason)
	if errors.Is(err, sql.ErrNoRows) {
		return 1, nil
	}
	if last.Tick != v.Tick || last.Grade != v.Grade || last.Outcome != v.Outcome || last.Reason != v.Reason {
		seq++
	}
	return seq, err
}
