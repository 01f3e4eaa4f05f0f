package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"time"
)

// Checkpoint is up to where the journal was deleted because of its age. The journal has an
// entry with its content, so that the chain of hashes covers it.
type Checkpoint struct {
	Through int64     `json:"through"` // the last entry that is deleted, or will be in a moment
	Hash    string    `json:"hash"`    // of that entry: the one after it names it
	Entries int64     `json:"entries"` // how many this checkpoint deletes
	Before  time.Time `json:"before"`  // older entries than this are deleted
}

// CheckpointAction is the action of the entries that hold a checkpoint.
const CheckpointAction = "checkpoint"

// pruneJournal deletes the entries that are older than a time, from the first one on and up
// to the first that is not older. It stores a checkpoint first. An entry whose deletion a
// crash has prevented is deleted the next time.
func (s *Store) pruneJournal(ctx context.Context, before time.Time, p *Pruned) error {
	if err := s.checkpoint(ctx, before); err != nil {
		return wrap(err, "store a checkpoint of the journal")
	}
	for {
		n := int64(0)
		err := s.prune(ctx, func(tx *sql.Tx) error {
			return deleted(ctx, tx, &n, `DELETE FROM journal WHERE seq IN (SELECT seq FROM journal
				WHERE seq <= (SELECT COALESCE(MAX(through), 0) FROM journal_checkpoints) ORDER BY seq LIMIT $1)`, pruneBatch)
		})
		p.Entries += n
		if err != nil || n == 0 {
			return wrap(err, "delete old entries of the journal")
		}
	}
}

// oldEntries are the first and the last entry of the journal that are older than a time and
// have no newer one before them; 0 for none. The newest entry stays whatever its age: the
// next one names its hash.
func (s *Store) oldEntries(ctx context.Context, before time.Time) (first, last int64, err error) {
	type numbered struct{ seq, at int64 }
	scan := func(r row) (n numbered, err error) {
		err = r.Scan(&n.seq, &n.at)
		return n, err
	}
	for {
		page, err := collect(ctx, s.read, scan, `SELECT seq, at FROM journal WHERE seq > $1 AND seq < (SELECT MAX(seq) FROM journal)
			AND seq > `+lastCheckpoint+` ORDER BY seq LIMIT $2`, last, auditPage)
		if err != nil || len(page) == 0 {
			return first, last, err
		}
		for _, n := range page {
			if n.at >= micros(before) {
				return first, last, nil
			}
			if first == 0 {
				first = n.seq
			}
			last = n.seq
		}
	}
}

// checkpoint stores a checkpoint if there are entries to delete.
func (s *Store) checkpoint(ctx context.Context, before time.Time) error {
	first, through, err := s.oldEntries(ctx, before)
	if err != nil || first == 0 {
		return err
	}
	now, err := s.Now(ctx)
	if err != nil {
		return err
	}
	return s.transact(ctx, func(tx *sql.Tx) error {
		c := Checkpoint{Through: through, Entries: through - first + 1, Before: before.UTC()}
		err := tx.QueryRowContext(ctx, `SELECT hash FROM journal WHERE seq = $1`, through).Scan(&c.Hash)
		if errors.Is(err, sql.ErrNoRows) {
			return nil // another replica was faster
		}
		if err != nil {
			return err
		}
		_, err = tx.ExecContext(ctx, `INSERT INTO journal_checkpoints (through, hash, at) VALUES ($1, $2, $3) ON CONFLICT (through) DO NOTHING`,
			through, c.Hash, micros(now))
		if err != nil {
			return err
		}
		detail, err := json.Marshal(c)
		if err != nil {
			return fmt.Errorf("encode: %w", err)
		}
		return appendEntries(ctx, tx, Entry{At: now, Actor: systemActor, Action: CheckpointAction, Detail: detail})
	})
}

// unnamedAfter is how long after it was learned a profile may have been named, of which an
// older version did not note when it was.
const unnamedAfter = 180 * 24 * time.Hour

// releaseProfiles lets go of the profiles whose last entry is deleted. They are deleted
// like any other then.
func (s *Store) releaseProfiles(ctx context.Context, before time.Time) error {
	for last := ""; ; {
		page, err := collect(ctx, s.read, scanText, `SELECT hash FROM profiles WHERE journaled AND hash > $4
			AND `+lastNamed+` < $1 ORDER BY hash LIMIT $5`, micros(before), unnamedAfter.Microseconds(), namedDaily.Microseconds(), last, pruneBatch)
		if err != nil || len(page) == 0 {
			return wrap(err, "find the profiles that no entry names any more")
		}
		last = page[len(page)-1]
		args := []any{micros(before), unnamedAfter.Microseconds(), namedDaily.Microseconds()}
		for _, hash := range page {
			args = append(args, hash)
		}
		err = s.prune(ctx, func(tx *sql.Tx) error {
			_, err := tx.ExecContext(ctx, `UPDATE profiles SET journaled = FALSE WHERE hash IN (`+placeholders(4, len(page))+`) AND `+lastNamed+` < $1`, args...) //nolint:gosec // the query's text is ours
			return err
		})
		if err != nil {
			return wrap(err, "let go of profiles")
		}
	}
}

// lastNamed is the latest moment at which an entry may have named a profile.
const lastNamed = `CASE WHEN journaled_at = 0 THEN at + CAST($2 AS BIGINT) ELSE journaled_at + CAST($3 AS BIGINT) END`
