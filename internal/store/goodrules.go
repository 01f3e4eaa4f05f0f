package store

import (
	"context"
	"time"
)

// PutGoodRules stores the last rule files that were free of mistakes, for a start
// that finds a mistake in the folder. Rules loaded earlier never replace later ones.
func (s *Store) PutGoodRules(ctx context.Context, body []byte, at time.Time) error {
	_, err := s.write.ExecContext(ctx, `
		INSERT INTO good_rules (name, at, body) VALUES ('rules', $1, $2)
		ON CONFLICT (name) DO UPDATE SET at = excluded.at, body = excluded.body
		WHERE good_rules.at <= excluded.at`, micros(at), string(body))
	return wrap(err, "store the last good rules")
}

// GoodRules returns the last good rules and when they were loaded, or
// ErrNotFound.
func (s *Store) GoodRules(ctx context.Context) (body []byte, at time.Time, err error) {
	var us int64
	var text string
	err = s.read.QueryRowContext(ctx, `SELECT at, body FROM good_rules WHERE name = 'rules'`).Scan(&us, &text)
	return []byte(text), fromMicros(us), wrap(err, "read the last good rules")
}
