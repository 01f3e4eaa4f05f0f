package store

import "context"

// KnowsEvent reports whether an event of a source is stored.
func (s *Store) KnowsEvent(ctx context.Context, source, eventID string) (known bool, err error) {
	err = s.read.QueryRowContext(ctx, `SELECT EXISTS (SELECT 1 FROM events WHERE source = $1 AND event_id = $2)`, source, eventID).Scan(&known)
	return known, wrap(err, "look for event %s", eventID)
}
