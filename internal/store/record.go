package store

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/pushback/pushback/detector"
	"github.com/pushback/pushback/internal/delta"
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

// look is what is stored of a record.
type look struct {
	At          time.Time            `json:"at"`
	Verdict     detector.Verdict     `json:"verdict"`
	Observation detector.Observation `json:"observation"`
}

// looks are stored as what differs from the look before. The formulas spare what can be
// computed: see delta.New.
//
// See adr/0100.
var looks = delta.New[look](map[string]string{
	"Ticks.value":       "bad/total",
	"Effect.difference": "after-forecast",
	"Effect.ratio":      "after/forecast",
	"Effect.high":       "difference+difference-low",
	"Evidence.p":        "raw_p",
})

// recordRow is a row of records: one look as an older version stored it, or several of
// them packed. tick, grade, outcome and reason are those of the last.
type recordRow struct {
	seq, looks           int64 // the number of the first look, and how many there are
	at                   int64
	last                 detector.Verdict // tick, grade, outcome and reason alone
	packed               []byte           // nil: verdict and observation are JSON
	verdict, observation string
}

// selectPacked leaves out the JSON of rows of older versions, which may be large.
const (
	selectRecord = `SELECT seq, looks, at, tick, grade, outcome, reason, packed, verdict, observation FROM records WHERE watch_id = $1 `
	selectPacked = `SELECT seq, looks, at, tick, grade, outcome, reason, packed, '', '' FROM records WHERE watch_id = $1 `
)

func scanRecordRow(r row) (recordRow, error) {
	var row recordRow
	err := r.Scan(&row.seq, &row.looks, &row.at, &row.last.Tick, &row.last.Grade, &row.last.Outcome, &row.last.Reason,
		&row.packed, &row.verdict, &row.observation)
	return row, err
}

// ErrDamaged is wrapped by the error of records that cannot be read because their bytes
// are not what was stored.
var ErrDamaged = errors.New("the stored record is damaged")

// damaged is the error of a row that cannot be read.
func (r recordRow) damaged(watchID string, cause error) error {
	return fmt.Errorf("looks %d to %d of watch %s cannot be read; the others can: %w: %w", r.seq, r.seq+r.looks-1, watchID, ErrDamaged, cause)
}

// read reads the looks of a row that comes after those that q has read. Where they cannot
// be read, q begins anew: what follows can be read from the next row on that needs nothing
// before it.
func (r recordRow) read(watchID string, q *delta.Sequence[look], each func(Record)) error {
	if r.packed == nil {
		rec := Record{WatchID: watchID, Seq: r.seq, At: fromMicros(r.at)}
		if err := errors.Join(decode(r.verdict, &rec.Verdict), decode(r.observation, &rec.Observation)); err != nil {
			return r.damaged(watchID, err)
		}
		each(rec)
		return nil
	}
	n, err := q.Read(r.packed, r.numbered(watchID, each))
	if err == nil && int64(n) != r.looks {
		err = fmt.Errorf("it has %d looks", n)
	}
	if err != nil {
		*q = *looks.Sequence()
		return r.damaged(watchID, err)
	}
	return nil
}

// numbered makes records of the looks of a row.
func (r recordRow) numbered(watchID string, each func(Record)) func(look) {
	if each == nil {
		return nil
	}
	seq := r.seq
	return func(l look) {
		each(Record{WatchID: watchID, Seq: seq, At: l.At, Verdict: l.Verdict, Observation: l.Observation})
		seq++
	}
}

// Records lists the looks of a watch, oldest first. Of consecutive looks with
// the same tick, grade, outcome and reason only the latest is stored. Where some are
// damaged it lists the others, and its error wraps ErrDamaged. The records share memory:
// their observations must not be written to.
func (s *Store) Records(ctx context.Context, watchID string) (all []Record, err error) {
	rows, err := collect(ctx, s.read, scanRecordRow, selectRecord+`ORDER BY seq`, watchID)
	if err != nil {
		return nil, wrap(err, "list records of watch %s", watchID)
	}
	q := looks.Sequence()
	for _, r := range rows {
		err = errors.Join(err, r.read(watchID, q, func(rec Record) { all = append(all, rec) }))
	}
	return all, err
}

// LastRecord returns the latest look of a watch, or ErrNotFound. Its error wraps
// ErrDamaged where that look is damaged.
func (s *Store) LastRecord(ctx context.Context, watchID string) (last Record, err error) {
	tail, err := scanRecordRow(s.read.QueryRowContext(ctx, selectRecord+`ORDER BY seq DESC LIMIT 1`, watchID))
	if err != nil {
		return Record{}, wrap(err, "read last record of watch %s", watchID)
	}
	rows := []recordRow{tail}
	if tail.packed != nil {
		if rows, err = collect(ctx, s.read, scanRecordRow, selectPacked+`AND packed IS NOT NULL ORDER BY seq`, watchID); err != nil {
			return Record{}, wrap(err, "read last record of watch %s", watchID)
		}
	}
	q := looks.Sequence()
	for i, r := range rows {
		if i < len(rows)-1 {
			_ = r.read(watchID, q, nil) // if it is damaged, so is what needs it
			continue
		}
		err = r.read(watchID, q, func(rec Record) { last = rec })
	}
	return last, err
}
