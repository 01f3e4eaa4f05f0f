package engine

import (
	"context"
	"time"

	"github.com/pushback/pushback/internal/store"
	"github.com/pushback/pushback/rollback"
)

// OtherChanges returns the changes that could be the cause of what a change is suspected of, and that began before a moment, for
// people to look at.
func (e *Engine) OtherChanges(ctx context.Context, c store.Change, before time.Time) ([]rollback.Suspect, error) {
	return e.situation.Suspects(ctx, c, c.StartedAt.Add(-e.Limits.ConfoundedWithin), before.Add(-time.Microsecond))
}
