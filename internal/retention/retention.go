// Package retention deletes what is old, and measures what is left.
//
// See adr/0101.
package retention

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"github.com/pushback/pushback/internal/store"
	"github.com/pushback/pushback/sources"
	"github.com/pushback/pushback/sources/changes"
)

// Policy is how long things are kept; 0 is for ever.
type Policy struct {
	Changes time.Duration // with all that belongs to them
	Journal time.Duration // and the outcomes of watches
}

// Ages is what is too old at a moment.
func (p Policy) Ages(now time.Time) (a store.Ages) {
	if p.Changes > 0 {
		a.Before = now.Add(-p.Changes)
	}
	if p.Journal > 0 {
		a.JournalBefore = now.Add(-p.Journal)
	}
	return a
}

// Keeper keeps a policy. All fields are required.
type Keeper struct {
	Policy
	Store *store.Store
	Log   *slog.Logger
	Now   func() time.Time
}

// Run deletes what is too old, and measures what is left for the status. It may be called by several replicas.
func (k *Keeper) Run(ctx context.Context) error {
	gone, err := k.Store.Prune(ctx, k.Ages(k.Now()))
	if err != nil {
		return fmt.Errorf("deleting what is older than the retention: %w", err)
	}
	k.Log.Info("deleted what is older than the retention", "older_than", k.Changes.String(), "journal_older_than", k.Journal.String(),
		"changes", gone.Changes, "records", gone.Records, "bodies", gone.Bodies, "messages", gone.Messages, "profiles", gone.Profiles, "journal_entries", gone.Entries)
	tomorrow := k.Now().Add(24 * time.Hour)
	if err := k.Store.MeasureSizes(ctx, k.Now(), k.Ages(tomorrow)); err != nil {
		k.Log.Warn("cannot measure the database; the status shows the sizes of the night before", "error", err)
	}
	return nil
}

// RefuseOld returns an error that wraps changes.ErrIgnored for an event that is older than
// the retention and not known: it is that of a change which was deleted, sent again.
func (k *Keeper) RefuseOld(ctx context.Context, ev sources.Event) error {
	if before := k.Ages(k.Now()).Before; !ev.At.Before(before) {
		return nil
	}
	known, err := k.Store.Known(ctx, ev)
	if err != nil {
		return fmt.Errorf("looking for an old event: %w", err)
	}
	if known {
		return nil
	}
	return changes.Ignored(fmt.Sprintf("its event of %s is older than the retention", ev.At.Format(time.RFC3339)))
}
