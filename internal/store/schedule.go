package store

import (
	"context"
	"database/sql"
	"errors"
	"time"
)

// LastRun is when a schedule was last carried out; zero where it never was.
func (s *Store) LastRun(ctx context.Context, name string) (time.Time, error) {
	var last int64
	err := s.read.QueryRowContext(ctx, `SELECT last_run FROM schedules WHERE name = $1`, name).Scan(&last)
	if errors.Is(err, sql.ErrNoRows) {
		return time.Time{}, nil
	}
	return fromMicros(last), failed(err, "read schedule %s", name)
}

// ClaimRun gives the run of a schedule that is due to holder, until a moment.
// False: it was carried out since, or somebody has it now.
func (s *Store) ClaimRun(ctx context.Context, name string, due time.Time, holder string, now, until time.Time) (bool, error) {
	ok, err := affected(ctx, s.write, `
		INSERT INTO schedules (name, last_run, holder, leased_until) VALUES ($1, 0, $3, $4)
		ON CONFLICT (name) DO UPDATE SET holder = excluded.holder, leased_until = excluded.leased_until
		WHERE schedules.last_run < $2 AND schedules.leased_until <= $5`,
		name, micros(due), holder, micros(until), micros(now))
	return ok, failed(err, "claim schedule %s", name)
}

// FinishRun says that holder's run, begun at a moment, is through.
func (s *Store) FinishRun(ctx context.Context, name, holder string, began time.Time) error {
	_, err := s.write.ExecContext(ctx, `
		UPDATE schedules SET last_run = $3, leased_until = 0 WHERE name = $1 AND holder = $2`, name, holder, micros(began))
	return failed(err, "finish schedule %s", name)
}

// FailRun keeps a run that failed from being tried again before a moment.
func (s *Store) FailRun(ctx context.Context, name, holder string, retry time.Time) error {
	_, err := s.write.ExecContext(ctx, `
		UPDATE schedules SET leased_until = $3 WHERE name = $1 AND holder = $2`, name, holder, micros(retry))
	return failed(err, "put off schedule %s", name)
}
