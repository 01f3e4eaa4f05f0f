package store

import (
	"context"

	"github.com/pushback/pushback/detector"
	"github.com/pushback/pushback/internal/delta"
	"github.com/pushback/pushback/watch"
)

// newRecord is a look that is ready to be stored: the row that it makes or changes, and the end of
// the watch's records once it is stored.
type newRecord struct {
	recordRow
	watchID string
	tail    *tail
}

// prepareRecord packs a look into the last row of its watch, or into a new one. It
// replaces the last look if r has the same tick, grade, outcome and reason: storing always
// would store four looks a tick for a watch that looks every 15 s in ticks of a minute.
//
// It runs before the transaction that stores the look, because packing would hold SQLite's
// only writer. Nobody adds another look in between: whoever does moves the watch, and then
// this look is not stored.
func (s *Store) prepareRecord(ctx context.Context, from watch.Watch, r Record) (*newRecord, error) {
	at := fromMicros(micros(r.At)) // as rows of older versions have it
	l := look{At: at, Verdict: r.Verdict, Observation: r.Observation}
	q, first, before, err := s.continued(ctx, from, r.Verdict)
	if err != nil {
		return nil, wrap(err, "read the records of watch %s", from.ID)
	}
	without := q.Clone()
	packed, fresh, err := q.Append(&l)
	if err != nil {
		return nil, wrap(err, "pack a look of watch %s", from.ID)
	}
	n := newRecord{watchID: from.ID, recordRow: recordRow{seq: first, looks: before + 1, at: micros(r.At), last: r.Verdict, packed: packed}}
	if fresh {
		n.seq, n.looks = first+before, 1
	}
	n.tail = &tail{revision: from.Revision + 1, without: without, last: l, first: n.seq, looks: n.looks, full: len(packed) >= delta.SegmentSize}
	return &n, nil
}

// continued is the sequence that a look with a verdict is appended to, the number of the
// first look in its last row, and how many looks that one has which stay.
func (s *Store) continued(ctx context.Context, from watch.Watch, v detector.Verdict) (q *delta.Sequence[look], first, before int64, err error) {
	if t := s.tails.take(from.ID, from.Revision); t != nil {
		replaced := sameLook(t.last.Verdict, v)
		if q = t.sequence(replaced > 0); q != nil {
			return q, t.first, t.looks - int64(replaced), nil
		}
	}
	ends, err := collect(ctx, s.read, scanRecordRow, selectPacked+`ORDER BY seq DESC LIMIT 1`, from.ID)
	if err != nil || len(ends) == 0 {
		return looks.Sequence(), 1, 0, err
	}
	end, rows := ends[0], ends
	if end.seq > 1 && end.packed != nil {
		if rows, err = collect(ctx, s.read, scanRecordRow, selectPacked+`AND packed IS NOT NULL AND seq <= $2 ORDER BY seq`, from.ID, end.seq); err != nil {
			return nil, 0, 0, err
		}
	}
	q, before = sequenceOf(rows, sameLook(end.last, v))
	return q, end.seq, before, nil
}

// remember keeps the end of a watch's records once its look is stored, and forgets it where the
// watch has ended.
func (s *Store) remember(w watch.Watch, stored bool, n *newRecord) {
	switch {
	case !w.State.Open():
		s.tails.forget(w.ID)
	case stored && n != nil:
		s.tails.put(w.ID, n.tail)
	}
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

// sameLook is how many looks a look replaces: one where it says the same as the last.
func sameLook(last, v detector.Verdict) int {
	if last.Tick == v.Tick && last.Grade == v.Grade && last.Outcome == v.Outcome && last.Reason == v.Reason {
		return 1
	}
	return 0
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
