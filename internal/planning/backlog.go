package planning

import (
	"context"
	"fmt"
	"slices"

	"github.com/pushback/pushback/internal/store"
)

const (
	pageSize = 1000 // changes read at once
	maxPages = 100  // of changes without a rule that one pass plans; the next pass takes what is left
)

// planBacklog plans what the store has. It plans the watched changes of every page
// before any other, so that a watched change waits for no unwatched one, however many
// there are. Until the rules are settled nothing is planned: no rules would mean no
// watches.
func (p *Planner) planBacklog(ctx context.Context) error {
	if _, settled := p.Rules(); !settled {
		return nil // the sweep settles them and wakes the planner again
	}
	others, err := p.planWatched(ctx)
	if err != nil {
		return err
	}
	if others {
		if err := p.planOthers(ctx); err != nil {
			return err
		}
	}
	return p.Reload(ctx)
}

// planWatched reads the whole backlog, and plans what a rule watches. It reports whether
// there are others.
func (p *Planner) planWatched(ctx context.Context) (others bool, err error) {
	for page := (store.UnplannedPage{}); !page.Last; {
		if page, err = p.Store.UnplannedChanges(ctx, page, pageSize); err != nil {
			return false, fmt.Errorf("reading new changes: %w", err)
		}
		for _, err := range page.Unreadable {
			p.Log.Error("cannot read a change; its watches do not begin until its row is mended, and the others go on", "error", err)
		}
		watched := p.watched(page.Changes)
		if err := p.planAll(ctx, watched); err != nil {
			return false, err
		}
		others = others || len(watched) < len(page.Changes)
	}
	return others, nil
}

// planOthers plans what no rule watches, page by page, so that it keeps no more of the
// backlog in memory than a page. Where there is more than maxPages, the next pass looks for
// watched changes first again: there may be new ones.
func (p *Planner) planOthers(ctx context.Context) (err error) {
	page := store.UnplannedPage{}
	for range p.pages {
		if page, err = p.Store.UnplannedChanges(ctx, page, pageSize); err != nil {
			return fmt.Errorf("reading new changes: %w", err)
		}
		if err := p.planAll(ctx, page.Changes); err != nil || page.Last {
			return err
		}
	}
	p.WakeUp()
	return nil
}

// planAll plans changes in batches.
func (p *Planner) planAll(ctx context.Context, changes []store.Change) error {
	for some := range slices.Chunk(changes, maxBatch) {
		if err := p.planBatch(ctx, some); err != nil {
			return err
		}
	}
	return nil
}

// watched returns the changes that a rule watches.
func (p *Planner) watched(changes []store.Change) (watched []store.Change) {
	set, _ := p.Rules()
	for _, c := range changes {
		if set.Watches(c.Change, p.Service(c.Service)) {
			watched = append(watched, c)
		}
	}
	return watched
}
