package store

import (
	"context"
	"time"
)

// Prune deletes the bodies of events received before a time, and the profiles
// that were learned until then and that neither a name nor the journal refers to. It returns the number of
// rows. The ids of events stay, so that an event that is sent again a year later is
// still a duplicate.
func (s *Store) Prune(ctx context.Context, before time.Time) (int64, error) {
	result, err := s.write.ExecContext(ctx,
		`UPDATE events SET raw = NULL WHERE raw IS NOT NULL AND received_at < $1`, micros(before))
	if err != nil {
		return 0, wrap(err, "prune events")
	}
	events, err := result.RowsAffected()
	if err != nil {
		return 0, wrap(err, "prune events")
	}
	profiles, err := s.pruneProfiles(ctx, before)
	return events + profiles, wrap(err, "prune profiles")
}
