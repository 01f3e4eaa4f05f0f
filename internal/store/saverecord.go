package store

import (
	"context"

	"github.com/pushback/pushback/detector"
	"github.com/pushback/pushback/internal/delta"
)

// newRecord is a look that is ready to be stored: the row that it makes or changes.
type newRecord struct {
	recordRow
	watchID string
}

// prepareRecord packs a look into the last row of its watch, or into a new one. It
// replaces the last look if r has the same tick, grade, outcome and reason: storing always
// would store four looks a tick for a watch that looks every 15 s in ticks of a minute.
//
// It runs before the transaction that stores the look, because packing would hold SQLite's
// only writer. Nobody adds another look in between: whoever does moves the watch, and then
// this look is not stored.
func (s *Store) prepareRecord(ctx context.Context, watchID string, r Record) (*newRecord, error) {
	at := fromMicros(micros(r.At)) // as rows of older versions have it
	l := look{At: at, Verdict: r.Verdict, Observation: r.Observation}
	q, first, before, err := s.continued(ctx, watchID, r.Verdict)
	if err != nil {
		return nil, wrap(err, "read the records of watch %s", watchID)
	}
	without := q.Clone()
	packed, fresh, err := q.Append(&l)
	if err != nil {
		return nil, wrap(err, "pack a look of watch %s", watchID)
	}
	n := newRecord{watchID: watchID, recordRow: recordRow{seq: first, looks: before + 1, at: micros(r.At), last: r.Verdict, packed: packed}}
	if fresh {
		n.seq, n.looks = first+before, 1
	}
	s.tails.put(watchID, &tail{without: without, last: l, packed: packed})
	return &n, nil
}

// continued is the sequence that a look with a verdict is appended to, the number of the
// first look in its last row, and how many looks that one has which stay.
func (s *Store) continued(ctx context.Context, watchID string, v detector.Verdict) (q *delta.Sequence[look], first, before int64, err error) {
	ends, err := collect(ctx, s.read, scanRecordRow, selectPacked+`ORDER BY seq DESC LIMIT 1`, watchID)
	if err != nil || len(ends) == 0 {
		return looks.Sequence(), 1, 0, err
	}
	end, replaced := ends[0], 0
	if end.sameAs(v) {
		replaced = 1
	}
	if q = s.tails.take(watchID, end.packed, replaced == 1); q != nil {
		return q, end.seq, end.looks - int64(replaced), nil
	}
	rows := ends
	if end.seq > 1 && end.packed != nil {
		if rows, err = collect(ctx, s.read, scanRecordRow, selectPacked+`AND packed IS NOT NULL AND seq <= $2 ORDER BY seq`, watchID, end.seq); err != nil {
			return nil, 0, 0, err
		}
	}
	q, before = sequenceOf(rows, replaced)
	return q, end.seq, before, nil
}

// sequenceOf is the sequence of some rows without the last looks that are replaced, and how
// many looks of the last row stay. Where that row is damaged, or an older version has
// stored it, it stays as it is, and a new sequence begins.
func sequenceOf(rows []recordRow, replaced int) (q *delta.Sequence[look], before int64) {
	q = looks.Sequence()
	end := rows[len(rows)-1]
	if end.packed == nil {
		return q, end.looks - int64(replaced)
	}
	for _, r := range rows[:len(rows)-1] {
		_ = r.read("", q, nil) // if it is damaged, so is the last one, unless that needs nothing before it
	}
	n, err := q.ReadBut(end.packed, replaced)
	if err != nil || int64(n+replaced) != end.looks {
		return looks.Sequence(), end.looks
	}
	return q, int64(n)
}

// sameAs reports whether the row's last look says the same as a verdict.
func (r recordRow) sameAs(v detector.Verdict) bool {
	return r.last.Tick == v.Tick && r.last.Grade == v.Grade && r.last.Outcome == v.Outcome && r.last.Reason == v.Reason
}

// save stores the row. The transaction has locked the watch's row, and the watch has not
// moved since the record was prepared.
func (n *newRecord) save(ctx context.Context, tx executor) error {
	_, err := tx.ExecContext(ctx, `
		INSERT INTO records (watch_id, seq, looks, at, tick, grade, outcome, reason, packed, verdict, observation)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, '', '')
		ON CONFLICT (watch_id, seq) DO UPDATE SET looks = excluded.looks, at = excluded.at, tick = excluded.tick, grade = excluded.grade,
			outcome = excluded.outcome, reason = excluded.reason, packed = excluded.packed, verdict = '', observation = ''`,
		n.watchID, n.seq, n.looks, n.at, n.last.Tick, n.last.Grade, n.last.Outcome, n.last.Reason, n.packed)
	return wrap(err, "save record")
}
