package situation

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

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
// Our own rollback that took place is such a fact, whether a tool reports it or not:
// its target was live from then on. Where the slot may hold changes of several things,
// an earlier version may be another flag's, and only the tool can name this one's.
func (r *Reader) liveBefore(ctx context.Context, c store.Change, all bool) ([]rollback.LiveVersion, error) {
	var lives []rollback.LiveVersion
	var takenBack []string
	at := c
	for n := 0; n < maxReach && (all || len(lives) == 0) && c.Slot().HoldsOneThing(); n++ {
		p, known, err := r.Store.Predecessor(ctx, at)
		if err != nil {
			return nil, err
		}
		if !known {
			break
		}
		o, err := r.Order(ctx, p.Key)
		if err != nil {
			return nil, err
		}
		if lives, err = r.addLive(ctx, lives, p, o, at); err != nil {
			return nil, err
		}
		if tookBack(o, at) {
			takenBack = append(takenBack, p.Version)
		}
		at = p
	}
	return r.withReported(ctx, c, lives, takenBack)
}

// addLive adds what a change put live, and what went live by its rollback where that
// took it back before the next change. A rollout that never succeeded put nothing live.
func (r *Reader) addLive(
	ctx context.Context, lives []rollback.LiveVersion, c store.Change, o *rollback.Order, next store.Change,
) ([]rollback.LiveVersion, error) {
	if tookBack(o, next) {
		target, err := r.versionStanding(ctx, c, o.Target)
		if err != nil {
			return nil, err
		}
		lives = addOnce(lives, target)
	}
	if c.Status != sources.Succeeded {
		return lives, nil
	}
	live, err := r.standingOf(ctx, c)
	return addOnce(lives, live), err
}

// addOnce adds a version that was live earlier, unless it was live later too: what was
// found of it then is what is known of it.
func addOnce(lives []rollback.LiveVersion, earlier rollback.LiveVersion) []rollback.LiveVersion {
	if slices.ContainsFunc(lives, func(l rollback.LiveVersion) bool { return l.Version == earlier.Version }) {
		return lives
	}
	return append(lives, earlier)
}

// withReported puts the version first that the tool itself calls the previous one,
// because a deploy by hand may not have been reported. A tool that still names the
// version which our rollback took back does not know of the rollback.
func (r *Reader) withReported(ctx context.Context, c store.Change, lives []rollback.LiveVersion, takenBack []string) ([]rollback.LiveVersion, error) {
	unreported := c.Previous != "" && (len(lives) == 0 || lives[0].Version != c.Previous)
	if !unreported || slices.Contains(takenBack, c.Previous) {
		return lives, nil
	}
	if stale, err := r.replacedByEcho(ctx, c); err != nil || stale {
		return lives, err
	}
	reported, err := r.versionStanding(ctx, c, c.Previous)
	return append([]rollback.LiveVersion{reported}, lives...), err
}

// replacedByEcho reports whether the version that the tool calls the previous one of c
// was replaced before c by the echo of its rollback.
func (r *Reader) replacedByEcho(ctx context.Context, c store.Change) (bool, error) {
	at := c
	for range maxReach {
		p, known, err := r.Store.Predecessor(ctx, at)
		if err != nil || !known {
			return false, err
		}
		if at.Key != c.Key && p.Version != at.Version {
			o, err := r.Order(ctx, p.Key)
			return p.Version == c.Previous && Predecessor{Order: o}.IsEcho(at), err
		}
		at = p
	}
	return false, nil
}

// standingOf returns the standing of the version that a change brought: by the
// change's own watches, and where they say nothing, by those of the same version
// before.
func (r *Reader) standingOf(ctx context.Context, c store.Change) (rollback.LiveVersion, error) {
	live, known, err := r.ownStanding(ctx, c)
	if err != nil || known {
		return live, err
	}
	return r.versionStanding(ctx, c, c.Version)
}

// versionStanding returns the standing of a version by the newest change before c that
// brought it and of which something is known.
func (r *Reader) versionStanding(ctx context.Context, c store.Change, version string) (rollback.LiveVersion, error) {
	live := rollback.LiveVersion{Version: version, Standing: rollback.Unproven}
	if version == "" || !c.Slot().HoldsOneThing() {
		return live, nil
	}
	earlier, err := r.Store.EarlierOfVersion(ctx, c, version, maxReach)
	if err != nil {
		return live, err
	}
	for _, e := range earlier {
		if own, known, err := r.ownStanding(ctx, e); err != nil || known {
			return own, err
		}
	}
	return live, nil
}

// ownStanding returns the standing of a version by one change that brought it, and
// whether that change says anything. A version that was rolled back is bad, until it is
// cleared. The grade suspect does not count against it: one signal in twenty is suspect
// by chance. Neither does a watch that may not act.
func (r *Reader) ownStanding(ctx context.Context, c store.Change) (live rollback.LiveVersion, known bool, err error) {
	live = rollback.LiveVersion{Version: c.Version, Standing: rollback.Unproven}
	if c.Standing == store.Cleared {
		return live, true, nil
	}
	o, err := r.Order(ctx, c.Key)
	switch {
	case err != nil:
		return live, false, err
	case c.Standing == store.Bad || o != nil && !o.TookPlaceAt().IsZero():
		live.Standing = rollback.Bad
		return live, true, nil
	case c.Standing == store.Good:
		live.Standing = rollback.Good
		return live, true, nil
	}
	ws, err := r.Store.WatchesOf(ctx, c.Key)
	if err != nil {
		return live, false, err
	}
	for _, w := range ws {
		if !w.Acts || w.Grade < detector.Likely {
			continue
		}
		// The successor's rollout began before its end was told, and what was found since then may be its own.
		began, err := r.successorBegan(ctx, c)
		if err != nil {
			return live, false, err
		}
		if began.IsZero() || w.LikelyAt.Before(began) {
			live.Standing, known = rollback.Suspected, true
		}
	}
	return live, known, nil
}

// successorBegan returns when the rollout of the change began that replaced or replaces another one,
// zero where there is none.
func (r *Reader) successorBegan(ctx context.Context, c store.Change) (time.Time, error) {
	key := cmp.Or(c.SupersededBy, c.SuspendedBy)
	if key == "" {
		return time.Time{}, nil
	}
	newer, err := r.Store.Change(ctx, key)
	if err != nil {
		return time.Time{}, fmt.Errorf("reading the newer change: %w", err)
	}
	return newer.StartedAt, nil
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
