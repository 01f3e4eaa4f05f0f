package store

import (
	"context"
	"database/sql"
	"errors"
	"time"
)

// SourceCount is what the deliveries of one source came to.
type SourceCount struct {
	Source   string
	Since    time.Time // from when on is counted
	Accepted int64
	Ignored  int64
	Refused  int64 // proven to come from the tool, and not taken
	Unsigned int64 // not proven

	AcceptedAt, IgnoredAt, RefusedAt, UnsignedAt time.Time // the last of each; zero: none
	IgnoredReason, RefusedReason                 string    // of the last
}

// AddSourceCounts adds what was counted since the last time. A replica calls it every few
// seconds, and not for each delivery.
func (s *Store) AddSourceCounts(ctx context.Context, counts []SourceCount) error {
	err := s.transact(ctx, func(tx *sql.Tx) error {
		for _, c := range counts {
			if _, err := tx.ExecContext(ctx, addSourceCount, c.Source, micros(c.Since), c.Accepted, c.Ignored, c.Refused, c.Unsigned,
				micros(c.AcceptedAt), micros(c.IgnoredAt), c.IgnoredReason, micros(c.RefusedAt), c.RefusedReason, micros(c.UnsignedAt)); err != nil {
				return err
			}
		}
		return nil
	})
	return wrap(err, "count deliveries")
}

const addSourceCount = `
	INSERT INTO source_counts (source, since, accepted, ignored, refused, unsigned, accepted_at, ignored_at, ignored_reason, refused_at, refused_reason, unsigned_at)
	VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
	ON CONFLICT (source) DO UPDATE SET
		accepted = source_counts.accepted + excluded.accepted, ignored = source_counts.ignored + excluded.ignored,
		refused = source_counts.refused + excluded.refused, unsigned = source_counts.unsigned + excluded.unsigned,
		accepted_at = CASE WHEN excluded.accepted_at > source_counts.accepted_at THEN excluded.accepted_at ELSE source_counts.accepted_at END,
		ignored_reason = CASE WHEN excluded.ignored_at >= source_counts.ignored_at AND excluded.ignored > 0 THEN excluded.ignored_reason ELSE source_counts.ignored_reason END,
		ignored_at = CASE WHEN excluded.ignored_at > source_counts.ignored_at THEN excluded.ignored_at ELSE source_counts.ignored_at END,
		refused_reason = CASE WHEN excluded.refused_at >= source_counts.refused_at AND excluded.refused > 0 THEN excluded.refused_reason ELSE source_counts.refused_reason END,
		refused_at = CASE WHEN excluded.refused_at > source_counts.refused_at THEN excluded.refused_at ELSE source_counts.refused_at END,
		unsigned_at = CASE WHEN excluded.unsigned_at > source_counts.unsigned_at THEN excluded.unsigned_at ELSE source_counts.unsigned_at END`

// SourceCounts returns what was counted of every source, by name.
func (s *Store) SourceCounts(ctx context.Context) ([]SourceCount, error) {
	scan := func(r row) (c SourceCount, err error) {
		var since, accepted, ignored, refused, unsigned int64
		err = r.Scan(&c.Source, &since, &c.Accepted, &c.Ignored, &c.Refused, &c.Unsigned, &accepted, &ignored, &c.IgnoredReason, &refused, &c.RefusedReason, &unsigned)
		c.Since, c.AcceptedAt, c.IgnoredAt, c.RefusedAt, c.UnsignedAt = fromMicros(since), fromMicros(accepted), fromMicros(ignored), fromMicros(refused), fromMicros(unsigned)
		return c, err
	}
	all, err := collect(ctx, s.read, scan, `SELECT source, since, accepted, ignored, refused, unsigned, accepted_at, ignored_at, ignored_reason, refused_at, refused_reason, unsigned_at
		FROM source_counts ORDER BY source`)
	return all, wrap(err, "read what deliveries came to")
}

// Capture says until when the refused bodies of a source are kept.
type Capture struct {
	Source  string
	BegunAt time.Time
	EndsAt  time.Time
	Actor   string
}

// BeginCapture keeps refused bodies of a source from now on. Again, it changes the end.
func (s *Store) BeginCapture(ctx context.Context, c Capture) error {
	_, err := s.write.ExecContext(ctx, `INSERT INTO captures (source, begun_at, ends_at, actor) VALUES ($1, $2, $3, $4)
		ON CONFLICT (source) DO UPDATE SET begun_at = excluded.begun_at, ends_at = excluded.ends_at, actor = excluded.actor`,
		c.Source, micros(c.BegunAt), micros(c.EndsAt), c.Actor)
	return wrap(err, "begin to keep refused bodies")
}

// EndCapture keeps no more bodies of a source, and deletes those that were kept.
func (s *Store) EndCapture(ctx context.Context, source string) error {
	err := s.transact(ctx, func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `DELETE FROM captures WHERE source = $1`, source)
		if err != nil {
			return err
		}
		_, err = tx.ExecContext(ctx, `DELETE FROM captured WHERE source = $1`, source)
		return err
	})
	return wrap(err, "stop keeping refused bodies")
}

// CaptureOf returns the capture of a source, and whether there is one, also one that has ended.
func (s *Store) CaptureOf(ctx context.Context, source string) (c Capture, is bool, err error) {
	var begun, ends int64
	err = s.read.QueryRowContext(ctx, `SELECT begun_at, ends_at, actor FROM captures WHERE source = $1`, source).Scan(&begun, &ends, &c.Actor)
	if errors.Is(err, sql.ErrNoRows) {
		return Capture{}, false, nil
	}
	c.Source, c.BegunAt, c.EndsAt = source, fromMicros(begun), fromMicros(ends)
	return c, err == nil, wrap(err, "read whether refused bodies are kept")
}

// Captured is one body that was not taken, without its secrets.
type Captured struct {
	ID      string
	Source  string
	At      time.Time
	Outcome string
	Reason  string
	Bytes   int64 // as it came
	Body    string
}

// KeepCaptured stores a body, and forgets those of the same source and outcome before the last
// few.
func (s *Store) KeepCaptured(ctx context.Context, c Captured, last int) error {
	err := s.transact(ctx, func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `INSERT INTO captured (id, source, at, outcome, reason, bytes, body) VALUES ($1, $2, $3, $4, $5, $6, $7)
			ON CONFLICT (id) DO UPDATE SET at = excluded.at`, c.ID, c.Source, micros(c.At), c.Outcome, c.Reason, c.Bytes, c.Body)
		if err != nil {
			return err
		}
		_, err = tx.ExecContext(ctx, `DELETE FROM captured WHERE source = $1 AND outcome = $2 AND id NOT IN
			(SELECT id FROM captured WHERE source = $1 AND outcome = $2 ORDER BY at DESC, id LIMIT $3)`, c.Source, c.Outcome, last)
		return err
	})
	return wrap(err, "keep a refused body")
}

// CapturedOf returns the bodies that were kept of a source, the newest first.
func (s *Store) CapturedOf(ctx context.Context, source string) ([]Captured, error) {
	scan := func(r row) (c Captured, err error) {
		var at int64
		err = r.Scan(&c.ID, &c.Source, &at, &c.Outcome, &c.Reason, &c.Bytes, &c.Body)
		c.At = fromMicros(at)
		return c, err
	}
	all, err := collect(ctx, s.read, scan, `SELECT id, source, at, outcome, reason, bytes, body FROM captured WHERE source = $1 ORDER BY at DESC, id`, source)
	return all, wrap(err, "read the bodies that were kept")
}

// pruneCaptured deletes the bodies that were kept before a time. There are few.
func (s *Store) pruneCaptured(ctx context.Context, before time.Time) error {
	_, err := s.write.ExecContext(ctx, `DELETE FROM captured WHERE at < $1`, micros(before))
	return wrap(err, "delete old bodies that were kept")
}
