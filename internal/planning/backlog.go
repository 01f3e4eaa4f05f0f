package planning

import (
	"context"
	"fmt"
	"slices"

	"github.com/pushback/pushback/internal/store"
)

const (
	pageSize = 1000  // changes read at once
	maxRest  = 10000 // changes without a rule that one pass keeps in memory; the next pass takes what is left
)

// planBacklog plans what the store has. It plans the watched changes of every page
// before any other, so that a watched change waits for no unwatched one, however many
// there are. Until the rules are settled nothing is planned: no rules would mean no
// watches.
func (p *Planner) planBacklog(ctx context.Context) error {
	if _, settled := p.Rules(); !settled {
		return nil // the sweep settles them and wakes the planner again
	}
	rest, more, err := p.planWatched(ctx)
	if err != nil {
		return err
	}
	for some := range slices.Chunk(rest, maxBatch) {
		if err := p.planBatch(ctx, some); err != nil {
			return err
		}
	}
	if more {
		p.WakeUp()
	}
	return p.Reload(ctx)
}

// planWatched reads the whole backlog, plans what a rule watches, and returns the rest:
// the first maxRest of it, and whether there is more.
func (p *Planner) planWatched(ctx context.Context) (rest []store.Change, more bool, err error) {
	for page := (store.UnplannedPage{}); !page.Last; {
		if page, err = p.Store.UnplannedChanges(ctx, page, pageSize); err != nil {
			return nil, false, fmt.Errorf("reading new changes: %w", err)
		}
		for _, err := range page.Unreadable {
			p.Log.Error("cannot read a change; its watches do not begin until its row is mended, and the others go on", "error", err)
		}
		watched, others := p.split(page.Changes)
		for some := range slices.Chunk(watched, maxBatch) {
			if err := p.planBatch(ctx, some); err != nil {
				return nil, false, err
			}
		}
		room := min(len(others), maxRest-len(rest))
		rest, more = append(rest, others[:room]...), more || room < len(others)
	}
	return rest, more, nil
}

// split returns the changes that a rule watches, and the others.
func (p *Planner) split(changes []store.Change) (watched, others []store.Change) {
	set, _ := p.Rules()
	for _, c := range changes {
		if set.Watches(c.Change, p.Service(c.Service)) {
			watched = append(watched, c)
		} else {
			others = append(others, c)
		}
	}
	return watched, others
}
