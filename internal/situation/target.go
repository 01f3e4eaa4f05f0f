package situation

import (
	"context"
	"errors"
	"fmt"

	"github.com/pushback/pushback/detector"
	"github.com/pushback/pushback/internal/store"
	"github.com/pushback/pushback/rollback"
	"github.com/pushback/pushback/sources"
)

// maxReach bounds how many versions `target: last_good` looks through.
const maxReach = 20

// Target returns the version to go back to, and whether the change is the first one
// known in its slot. A hook may skip versions that are not good, or restore the same
// version always: then a first flag or experiment can be undone too. The zero
// LiveVersion is no target.
func (r *Reader) Target(ctx context.Context, c store.Change, h Hook) (rollback.LiveVersion, bool, error) {
	fixed := h.FixedTarget != "" && (c.Kind == sources.Flag || c.Kind == sources.Experiment)
	before, err := r.liveBefore(ctx, c, h.LastGood || fixed)
	if err != nil {
		return rollback.LiveVersion{}, false, fmt.Errorf("finding what was live before: %w", err)
	}
	if fixed {
		return rollback.FixedTarget(h.FixedTarget, before), false, nil
	}
	reach := rollback.Previous
	if h.LastGood {
		reach = rollback.LastGood
	}
	live, refused := rollback.Target(reach, before)
	if len(refused) > 0 && len(before) > 0 && !h.LastGood {
		live = before[0] // the guard refuses it and says why
	}
	return live, len(before) == 0, nil
}

// skippedVersions returns the versions between the change and its order's target. A
// rollback that skips them takes them back too.
func (r *Reader) skippedVersions(ctx context.Context, c store.Change, o rollback.Order) ([]string, error) {
	if !r.Hook(o.Hook).LastGood {
		return nil, nil
	}
	before, err := r.liveBefore(ctx, c, true)
	if err != nil {
		return nil, fmt.Errorf("finding what was live before: %w", err)
	}
	var versions []string
	for _, live := range before {
		if live.Version == o.Target {
			break
		}
		versions = append(versions, live.Version)
	}
	return versions, nil
}

// liveBefore returns the versions that were live in the slot before c, newest first.
// The version that the tool itself calls the previous one comes first, because a
// deploy by hand may not have been reported. It is the only one where the slot may hold
// changes of several things: an earlier version there may be another flag's.
func (r *Reader) liveBefore(ctx context.Context, c store.Change, all bool) ([]rollback.LiveVersion, error) {
	var lives []rollback.LiveVersion
	for at := c; len(lives) < maxReach && c.Slot().HoldsOneThing(); {
		p, known, err := r.Store.Predecessor(ctx, at)
		if err != nil {
			return nil, err
		}
		if !known {
			break
		}
		live, err := r.standingOf(ctx, p)
		if err != nil {
			return nil, err
		}
		lives = append(lives, live)
		if !all {
			break
		}
		at = p
	}
	if c.Previous != "" && (len(lives) == 0 || lives[0].Version != c.Previous) {
		reported := rollback.LiveVersion{Version: c.Previous, Standing: rollback.Unproven}
		lives = append([]rollback.LiveVersion{reported}, lives...)
	}
	return lives, nil
}

// standingOf returns the standing of a version that was live, by its own watches. The
// grade suspect does not count against it: one signal in twenty is suspect by chance.
func (r *Reader) standingOf(ctx context.Context, c store.Change) (rollback.LiveVersion, error) {
	live := rollback.LiveVersion{Version: c.Version, Standing: rollback.Unproven}
	switch c.Standing {
	case store.Bad:
		live.Standing = rollback.Bad
		return live, nil
	case store.Good:
		live.Standing = rollback.Good
		return live, nil
	}
	ws, err := r.Store.WatchesOf(ctx, c.Key)
	if err != nil {
		return live, err
	}
	for _, w := range ws {
		if w.Grade >= detector.Likely {
			live.Standing = rollback.Suspected
		}
	}
	return live, nil
}

// Order returns the order of a change, nil where it has none.
func (r *Reader) Order(ctx context.Context, key string) (*rollback.Order, error) {
	o, err := r.Store.Order(ctx, key)
	if errors.Is(err, store.ErrNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("reading the order of %s: %w", key, err)
	}
	return &o, nil
}
