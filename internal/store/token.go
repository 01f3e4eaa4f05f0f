package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"time"
)

// Token is a named token of the API, without the token itself.
type Token struct {
	Hash      string
	Name      string
	Role      string
	Scopes    []string
	Teams     []string // none: every service
	CreatedAt time.Time
	CreatedBy string
	ExpiresAt time.Time
	UsedAt    time.Time // zero: never
	RevokedAt time.Time // zero: it is in force until it expires
	RevokedBy string
}

const selectToken = `SELECT hash, name, role, scopes, teams, created_at, created_by, expires_at, used_at, revoked_at, revoked_by FROM tokens ` //nolint:gosec // no token stands here

func scanToken(r row) (Token, error) {
	var t Token
	var scopes, teams string
	var created, expires, used, revoked int64
	err := r.Scan(&t.Hash, &t.Name, &t.Role, &scopes, &teams, &created, &t.CreatedBy, &expires, &used, &revoked, &t.RevokedBy)
	if err == nil {
		err = json.Unmarshal([]byte(scopes), &t.Scopes)
	}
	if err == nil {
		err = json.Unmarshal([]byte(teams), &t.Teams)
	}
	t.CreatedAt, t.ExpiresAt, t.UsedAt, t.RevokedAt = fromMicros(created), fromMicros(expires), fromMicros(used), fromMicros(revoked)
	return t, err
}

// CreateToken stores a token and its journal entry. Its error wraps ErrConflict while another of the name is in
// force; one that has expired gives the name free.
func (s *Store) CreateToken(ctx context.Context, t Token) error {
	scopes, err := json.Marshal(append([]string{}, t.Scopes...))
	if err != nil {
		return wrap(err, "create token %s", t.Name)
	}
	teams, err := json.Marshal(append([]string{}, t.Teams...))
	if err != nil {
		return wrap(err, "create token %s", t.Name)
	}
	err = s.transact(ctx, func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `UPDATE tokens SET revoked_at = expires_at WHERE name = $1 AND revoked_at = 0 AND expires_at <= $2`, t.Name, micros(t.CreatedAt))
		if err != nil {
			return err
		}
		added, err := affected(ctx, tx, `
			INSERT INTO tokens (hash, name, role, scopes, teams, created_at, created_by, expires_at)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT DO NOTHING`,
			t.Hash, t.Name, t.Role, string(scopes), string(teams), micros(t.CreatedAt), t.CreatedBy, micros(t.ExpiresAt))
		if err == nil && !added {
			err = ErrConflict
		}
		if err != nil {
			return err
		}
		return appendEntries(ctx, tx, t.entry("create token", t.CreatedBy, t.CreatedAt))
	})
	return wrap(err, "create token %s", t.Name)
}

// RevokeToken ends the token of a name, and the sessions that it has begun, and returns it. Its error wraps
// ErrNotFound if none of the name is in force.
func (s *Store) RevokeToken(ctx context.Context, name, by string, at time.Time) (t Token, err error) {
	err = s.transact(ctx, func(tx *sql.Tx) error {
		if t, err = scanToken(tx.QueryRowContext(ctx, selectToken+`WHERE name = $1 AND revoked_at = 0`, name)); err != nil {
			return err
		}
		revoked, err := affected(ctx, tx, `UPDATE tokens SET revoked_at = $2, revoked_by = $3 WHERE hash = $1 AND revoked_at = 0`, t.Hash, micros(at), by)
		if err == nil && !revoked {
			err = ErrNotFound // somebody else was faster
		}
		if err != nil {
			return err
		}
		if _, err := tx.ExecContext(ctx, `DELETE FROM sessions WHERE token = $1`, t.Hash); err != nil {
			return err
		}
		t.RevokedAt, t.RevokedBy = at, by
		return appendEntries(ctx, tx, t.entry("revoke token", by, at))
	})
	return t, wrap(err, "revoke token %s", name)
}

// Token returns the token of a hash, whether it is in force or not. Its error wraps ErrNotFound.
func (s *Store) Token(ctx context.Context, hash string) (Token, error) {
	t, err := scanToken(s.read.QueryRowContext(ctx, selectToken+`WHERE hash = $1`, hash))
	return t, wrap(err, "read a token")
}

// Tokens lists all tokens, the newest first, also those that are not in force and not yet deleted.
func (s *Store) Tokens(ctx context.Context) ([]Token, error) {
	all, err := collect(ctx, s.read, scanToken, selectToken+`ORDER BY created_at DESC, name`)
	return all, wrap(err, "list tokens")
}

// UseToken stores that a token was used.
func (s *Store) UseToken(ctx context.Context, hash string, at time.Time) error {
	_, err := s.write.ExecContext(ctx, `UPDATE tokens SET used_at = $2 WHERE hash = $1 AND used_at < $2`, hash, micros(at))
	return wrap(err, "use a token")
}

// pruneTokens deletes the tokens that were revoked or have expired before a time. The journal says what they were.
func (s *Store) pruneTokens(ctx context.Context, before time.Time) error {
	_, err := s.write.ExecContext(ctx, `DELETE FROM tokens WHERE created_at < $1 AND (revoked_at > 0 AND revoked_at < $1 OR expires_at < $1)`, micros(before))
	return wrap(err, "delete old tokens")
}

// entry is the journal's entry about a token. Its hash is left out: nobody needs it.
func (t Token) entry(action, actor string, at time.Time) Entry {
	detail, err := json.Marshal(map[string]any{
		"token": t.Name, "role": t.Role, "scopes": t.Scopes, "teams": append([]string{}, t.Teams...), "expires": t.ExpiresAt,
	})
	if err != nil {
		panic(err) // strings and times always encode
	}
	return Entry{At: at, Actor: actor, Action: action, Detail: detail}
}
