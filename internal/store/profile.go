package store

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"time"

	"github.com/pushback/pushback/detector"
)

// PutProfile stores a profile under the hash of its content, and lets name —
// query|tick|before|after|direction — point at it. What a verdict was judged
// by is never overwritten.
func (s *Store) PutProfile(ctx context.Context, name string, p detector.Profile, at time.Time) (hash string, err error) {
	body, err := encode(p)
	if err != nil {
		return "", failed(err, "store profile")
	}
	sum := sha256.Sum256([]byte(body))
	hash = hex.EncodeToString(sum[:])
	err = s.transact(ctx, func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `
			INSERT INTO profiles (hash, body) VALUES ($1, $2) ON CONFLICT (hash) DO NOTHING`, hash, body)
		if err != nil {
			return err
		}
		_, err = tx.ExecContext(ctx, `
			INSERT INTO profile_names (name, hash, at) VALUES ($1, $2, $3)
			ON CONFLICT (name) DO UPDATE SET hash = excluded.hash, at = excluded.at
			WHERE profile_names.at <= excluded.at`, name, hash, micros(at))
		return err
	})
	return hash, failed(err, "store profile")
}

// NewestProfile gives what name points at, and when it was learned, or
// ErrNotFound.
func (s *Store) NewestProfile(ctx context.Context, name string) (p detector.Profile, hash string, at time.Time, err error) {
	var body string
	var learned int64
	err = s.read.QueryRowContext(ctx, `
		SELECT n.hash, n.at, p.body FROM profile_names n JOIN profiles p ON p.hash = n.hash WHERE n.name = $1`,
		name).Scan(&hash, &learned, &body)
	if err != nil {
		return detector.Profile{}, "", time.Time{}, failed(err, "read newest profile")
	}
	err = decode(body, &p)
	return p, hash, fromMicros(learned), err
}

// ProfileByHash gives the profile a verdict was judged by, or ErrNotFound.
func (s *Store) ProfileByHash(ctx context.Context, hash string) (p detector.Profile, err error) {
	var body string
	if err := s.read.QueryRowContext(ctx, `SELECT body FROM profiles WHERE hash = $1`, hash).Scan(&body); err != nil {
		return detector.Profile{}, failed(err, "read profile %s", hash)
	}
	err = decode(body, &p)
	return p, err
}
