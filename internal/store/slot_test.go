package store

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/pushback/pushback/rollback"
	"github.com/pushback/pushback/sources"
	"github.com/pushback/pushback/watch"
)

func newerChange(t *testing.T, s *Store) {
	old := accept(t, s, eventOf("c1", "v1", sources.Succeeded, 10)).Change
	if _, _, err := s.CreateOrder(t.Context(), orderFor(old)); err != nil {
		t.Fatal(err)
	}
	f := func(name string, e sources.Event, suspended, superseded bool, order rollback.State) {
		t.Helper()
		accept(t, s, e)
		c := reread(t, s, old)
		if (c.SuspendedBy != "") != suspended || (c.SupersededBy != "") != superseded || state(t, s, old.Key) != order {
			t.Errorf("%s: suspended by %q, superseded by %q, order %s", name, c.SuspendedBy, c.SupersededBy, state(t, s, old.Key))
		}
	}
	f("an older one started late", eventOf("c0", "v0", sources.Started, 5), false, false, rollback.Decided)
	f("a newer one started", eventOf("c2", "v2", sources.Started, 20), true, false, rollback.Decided)
	if c, end := reread(t, s, old), at(20).Add(watch.MaxRolling); c.SuspendedAt(end.Add(-1)) == "" || c.SuspendedAt(end) != "" {
		t.Errorf("the wait does not end at %s: %+v", end, c)
	}
	if o, err := s.Order(t.Context(), old.Key); err != nil || !o.SuspendedUntil.Equal(at(20).Add(watch.MaxRolling)) {
		t.Errorf("suspended until %s, %v", o.SuspendedUntil, err)
	}
	f("the newer one failed", eventOf("c2", "v2", sources.Failed, 22), false, false, rollback.Decided)
	if o, _ := s.Order(t.Context(), old.Key); !o.SuspendedUntil.IsZero() {
		t.Errorf("resumed, but suspended until %s", o.SuspendedUntil)
	}
	f("the next one started", eventOf("c3", "v3", sources.Started, 30), true, false, rollback.Decided)
	f("the next one succeeded", eventOf("c3", "v3", sources.Succeeded, 33), false, true, rollback.Cancelled)
	f("the next one failed after all", eventOf("c3", "v3", sources.Failed, 35), false, true, rollback.Cancelled)

	late := accept(t, s, eventOf("c4", "v4", sources.Succeeded, 40), eventOf("c05", "v05", sources.Succeeded, 3)).Change
	if late.SupersededBy == "" || late.Epoch != 6 {
		t.Errorf("reported late, and not superseded: %+v", late)
	}
	if o, made, err := s.CreateOrder(t.Context(), orderFor(late)); err != nil || made || o.Key != "" {
		t.Errorf("order of a superseded change: %+v, %v, %v", o, made, err)
	}
}

func slotInAnyOrder(t *testing.T, s *Store) {
	events := []sources.Event{
		eventOf("c1", "v1", sources.Started, 1), eventOf("c1", "v1", sources.Succeeded, 4),
		eventOf("c2", "v2", sources.Started, 5), eventOf("c2", "v2", sources.Failed, 8),
		eventOf("c3", "v3", sources.Succeeded, 9),
		eventOf("c4", "v4", sources.Started, 10),
	}
	random := rand.New(rand.NewPCG(1, 2))
	for run := range 25 {
		random.Shuffle(len(events), func(i, j int) { events[i], events[j] = events[j], events[i] })
		var keys, order []string
		for _, e := range events {
			e.Service, e.EventID = fmt.Sprint("cart-", run), fmt.Sprint(e.EventID, run)
			keys, order = append(keys, accept(t, s, e).Change.Key), append(order, e.EventID)
		}
		for _, key := range keys {
			c := reread(t, s, Change{Key: key})
			superseded, suspended := c.ID == "c1" || c.ID == "c2", c.ID == "c3"
			if (c.SupersededBy != "") != superseded || (c.SuspendedBy != "") != suspended {
				t.Errorf("%s: superseded by %q, suspended by %q after %q", c.ID, c.SupersededBy, c.SuspendedBy, order)
			}
		}
	}
}

func TestArrange(t *testing.T) {
	f := func(name, want string, statuses ...sources.Status) {
		t.Helper()
		var changes []slotState
		for i, status := range statuses {
			c := sources.Change{Status: status, StartedAt: at(i), ID: string(rune('a' + i))}
			changes = append(changes, slotState{key: c.ID, change: c})
		}
		var got string
		for _, p := range arrange(changes) {
			switch {
			case p.supersededBy != "":
				got += "x"
			case p.suspendedBy != "":
				got += "z"
			default:
				got += "!"
			}
		}
		if got != want {
			t.Errorf("%s: %s, want %s", name, got, want)
		}
	}
	const started, succeeded, failed = sources.Started, sources.Succeeded, sources.Failed
	f("nothing", "")
	f("one", "!", started)
	f("a newer one rolls", "z!", succeeded, started)
	f("a newer one failed", "!!", succeeded, failed)
	f("a newer one succeeded", "x!", started, succeeded)
	f("one failed, the next rolls", "zz!", succeeded, failed, started)
	f("one rolls, the next failed", "z!!", succeeded, started, failed)
	f("the newest success counts", "xxz!", succeeded, started, succeeded, started)
}
