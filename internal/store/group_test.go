package store

import (
	"context"
	"fmt"
	"slices"
	"testing"

	"github.com/pushback/pushback/sources"
)

// How many statements store a group whose events have nothing to do with each other, however
// large it is: those for 64 rows each. What is sent together is one round trip on PostgreSQL.
const (
	maxSent            = 3
	maxGroupStatements = 10 * maxGroup / 64
)

func aGroupCostsAFewStatements(t *testing.T, s *Store) {
	for _, version := range []string{"v1", "v2"} { // v2 supersedes v1 in every slot
		var group []*pendingEvent
		for i := range maxGroup {
			e := eventOf(version, version, sources.Succeeded, 1+int(version[1]))
			e.Service, e.EventID = fmt.Sprint("service-", i), fmt.Sprint(version, " of ", i)
			group = append(group, &pendingEvent{ctx: t.Context(), event: e, slot: slotKey(e.Slot()), now: now, done: make(chan struct{})})
		}
		sortBySlot(group)
		sent, statements := 0, 0
		err := s.inGroupTx(t.Context(), func(tx groupTx) error {
			send := tx.send
			tx.send = func(ctx context.Context, all []statement) error {
				sent, statements = sent+1, statements+len(all)
				return send(ctx, all)
			}
			return s.storeEvents(t.Context(), tx, group)
		})
		if err != nil || sent > maxSent || statements > maxGroupStatements {
			t.Errorf("%d statements, sent in %d parts, for %d events; want at most %d in %d; %v", statements, sent, len(group), maxGroupStatements, maxSent, err)
		}
		for _, p := range group {
			if p.err != nil || !p.accepted.Created {
				t.Fatalf("%+v, %v", p.accepted, p.err)
			}
		}
	}
	var superseded int
	err := s.read.QueryRowContext(t.Context(), `SELECT COUNT(*) FROM changes WHERE version = 'v1' AND superseded_by <> ''`).Scan(&superseded)
	if err != nil || superseded != maxGroup {
		t.Errorf("%d changes were superseded, want %d; %v", superseded, maxGroup, err)
	}
}

// oneGroupOfEverything stores in one group what usually comes one after the other: two
// events of one change, an event twice, and two tools.
func oneGroupOfEverything(t *testing.T, s *Store) {
	started, done := eventOf("c1", "v1", sources.Started, 5), eventOf("c1", "v1", sources.Succeeded, 8)
	next := eventOf("c2", "v2", sources.Succeeded, 9)
	group := []*pendingEvent{}
	for _, e := range []sources.Event{started, done, started, from("argo", eventOf("a1", "v1", sources.Succeeded, 7)), next} {
		group = append(group, &pendingEvent{ctx: t.Context(), event: e, slot: slotKey(e.Slot()), now: now, done: make(chan struct{})})
	}
	s.storeGroup(slices.Clone(group))
	key := group[0].accepted.Change.Key
	for i, want := range []Accepted{{Created: true}, {}, {Duplicate: true}, {}, {Created: true}} {
		got := group[i].accepted
		if group[i].err != nil || got.Created != want.Created || got.Duplicate != want.Duplicate || (i < 4) != (got.Change.Key == key) {
			t.Errorf("event %d: created %v, duplicate %v, change %s, %v", i, got.Created, got.Duplicate, got.Change.ID, group[i].err)
		}
	}
	c := reread(t, s, group[0].accepted.Change)
	if c.Status != sources.Succeeded || len(c.Witnesses) != 2 || c.SupersededBy != group[4].accepted.Change.Key || c.Epoch != 1 {
		t.Errorf("%+v", c)
	}
}

// oneIDInTwoSlots stores in one group an event id that a tool has used twice: the second
// event is a duplicate, whatever it says.
func oneIDInTwoSlots(t *testing.T, s *Store) {
	here := eventOf("c1", "v1", sources.Started, 5)
	there := here
	there.Service = "other"
	var group []*pendingEvent
	for _, e := range []sources.Event{here, there} {
		group = append(group, &pendingEvent{ctx: t.Context(), event: e, slot: slotKey(e.Slot()), now: now, done: make(chan struct{})})
	}
	s.storeGroup(group)
	a, b := group[0], group[1]
	if a.err != nil || b.err != nil || a.accepted.Duplicate == b.accepted.Duplicate || a.accepted.Change.Key != b.accepted.Change.Key {
		t.Errorf("%+v, %v; %+v, %v", a.accepted, a.err, b.accepted, b.err)
	}
}
