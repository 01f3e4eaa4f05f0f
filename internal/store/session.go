package store

import (
	"context"
	"database/sql"
	"time"
)

// Session is a browser that signed in. Its id is a hash of what the browser holds.
type Session struct {
	ID      string
	BegunAt time.Time
	UsedAt  time.Time
	EndsAt  time.Time // whatever happens
}

// BeginSession stores a session, and forgets those that have ended. The session of the id
// replaces, if it is not "", ends: a browser has one session.
func (s *Store) BeginSession(ctx context.Context, session Session, replaces string) error {
	err := s.transact(ctx, func(tx *sql.Tx) error {
		if _, err := tx.ExecContext(ctx, `DELETE FROM sessions WHERE ends_at <= $1 OR id = $2`, micros(session.BegunAt), replaces); err != nil {
			return err
		}
		_, err := tx.ExecContext(ctx, `INSERT INTO sessions (id, begun_at, used_at, ends_at) VALUES ($1, $2, $3, $4)`,
			session.ID, micros(session.BegunAt), micros(session.UsedAt), micros(session.EndsAt))
		return err
	})
	return wrap(err, "begin a session")
}

// Session returns the session of an id. Its error wraps ErrNotFound if there is none.
func (s *Store) Session(ctx context.Context, id string) (Session, error) {
	var begun, used, ends int64
	err := s.read.QueryRowContext(ctx, `SELECT begun_at, used_at, ends_at FROM sessions WHERE id = $1`, id).Scan(&begun, &used, &ends)
	return Session{ID: id, BegunAt: fromMicros(begun), UsedAt: fromMicros(used), EndsAt: fromMicros(ends)}, wrap(err, "read a session")
}

// UseSession stores that a session was used. It brings no ended session back.
func (s *Store) UseSession(ctx context.Context, id string, at time.Time) error {
	_, err := s.write.ExecContext(ctx, `UPDATE sessions SET used_at = $2 WHERE id = $1 AND used_at < $2`, id, micros(at))
	return wrap(err, "use a session")
}

// EndSession ends a session. It is no error if there is none.
func (s *Store) EndSession(ctx context.Context, id string) error {
	_, err := s.write.ExecContext(ctx, `DELETE FROM sessions WHERE id = $1`, id)
	return wrap(err, "end a session")
}
