package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"time"
)

// Session is a browser that signed in. Its id is a hash of what the browser holds.
type Session struct {
	ID      string
	BegunAt time.Time
	UsedAt  time.Time
	EndsAt  time.Time // whatever happens

	How   string // one of identity.Way
	Token string // hash of the named token with which it ends; "" for others

	// Of a provider of identities.
	Issuer  string
	Subject string
	Name    string
	Groups  []string // those that mattered for the role
}

// BeginSession stores a session, and forgets those that have ended. The session of the id
// replaces, if it is not "", ends: a browser has one session.
func (s *Store) BeginSession(ctx context.Context, session Session, replaces string) error {
	groups, err := json.Marshal(append([]string{}, session.Groups...))
	if err != nil {
		return wrap(err, "begin a session")
	}
	err = s.transact(ctx, func(tx *sql.Tx) error {
		if _, err := tx.ExecContext(ctx, `DELETE FROM sessions WHERE ends_at <= $1 OR id = $2`, micros(session.BegunAt), replaces); err != nil {
			return err
		}
		_, err := tx.ExecContext(ctx, `
			INSERT INTO sessions (id, begun_at, used_at, ends_at, how, token, issuer, subject, name, member_of)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)`,
			session.ID, micros(session.BegunAt), micros(session.UsedAt), micros(session.EndsAt),
			session.How, session.Token, session.Issuer, session.Subject, session.Name, string(groups))
		return err
	})
	return wrap(err, "begin a session")
}

// Session returns the session of an id. Its error wraps ErrNotFound if there is none.
func (s *Store) Session(ctx context.Context, id string) (Session, error) {
	var begun, used, ends int64
	var groups string
	session := Session{ID: id}
	err := s.read.QueryRowContext(ctx, `
		SELECT begun_at, used_at, ends_at, how, token, issuer, subject, name, member_of FROM sessions WHERE id = $1`, id).
		Scan(&begun, &used, &ends, &session.How, &session.Token, &session.Issuer, &session.Subject, &session.Name, &groups)
	if err == nil {
		err = json.Unmarshal([]byte(groups), &session.Groups)
	}
	session.BegunAt, session.UsedAt, session.EndsAt = fromMicros(begun), fromMicros(used), fromMicros(ends)
	return session, wrap(err, "read a session")
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
