package situation

import (
	"context"
	"fmt"
	"time"

	"github.com/pushback/pushback/internal/store"
	"github.com/pushback/pushback/rollback"
	"github.com/pushback/pushback/watch"
)

// RolledBackAt returns when our own rollback of a change was done, zero where it was
// not.
func (r *Reader) RolledBackAt(ctx context.Context, key string) (time.Time, error) {
	o, err := r.Order(ctx, key)
	if err != nil || o == nil || o.State != rollback.Done {
		return time.Time{}, err
	}
	return o.EndedAt, nil
}

// Superseded reports whether a newer change has replaced what a watch looks at. The
// echo of our own rollback replaces the change, but not for the recovery watch, which
// goes on until another change comes.
func (r *Reader) Superseded(ctx context.Context, w watch.Watch, c store.Change) (bool, error) {
	if c.SupersededBy == "" || w.After.IsZero() {
		return c.SupersededBy != "", nil
	}
	return r.Overtaken(ctx, c)
}

// Overtaken reports whether a change that is not an echo of our own rollback has
// replaced a change that was rolled back. A tool may report one rollback several times.
func (r *Reader) Overtaken(ctx context.Context, c store.Change) (bool, error) {
	o, err := r.Order(ctx, c.Key)
	if err != nil {
		return false, err
	}
	target := ""
	for by := c.SupersededBy; by != ""; {
		newer, err := r.Store.Change(ctx, by)
		if err != nil {
			return false, fmt.Errorf("reading the newer change: %w", err)
		}
		if again := target != "" && newer.Version == target; !again && !(Predecessor{Order: o}).IsEcho(newer) {
			return true, nil
		}
		target, by = newer.Version, newer.SupersededBy
	}
	return false, nil
}

// suspendedBy names the newer change that suspends a change now, "" for none.
func (r *Reader) suspendedBy(ctx context.Context, c store.Change, now time.Time) (string, error) {
	key := c.SuspendedAt(now)
	if key == "" {
		return "", nil
	}
	newer, err := r.Store.Change(ctx, key)
	if err != nil {
		return "", fmt.Errorf("reading the newer change: %w", err)
	}
	return fmt.Sprintf("%s %s since %s", newer.Service, newer.Version, newer.StartedAt.UTC().Format("15:04:05 MST")), nil
}
