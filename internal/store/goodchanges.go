package store

import (
	"context"
	"time"

	"github.com/pushback/pushback/sources"
)

// maxGoodChanges bounds how many good changes of a service are read: a shape is learned from
// twenty, and some of them have incidents or other changes around them.
const maxGoodChanges = 60

// GoodChanges lists the newest deploys of a service and environment between from and to that
// were good, newest first: examples of what a deploy of it does by itself. A change that
// has an order, that somebody called a false alarm or that undoes another is none, whatever
// its standing became later.
func (s *Store) GoodChanges(ctx context.Context, service, environment string, from, to time.Time) ([]sources.Change, error) {
	found, err := collect(ctx, s.read, scanChange, selectChange+`
		WHERE service = $1 AND `+environmentIs+`$2 AND started_at >= $3 AND started_at <= $4
		  AND standing = $5 AND status = $6 AND finished_at > 0 AND finished_at <= $4
		  AND NOT EXISTS (SELECT 1 FROM orders o WHERE o.key = changes.key)
		  AND NOT EXISTS (SELECT 1 FROM outcomes o WHERE o.change_key = changes.key AND o.false_alarm)
		ORDER BY started_at DESC, sequence DESC LIMIT $7`,
		service, environment, micros(from), micros(to), Good, sources.Succeeded, maxGoodChanges)
	var good []sources.Change
	for _, c := range found {
		if c.Kind == sources.Deploy && c.RollbackOf == "" {
			good = append(good, c.Change)
		}
	}
	return good, wrap(err, "find good changes of %s", service)
}
