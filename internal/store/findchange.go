package store

import (
	"cmp"
	"context"
	"time"

	"github.com/pushback/pushback/sources"
)

// neighbour is the stored change before or after an event, by time. Only these can be what
// a second tool reports: if a version comes again after another version, that is a new
// change, as every rollback is.
type neighbour struct {
	Change // decoded if it has the event's version
	at     place
	same   bool // it has the event's version
}

// place is where a change stands among those of its slot.
type place struct{ startedAt, sequence, epoch int64 }

func placeOf(c Change) place { return place{micros(c.StartedAt), c.Sequence, c.Epoch} }

func (p place) compare(o place) int {
	return cmp.Or(cmp.Compare(p.startedAt, o.startedAt), cmp.Compare(p.sequence, o.sequence), cmp.Compare(p.epoch, o.epoch))
}

// readNeighbours reads the stored changes before and after each event that no name has
// found, and that may be another tool's report of the same version.
func (g *group) readNeighbours(ctx context.Context, tx groupTx, events []*pendingEvent) error {
	var wanted rows
	for i, p := range events {
		p.near = nil
		known := g.ids[eventID{p.event.Source, p.event.EventID}]
		if known == nil && p.event.Version != "" && g.slots[p.slot].byName[p.event.ChangeID] == nil {
			wanted.add(int64(i), p.slot, micros(p.event.At), p.event.Version)
		}
	}
	return wrap(tx.send(ctx, wanted.as("n, slot, at, version", selectNeighbours, func(r row) error {
		n, i, err := scanNeighbour(r)
		if err == nil {
			events[i].near = append(events[i].near, n)
		}
		return err
	})), "find changes by version")
}

// selectNeighbours selects the last change of each slot that started up to at, and the first
// that started later.
const selectNeighbours = `
	SELECT changes.key, changes.epoch, changes.superseded_by, changes.suspended_by, changes.suspended_until,
		changes.standing, changes.planned, changes.received_at, CASE WHEN changes.version = wanted.version THEN changes.body ELSE '' END,
		changes.started_at, changes.sequence, wanted.n
	FROM wanted CROSS JOIN changes WHERE changes.key IN (
		(SELECT key FROM changes older WHERE older.slot = wanted.slot AND older.started_at <= wanted.at
			ORDER BY older.started_at DESC, older.sequence DESC, older.epoch DESC LIMIT 1),
		(SELECT key FROM changes newer WHERE newer.slot = wanted.slot AND newer.started_at > wanted.at
			ORDER BY newer.started_at, newer.sequence, newer.epoch LIMIT 1))`

func scanNeighbour(r row) (n neighbour, event int, err error) {
	c, body, err := scanColumns(r, &n.at.startedAt, &n.at.sequence, &event)
	if err == nil && body != "" {
		n.same, err = true, decode(body, &c.Change)
	}
	n.Change, n.at.epoch = c, c.Epoch
	return n, event, err
}

// find finds the change that an event reports: by the tool's own id of a change, or as
// another tool's report of the same version. Nil if there is none yet.
func (g *group) find(slot *openSlot, p *pendingEvent) *staged {
	if c := slot.byName[p.event.ChangeID]; c != nil || p.event.Version == "" {
		return c
	}
	before, after := slot.around(p)
	for _, n := range []*neighbour{before, after} {
		if n != nil && n.same && sameChange(n.Change.Change, p.event) {
			return g.stage(slot.key, n.Change)
		}
	}
	return nil
}

// around returns the changes of the slot before and after an event, of those that are
// stored and those that the group has begun.
func (s *openSlot) around(p *pendingEvent) (before, after *neighbour) {
	at := micros(p.event.At)
	consider := func(n neighbour) {
		switch {
		case n.at.startedAt <= at && (before == nil || n.at.compare(before.at) > 0):
			before = &n
		case n.at.startedAt > at && (after == nil || n.at.compare(after.at) < 0):
			after = &n
		}
	}
	for _, n := range p.near {
		if c := s.byKey[n.Key]; c != nil {
			n = neighbour{c.Change, placeOf(c.Change), true}
		}
		consider(n)
	}
	for _, c := range s.began {
		consider(neighbour{c.Change, placeOf(c.Change), true})
	}
	return before, after
}

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
