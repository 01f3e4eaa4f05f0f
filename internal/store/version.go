package store

import (
	"context"

	"github.com/pushback/pushback/sources"
)

// maxOfVersion bounds how many changes of one version a verdict is made of. A version goes to a
// few regions, and to one again after a rollback.
const maxOfVersion = 200

// VersionFilter names what a service runs in one environment. An empty Region, Kind or Group
// selects all.
type VersionFilter struct {
	Service     string
	Environment string
	Version     string
	Region      string
	Kind        sources.Kind
	Group       string
}

// ChangesOfVersion returns the newest change of each slot that brought the version, newest first;
// none if nobody has reported one.
func (s *Store) ChangesOfVersion(ctx context.Context, f VersionFilter) ([]Change, error) {
	// The version picks far fewer changes than the service, and the || keeps SQLite to its index.
	found, err := collect(ctx, s.read, scanChange, selectChange+`
		WHERE version = $1 AND service || '' = $2 AND `+environmentIs+`$3
		ORDER BY started_at DESC, sequence DESC LIMIT $4`, f.Version, f.Service, f.Environment, maxOfVersion)
	if err != nil {
		return nil, wrap(err, "find changes of version %s", f.Version)
	}
	seen, newest := map[sources.Slot]bool{}, found[:0]
	for _, c := range found {
		if f.selects(c) && !seen[c.Slot()] {
			seen[c.Slot()] = true
			newest = append(newest, c)
		}
	}
	return newest, nil
}

func (f VersionFilter) selects(c Change) bool {
	return (f.Region == "" || f.Region == c.Region) && (f.Kind == "" || f.Kind == c.Kind) && (f.Group == "" || f.Group == c.Group)
}
