package store

import (
	"context"
	"slices"
	"time"

	"github.com/pushback/pushback/sources"
)

// A group of events is stored in three steps: what the store knows of their slots, ids and
// names is read with a few statements; every event is folded in memory, in order; and what
// came of it is written with a few statements. The slots are locked meanwhile, so nobody
// else changes what was read.
//
// See adr/0099.

// group is a group of events while it is stored.
type group struct {
	locks bool // the database has row locks, and other writers
	slots map[string]*openSlot
	ids   map[eventID]*staged // the changes of the events that are stored, or folded already

	states    []slotState // that changed, of changes that are not written anyway
	reordered []slotState // that changed, of changes with an order
}

type eventID struct{ source, id string }

// openSlot is a slot with what the group has to do with.
type openSlot struct {
	key    string
	epoch  int64
	raised bool // the epoch is not stored yet
	byName map[string]*staged
	byKey  map[string]*staged
	began  []*staged   // by this group
	live   []slotState // the changes that nothing supersedes, as they are stored
	moved  bool        // a stored change has another time now, so that what was read of its neighbours may be wrong
	last   time.Time   // when the last event that was folded came; zero: none was
}

// staged is a change that an event of the group is about.
type staged struct {
	Change
	slot    *openSlot // nil if that is none of the group's
	began   bool      // by this group
	written bool      // it is stored as it is here
}

// storeEvents stores the events of a group, which is sorted by slot. Its error fails the
// whole group.
func (s *Store) storeEvents(ctx context.Context, tx groupTx, events []*pendingEvent) error {
	g := &group{locks: s.dialect == Postgres, slots: map[string]*openSlot{}, ids: map[eventID]*staged{}}
	if err := g.open(ctx, tx, events); err != nil {
		return err
	}
	for rest := events; len(rest) > 0; {
		if err := g.readNeighbours(ctx, tx, rest); err != nil {
			return err
		}
		now, later := g.fold(rest)
		if len(later) == 0 {
			g.arrange()
		}
		if err := g.save(ctx, tx, now); err != nil {
			return err
		}
		rest = later
	}
	for _, p := range events {
		p.accepted.Change = p.of.Change
	}
	return g.moveOrders(ctx, tx)
}

// open locks the slots of the events, in the order of their keys, and reads what is stored
// of them.
func (g *group) open(ctx context.Context, tx groupTx, events []*pendingEvent) error {
	var slots, ids, names rows
	for _, p := range events {
		if g.slots[p.slot] == nil {
			g.slots[p.slot] = &openSlot{key: p.slot, byName: map[string]*staged{}, byKey: map[string]*staged{}}
			slots.add(p.slot)
		}
		ids.add(p.event.Source, p.event.EventID)
		names.add(p.slot, p.event.ChangeID)
	}
	return wrap(tx.send(ctx, slices.Concat(
		g.lock(slots),
		slots.as("slot", selectLive, g.scanLive),
		ids.as("source, event_id", selectByEvent, g.scanEvent),
		names.as("slot, name", selectByName, g.scanName),
	)), "read the slots of events")
}

// lock are the statements that lock the slots and read their epochs. On SQLite nobody
// else writes.
func (g *group) lock(slots rows) []statement {
	if !g.locks {
		return slots.as("slot", `SELECT slots.slot, slots.epoch FROM wanted CROSS JOIN slots WHERE slots.slot = wanted.slot`, g.scanEpoch)
	}
	var locked rows
	for _, slot := range slots.all {
		locked.add(slot[0], literal("0"))
	}
	return locked.statements(`INSERT INTO slots (slot, epoch) VALUES `,
		` ON CONFLICT (slot) DO UPDATE SET epoch = slots.epoch RETURNING slot, epoch`, g.scanEpoch)
}

func (g *group) scanEpoch(r row) error {
	var slot string
	var epoch int64
	if err := r.Scan(&slot, &epoch); err != nil {
		return err
	}
	g.slots[slot].epoch = epoch
	return nil
}

const (
	selectLive = `
		SELECT changes.key, changes.id, changes.status, changes.started_at, changes.sequence, changes.suspended_by, changes.suspended_until, changes.slot,
			EXISTS (SELECT 1 FROM orders WHERE orders.key = changes.key)
		FROM wanted CROSS JOIN changes WHERE changes.superseded_by = '' AND changes.slot = wanted.slot`
	selectByEvent = `
		SELECT ` + changeColumns + `, changes.slot, events.source, events.event_id FROM wanted CROSS JOIN events CROSS JOIN changes
		WHERE events.source = wanted.source AND events.event_id = wanted.event_id AND changes.key = events.change_key`
	selectByName = `
		SELECT ` + changeColumns + `, wanted.slot, wanted.name FROM wanted CROSS JOIN names CROSS JOIN changes
		WHERE names.slot = wanted.slot AND names.name = wanted.name AND changes.key = names.key`
)

func (g *group) scanLive(r row) error {
	c, err := scanSlotState(r)
	if slot := g.slots[c.slot]; err == nil && slot != nil {
		slot.live = append(slot.live, c)
	}
	return err
}

func (g *group) scanEvent(r row) error {
	var slot string
	var id eventID
	c, err := scanChangeWith(r, &slot, &id.source, &id.id)
	if err == nil {
		g.ids[id] = g.stage(slot, c)
	}
	return err
}

func (g *group) scanName(r row) error {
	var slot, name string
	c, err := scanChangeWith(r, &slot, &name)
	if err == nil {
		g.slots[slot].byName[name] = g.stage(slot, c)
	}
	return err
}

// stage takes a stored change into the group, once.
func (g *group) stage(slot string, c Change) *staged {
	of := g.slots[slot]
	if of == nil {
		return &staged{Change: c, written: true}
	}
	if of.byKey[c.Key] == nil {
		of.byKey[c.Key] = &staged{Change: c, slot: of, written: true}
	}
	return of.byKey[c.Key]
}

// fold folds the events into changes, in order. It returns those that it folded or found
// to be duplicates, and those that must be compared with what is stored first.
func (g *group) fold(events []*pendingEvent) (now, later []*pendingEvent) {
	for _, p := range events {
		if g.slots[p.slot].moved {
			later = append(later, p)
			continue
		}
		g.foldOne(g.slots[p.slot], p)
		now = append(now, p)
	}
	return now, later
}

// foldOne folds an event into the change that it reports, or begins one.
func (g *group) foldOne(slot *openSlot, p *pendingEvent) {
	id := eventID{p.event.Source, p.event.EventID}
	if p.of = g.ids[id]; p.of != nil {
		p.accepted = Accepted{Duplicate: true}
		return
	}
	p.of = g.find(slot, p)
	p.accepted = Accepted{Created: p.of == nil}
	if p.of == nil {
		p.of = slot.begin(p)
	} else {
		p.of.foldIn(p.event)
	}
	if slot.byName[p.event.ChangeID] == nil {
		slot.byName[p.event.ChangeID] = p.of
	}
	g.ids[id], slot.last = p.of, p.now
}

// begin begins the change that an event reports first.
func (s *openSlot) begin(p *pendingEvent) *staged {
	s.epoch++
	s.raised = true
	c := &staged{slot: s, began: true, Change: Change{
		Change: sources.Begin(p.event), Epoch: s.epoch, ReceivedAt: fromMicros(micros(p.now)), Planned: p.unwatched,
	}}
	c.Key = c.Change.Change.Key()
	s.byKey[c.Key], s.began = c, append(s.began, c)
	return c
}

// foldIn joins one more event to the change.
func (c *staged) foldIn(e sources.Event) {
	before := c.Change.Change
	c.Change.Change, c.written = before.Fold(e), false
	if !c.began && (!before.StartedAt.Equal(c.StartedAt) || before.Sequence != c.Sequence) {
		c.slot.moved = true
	}
}

// unwritten are the changes of the events that are not stored as they are, each once.
func unwritten(events []*pendingEvent) (all []*staged) {
	for _, p := range events {
		if !p.of.written {
			p.of.written = true
			all = append(all, p.of)
		}
	}
	return all
}

// save writes what came of events.
func (g *group) save(ctx context.Context, tx groupTx, events []*pendingEvent) error {
	changes, err := saveChanges(unwritten(events))
	if err != nil {
		return err
	}
	var names, bodies rows
	for _, p := range events {
		if !p.accepted.Duplicate {
			names.add(p.slot, p.event.ChangeID, p.of.Key)
			bodies.add(p.event.Source, p.event.EventID, p.of.Key, micros(p.now), p.raw)
		}
	}
	return wrap(tx.send(ctx, slices.Concat(
		changes,
		names.statements(`INSERT INTO names (slot, name, key) VALUES `, ` ON CONFLICT (slot, name) DO NOTHING`, nil),
		bodies.statements(`INSERT INTO events (source, event_id, change_key, received_at, raw) VALUES `, ``, nil),
		g.saveSlots(),
	)), "save events")
}

// saveSlots are the statements that store the epochs that were raised, and the states of
// the changes that no event is about.
func (g *group) saveSlots() []statement {
	var epochs, states rows
	for _, slot := range g.slots {
		slot.moved = false
		if slot.raised {
			slot.raised = false
			epochs.add(slot.key, slot.epoch)
		}
	}
	for _, c := range g.states {
		states.add(c.key, c.supersededBy, c.suspendedBy, micros(c.suspendedUntil))
	}
	return append(
		epochs.statements(`INSERT INTO slots (slot, epoch) VALUES `, ` ON CONFLICT (slot) DO UPDATE SET epoch = excluded.epoch`, nil),
		states.statements(`WITH moved (key, superseded_by, suspended_by, suspended_until) AS (VALUES `, `)
			UPDATE changes SET superseded_by = moved.superseded_by, suspended_by = moved.suspended_by,
				suspended_until = moved.suspended_until FROM moved WHERE changes.key = moved.key`, nil)...)
}

// moveOrders cancels, suspends or resumes the orders of the changes whose state changed. It
// appends the journal entries last, when all slots are locked, because the first entry
// locks the journal's counter for everybody else.
func (g *group) moveOrders(ctx context.Context, tx groupTx) error {
	var entries []Entry
	for _, c := range g.reordered {
		cancelled, err := c.saveOrder(ctx, tx, g.slots[c.slot].last)
		if err != nil {
			return wrap(err, "update orders")
		}
		entries = append(entries, cancelled...)
	}
	return appendEntries(ctx, tx, entries...)
}
