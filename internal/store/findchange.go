package store

import (
	"context"
	"slices"
	"time"

	"github.com/pushback/pushback/sources"
)

// answerDuplicates answers the events that are stored already, and returns the others.
func answerDuplicates(ctx context.Context, tx executor, round []*pendingEvent) ([]*pendingEvent, error) {
	type id struct{ source, event string }
	var wanted values
	for _, p := range round {
		wanted.add(p.event.Source, p.event.EventID)
	}
	known := map[id]Change{}
	_, err := collect(ctx, tx, func(r row) (one struct{}, err error) {
		var of id
		c, err := scanChangeWith(r, &of.source, &of.event)
		known[of] = c
		return one, err
	}, wanted.as("wanted", "source", "event_id")+`
		SELECT `+changeColumns+`, events.source, events.event_id FROM wanted CROSS JOIN events CROSS JOIN changes
		WHERE events.source = wanted.source AND events.event_id = wanted.event_id AND changes.key = events.change_key`, wanted.args...)
	if err != nil {
		return nil, wrap(err, "look for duplicates")
	}
	var others []*pendingEvent
	for _, p := range round {
		p.accepted = Accepted{}
		if c, is := known[id{p.event.Source, p.event.EventID}]; is {
			p.accepted = Accepted{Change: c, Duplicate: true}
		} else {
			others = append(others, p)
		}
	}
	return others, nil
}

// findChanges finds the changes that the events report, and leaves them in accepted: by
// the tool's own id of a change, or as another tool's report of the same version.
func findChanges(ctx context.Context, tx executor, round []*pendingEvent) error {
	bySlot := map[string]*pendingEvent{}
	var names values
	for _, p := range round {
		slot := p.slot
		bySlot[slot] = p
		names.add(slot, p.event.ChangeID)
	}
	_, err := collect(ctx, tx, func(r row) (one struct{}, err error) {
		var slot string
		c, err := scanChangeWith(r, &slot)
		if err == nil {
			bySlot[slot].accepted.Change = c
		}
		return one, err
	}, names.as("wanted", "slot", "name")+`
		SELECT `+changeColumns+`, wanted.slot FROM wanted CROSS JOIN names CROSS JOIN changes
		WHERE names.slot = wanted.slot AND names.name = wanted.name AND changes.key = names.key`, names.args...)
	if err != nil {
		return wrap(err, "find changes by name")
	}
	return findByVersion(ctx, tx, bySlot)
}

// findByVersion finds the changes of the events that no name has found.
func findByVersion(ctx context.Context, tx executor, bySlot map[string]*pendingEvent) error {
	var wanted values
	for slot, p := range bySlot {
		if p.accepted.Change.Key == "" && p.event.Version != "" {
			wanted.add(slot, micros(p.event.At))
		}
	}
	if wanted.empty() {
		return nil
	}
	found, err := collect(ctx, tx, scanChange, wanted.as("wanted", "slot", "at")+selectAdjacent, wanted.args...)
	if err != nil {
		return wrap(err, "find changes by version")
	}
	slices.SortStableFunc(found, func(a, b Change) int { return a.StartedAt.Compare(b.StartedAt) })
	for _, c := range found {
		p := bySlot[slotKey(c.Slot())]
		if p != nil && p.accepted.Change.Key == "" && sameChange(c.Change, p.event) {
			p.accepted.Change = c
		}
	}
	return nil
}

// selectAdjacent selects the last change of each slot that started up to at, and the first
// that started later. Only these can be what a second tool reports: if a version comes
// again after another version, that is a new change, as every rollback is.
const selectAdjacent = `
	SELECT ` + changeColumns + ` FROM changes WHERE key IN (
		SELECT (SELECT key FROM changes WHERE slot = wanted.slot AND started_at <= wanted.at
			ORDER BY started_at DESC, sequence DESC, epoch DESC LIMIT 1) FROM wanted
		UNION ALL
		SELECT (SELECT key FROM changes WHERE slot = wanted.slot AND started_at > wanted.at
			ORDER BY started_at, sequence, epoch LIMIT 1) FROM wanted)`

// mergeWithin is how far apart in time the reports of two tools about one version
// may be, to be about one change.
const mergeWithin = 30 * time.Minute

// sameChange says whether e is another tool's report of c: of the same version,
// within mergeWithin, from a tool that has not reported c. The same tool means
// another change, because it would have used the id that it has for c.
func sameChange(c sources.Change, e sources.Event) bool {
	if e.Version == "" || e.Version != c.Version {
		return false
	}
	if e.RollbackOf != "" && c.RollbackOf != "" && e.RollbackOf != c.RollbackOf {
		return false
	}
	for _, w := range c.Witnesses {
		if w.Source == e.Source {
			return false
		}
	}
	last := c.StartedAt
	if c.FinishedAt.After(last) {
		last = c.FinishedAt
	}
	return !e.At.Before(c.StartedAt.Add(-mergeWithin)) && !e.At.After(last.Add(mergeWithin))
}
