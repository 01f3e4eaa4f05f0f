package server

import (
	"context"
	"time"

	"github.com/pushback/pushback/detector"
	"github.com/pushback/pushback/internal/server/api"
	"github.com/pushback/pushback/internal/store"
	"github.com/pushback/pushback/rollback"
)

// Suspects returns the other changes that may be the cause of what a change is suspected of, and that began before a moment.
type Suspects func(ctx context.Context, c store.Change, before time.Time) ([]rollback.Suspect, error)

// maxOthers bounds how many other changes are shown.
const maxOthers = 20

// others are the changes that may be the cause of what a change is suspected of; none where it is not.
func (s *Server) others(ctx context.Context, c store.Change, e api.Explanation) ([]api.OtherChange, error) {
	judged, blamed := suspectedAt(e.Watches)
	if s.Suspects == nil || judged.IsZero() {
		return nil, nil
	}
	found, err := s.Suspects(ctx, c, judged)
	if err != nil {
		return nil, err
	}
	found = found[:min(len(found), maxOthers)]
	changes := make([]store.Change, len(found))
	for i, f := range found {
		if changes[i], err = s.findByKey(ctx, f.Change.Key()); err != nil {
			return nil, err
		}
	}
	shown, err := s.summaries(ctx, changes)
	all := make([]api.OtherChange, len(shown))
	for i, o := range shown {
		all[i] = api.OtherChange{ChangeSummary: o, Distance: found[i].Distance, Blamed: blamed}
	}
	return all, err
}

// suspectedAt is when the newest verdict was found that suspects the change, zero for none; and whether it says that another
// change is as likely the cause.
func suspectedAt(watches []api.Watch) (judged time.Time, blamed bool) {
	for _, w := range watches {
		if w.Last == nil || !w.After.IsZero() || w.Last.Verdict.Grade < detector.Suspect {
			continue
		}
		judged = laterOf(judged, w.Last.Verdict.At)
		blamed = blamed || w.Last.Verdict.Reason == detector.Confounded
	}
	return judged, blamed
}
