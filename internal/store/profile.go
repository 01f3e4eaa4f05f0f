package store

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/pushback/pushback/detector"
)

// PutProfile stores a profile under the hash of its content, and makes name
// (query|tick|before|after|direction) refer to it. The profile that name referred to
// before is deleted, unless a watch was judged with it or another name refers to it. The
// stored form is Profile.Pack, which rounds.
//
// See adr/0103.
func (s *Store) PutProfile(ctx context.Context, name string, p detector.Profile, at time.Time) (hash string, err error) {
	body, err := p.Pack()
	if err != nil {
		return "", wrap(err, "store profile")
	}
	sum := sha256.Sum256(body)
	hash = hex.EncodeToString(sum[:])
	err = s.transact(ctx, func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `
			INSERT INTO profiles (hash, body, used, at) VALUES ($1, $2, FALSE, $3) ON CONFLICT (hash) DO NOTHING`,
			hash, body, micros(at))
		if err != nil {
			return err
		}
		replaced, err := nameProfile(ctx, tx, name, hash, at)
		if err != nil || replaced == "" {
			return err
		}
		_, err = tx.ExecContext(ctx, `DELETE FROM profiles WHERE hash = $1 AND NOT used AND `+unreferenced, replaced)
		return err
	})
	return hash, wrap(err, "store profile")
}

// nameProfile makes a name refer to a profile, unless it refers to one that was learned later.
// It returns the profile that has lost the name: the one before, or this one, or "" for none.
func nameProfile(ctx context.Context, tx executor, name, hash string, at time.Time) (replaced string, err error) {
	err = tx.QueryRowContext(ctx, `SELECT hash FROM profile_names WHERE name = $1`, name).Scan(&replaced)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return "", err
	}
	named, err := affected(ctx, tx, `
		INSERT INTO profile_names (name, hash, at) VALUES ($1, $2, $3)
		ON CONFLICT (name) DO UPDATE SET hash = excluded.hash, at = excluded.at
		WHERE profile_names.at <= excluded.at`, name, hash, micros(at))
	if !named {
		replaced = hash
	}
	return replaced, err
}

// unreferenced selects profiles that neither a name nor an entry of the journal refers to.
const unreferenced = `NOT journaled AND NOT EXISTS (SELECT 1 FROM profile_names n WHERE n.hash = profiles.hash)`

// pruneProfiles deletes the profiles that were learned up to until, and that no name, no
// entry of the journal and no open watch refers to. It returns how many. It deletes a few
// in each transaction, because looks wait for it.
func (s *Store) pruneProfiles(ctx context.Context, until time.Time) (deleted int64, err error) {
	old, err := collect(ctx, s.read, scanText, `SELECT hash FROM profiles WHERE at <= $1 AND `+unreferenced, micros(until))
	if err != nil || len(old) == 0 {
		return 0, err
	}
	inUse, err := s.profilesInUse(ctx)
	if err != nil {
		return 0, err
	}
	old = slices.DeleteFunc(old, func(hash string) bool { return inUse[hash] })
	for some := range slices.Chunk(old, prunedAtOnce) {
		err := s.transact(ctx, func(tx *sql.Tx) error {
			n, err := deleteUnreferenced(ctx, tx, some)
			deleted += n
			return err
		})
		if err != nil {
			return deleted, err
		}
	}
	return deleted, nil
}

// prunedAtOnce is how many profiles are deleted in one transaction.
const prunedAtOnce = 100

func deleteUnreferenced(ctx context.Context, tx executor, hashes []string) (int64, error) {
	marks, args := oneOf(hashes)
	result, err := tx.ExecContext(ctx, `DELETE FROM profiles WHERE hash IN `+marks+` AND `+unreferenced, args...)
	if err != nil {
		return 0, err
	}
	return result.RowsAffected()
}

// profilesInUse are the hashes of the profiles that open watches are judged with. Watches are
// decoded one after the other: there may be tens of thousands.
func (s *Store) profilesInUse(ctx context.Context) (map[string]bool, error) {
	inUse := map[string]bool{}
	note := func(r row) error {
		w, err := scanWatch(r)
		for _, hash := range w.Profiles {
			inUse[hash] = true
		}
		return err
	}
	return inUse, eachRow(ctx, s.read, note, `SELECT body FROM watches WHERE running`)
}

// UseProfiles marks profiles as used, so that PutProfile does not delete them, and returns those
// that are there: another one is deleted already, because a newer one has taken its name. It writes
// nothing where all are marked: thousands of watches may begin with the same ones.
func (s *Store) UseProfiles(ctx context.Context, hashes []string) (kept []string, err error) {
	if len(hashes) == 0 {
		return nil, nil
	}
	hashes = slices.Compact(slices.Sorted(slices.Values(hashes)))
	in, args := oneOf(hashes)
	kept, err = collect(ctx, s.read, scanText, `SELECT hash FROM profiles WHERE used AND hash IN `+in, args...)
	unmarked := slices.DeleteFunc(hashes, func(hash string) bool { return slices.Contains(kept, hash) })
	if err != nil || len(unmarked) == 0 {
		return kept, wrap(err, "use profiles")
	}
	var marked []string
	err = s.transact(ctx, func(tx *sql.Tx) (err error) {
		in, args := oneOf(unmarked)
		marked, err = collect(ctx, tx, scanText, `UPDATE profiles SET used = TRUE WHERE hash IN `+in+` RETURNING hash`, args...)
		return err
	})
	return append(kept, marked...), wrap(err, "use profiles")
}

// namedDaily is how exactly it is noted when the journal named a profile.
const namedDaily = 24 * time.Hour

// keepProfiles keeps profiles as long as the journal, whose entries are about to name them.
// It fails if one has just been replaced: the look that was judged by it is repeated. It
// writes only what is not kept yet, in the order of hashes, because hundreds of looks share a
// profile and must not wait for each other. When a profile was last named is noted to the day.
func keepProfiles(ctx context.Context, tx executor, hashes []string, now time.Time) error {
	if len(hashes) == 0 {
		return nil
	}
	kept, err := collect(ctx, tx, scanText, `
		SELECT hash FROM profiles WHERE journaled AND journaled_at > $1 AND hash IN (`+placeholders(2, len(hashes))+`)`, ageAnd(now.Add(-namedDaily), hashes)...)
	if err != nil {
		return wrap(err, "keep profiles")
	}
	for _, hash := range slices.Sorted(slices.Values(hashes)) {
		if slices.Contains(kept, hash) {
			continue
		}
		ok, err := affected(ctx, tx, `UPDATE profiles SET journaled = TRUE, journaled_at = $2 WHERE hash = $1`, hash, micros(now))
		if err != nil {
			return wrap(err, "keep profile %s", hash)
		}
		if !ok {
			return fmt.Errorf("profile %s, by which this look was judged, has just been replaced; look again", hash)
		}
	}
	return nil
}

// NewestProfile returns the hash of the profile that name refers to, and when it was learned,
// or ErrNotFound.
func (s *Store) NewestProfile(ctx context.Context, name string) (hash string, at time.Time, err error) {
	var learned int64
	err = s.read.QueryRowContext(ctx, `
		SELECT n.hash, n.at FROM profile_names n JOIN profiles p ON p.hash = n.hash WHERE n.name = $1`,
		name).Scan(&hash, &learned)
	return hash, fromMicros(learned), wrap(err, "read newest profile")
}

// ProfileByHash returns the profile that a watch was judged with, or ErrNotFound.
func (s *Store) ProfileByHash(ctx context.Context, hash string) (p detector.Profile, err error) {
	body, err := s.PackedProfile(ctx, hash)
	if err != nil {
		return detector.Profile{}, err
	}
	p, err = detector.Unpack(body)
	return p, wrap(err, "read profile %s", hash)
}

// PackedProfile returns the stored form of a profile, whose SHA-256 is its hash, or
// ErrNotFound.
func (s *Store) PackedProfile(ctx context.Context, hash string) (body []byte, err error) {
	err = s.read.QueryRowContext(ctx, `SELECT body FROM profiles WHERE hash = $1`, hash).Scan(&body)
	return body, wrap(err, "read profile %s", hash)
}
