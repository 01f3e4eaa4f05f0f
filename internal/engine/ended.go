package engine

import (
	"context"
	"slices"

	"github.com/pushback/pushback/internal/store"
	"github.com/pushback/pushback/internal/verdict"
	"github.com/pushback/pushback/watch"
)

// countEnded counts a change whose last watch has ended. Recovery watches are about its rollback.
func (k *looker) countEnded(ctx context.Context, c store.Change) {
	all, err := k.Store.WatchesOf(ctx, c.Key)
	if err != nil {
		k.Log.Warn("cannot read the watches of a change that ended; it is not counted in pushback_changes_total", "change", c.Key, "error", err)
		return
	}
	all = slices.DeleteFunc(all, func(w watch.Watch) bool { return !w.After.IsZero() })
	if len(all) == 0 || slices.ContainsFunc(all, func(w watch.Watch) bool { return w.State.Open() }) {
		return
	}
	k.Telemetry.tally().Ended(c.Change, verdict.State(c, all))
}
