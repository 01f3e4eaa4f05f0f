package store

import (
	"context"
	"database/sql"
	"errors"
	"time"
)

// LastRun returns when the last finished run of a schedule began, the zero time
// for never.
func (s *Store) LastRun(ctx context.Context, name string) (time.Time, error) {
	var last int64
	err := s.read.QueryRowContext(ctx, `SELECT last_run FROM schedules WHERE name = $1`, name).Scan(&last)
	if errors.Is(err, sql.ErrNoRows) {
		return time.Time{}, nil
	}
	return fromMicros(last), wrap(err, "read schedule %s", name)
}

// ClaimRun leases the run of a schedule that was due at due to this replica, until
// until. False if a run that began at due or later has finished, or the lease of another
// replica that is alive is in force.
func (s *Store) ClaimRun(ctx context.Context, name string, due, now, until time.Time) (bool, error) {
	ok, err := affected(ctx, s.write, `
		INSERT INTO schedules (name, last_run, holder, leased_until) VALUES ($1, 0, $3, $4)
		ON CONFLICT (name) DO UPDATE SET holder = excluded.holder, leased_until = excluded.leased_until
		WHERE schedules.last_run < $2 AND (schedules.leased_until <= $5 OR schedules.holder = $3 OR schedules.holder <> ''
			AND schedules.holder NOT IN (SELECT r.holder FROM replicas r WHERE r.leased_until > $5))`,
		name, micros(due), s.holder, micros(until), micros(now))
	return ok, wrap(err, "claim schedule %s", name)
}

// FinishRun stores that this replica's run, which began at began, has finished.
func (s *Store) FinishRun(ctx context.Context, name string, began time.Time) error {
	_, err := s.write.ExecContext(ctx, `
		UPDATE schedules SET last_run = $3, leased_until = 0 WHERE name = $1 AND holder = $2`, name, s.holder, micros(began))
	return wrap(err, "finish schedule %s", name)
}

// FailRun stores that this replica's run has failed, so that nobody claims the next
// one before retry, whether this replica is alive then or not.
func (s *Store) FailRun(ctx context.Context, name string, retry time.Time) error {
	_, err := s.write.ExecContext(ctx, `
		UPDATE schedules SET holder = '', leased_until = $3 WHERE name = $1 AND holder = $2`, name, s.holder, micros(retry))
	return wrap(err, "postpone schedule %s", name)
}

// NoteRun stores that something was done at a moment, by whichever replica. An earlier moment
// changes nothing. LastRun returns it.
func (s *Store) NoteRun(ctx context.Context, name string, at time.Time) error {
	_, err := s.write.ExecContext(ctx, `
		INSERT INTO schedules (name, last_run, holder, leased_until) VALUES ($1, $2, '', 0)
		ON CONFLICT (name) DO UPDATE SET last_run = excluded.last_run WHERE schedules.last_run < excluded.last_run`, name, micros(at))
	return wrap(err, "note schedule %s", name)
}
