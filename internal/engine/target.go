package engine

import (
	"context"
	"errors"
	"fmt"

	"github.com/pushback/pushback/detector"
	"github.com/pushback/pushback/internal/store"
	"github.com/pushback/pushback/rollback"
)

// reachBack bounds how many versions `target: last_good` looks through.
const reachBack = 20

// target gives the version to go back to, and whether the change is the first
// one ever seen in its slot. A target that no guard would take is zero.
func (e *Engine) target(ctx context.Context, c store.Change, lastGood bool) (rollback.Live, bool, error) {
	before, err := e.liveBefore(ctx, c, lastGood)
	if err != nil {
		return rollback.Live{}, false, fmt.Errorf("finding what was live before: %w", err)
	}
	reach := rollback.Previous
	if lastGood {
		reach = rollback.LastGood
	}
	live, refused := rollback.Target(reach, before)
	if len(refused) > 0 && len(before) > 0 && !lastGood {
		live = before[0] // the guard says why not
	}
	return live, len(before) == 0, nil
}

// skipped are the versions between the change and the one its order goes back
// to: a rollback that skips them takes them back too.
func (e *Engine) skipped(ctx context.Context, c store.Change, o rollback.Order) ([]string, error) {
	if !e.Hooks[o.Hook].LastGood {
		return nil, nil
	}
	before, err := e.liveBefore(ctx, c, true)
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

// liveBefore lists the versions that were live in the slot, newest first. What
// the tool itself calls the previous version comes before what we remember: a
// deploy by hand may have gone unseen.
func (e *Engine) liveBefore(ctx context.Context, c store.Change, all bool) ([]rollback.Live, error) {
	var lives []rollback.Live
	for at := c; len(lives) < reachBack; {
		p, known, err := e.Store.Predecessor(ctx, at)
		if err != nil {
			return nil, err
		}
		if !known {
			break
		}
		live, err := e.standing(ctx, p)
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
		told := rollback.Live{Version: c.Previous, Standing: rollback.Unproven}
		lives = append([]rollback.Live{told}, lives...)
	}
	return lives, nil
}

// standing says how a version that was live stands, by its own watches. A
// mere suspect does not count against it: one signal in twenty is suspect by
// chance.
func (e *Engine) standing(ctx context.Context, c store.Change) (rollback.Live, error) {
	live := rollback.Live{Version: c.Version, Standing: rollback.Unproven}
	switch c.Standing {
	case store.Condemned:
		live.Standing = rollback.Condemned
		return live, nil
	case store.Good:
		live.Standing = rollback.Good
		return live, nil
	}
	ws, err := e.Store.WatchesOf(ctx, c.Key)
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

// orderOf is the order of a change, nil where it has none.
func (e *Engine) orderOf(ctx context.Context, key string) (*rollback.Order, error) {
	o, err := e.Store.Order(ctx, key)
	if errors.Is(err, store.ErrNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("reading the order of %s: %w", key, err)
	}
	return &o, nil
}
