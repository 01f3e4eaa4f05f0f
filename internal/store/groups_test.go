package store

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/pushback/pushback/sources"
)

// groupsAsSingles stores the same events in groups, and one at a time: what is stored is the
// same, and the answers say what is stored.
func groupsAsSingles(t *testing.T, s *Store) {
	for seed := range uint64(30) {
		r := rand.New(rand.NewPCG(seed, 1))
		events := randomEvents(r, fmt.Sprint("in groups ", seed))
		for rest := events; len(rest) > 0; {
			n := min(len(rest), 1+r.IntN(12))
			group := pendingEvents(t, rest[:n], `{}`)
			s.storeGroup(group)
			for _, p := range group {
				checkAnswer(t, s, p)
			}
			rest = rest[n:]
		}
		// One at a time, in the order in which groups store them: sorted by slot within each.
		r = rand.New(rand.NewPCG(seed, 1))
		same := randomEvents(r, fmt.Sprint("one by one ", seed))
		for rest := same; len(rest) > 0; {
			n := min(len(rest), 1+r.IntN(12))
			sorted := pendingEvents(t, rest[:n], `{}`)
			sortBySlot(sorted)
			for _, p := range sorted {
				s.storeGroup([]*pendingEvent{p})
			}
			rest = rest[n:]
		}
		if diff := cmp.Diff(storedOf(t, s, "one by one"), storedOf(t, s, "in groups")); diff != "" {
			t.Fatalf("seed %d: one at a time (-) and in groups (+):\n%s", seed, diff)
		}
		for _, table := range []string{"changes", "slots", "names", "events"} {
			run(t, s.write, `DELETE FROM `+table)
		}
	}
}

// randomEvents are reports of a few changes of a few services by two tools: late, repeated,
// and with each other's words.
func randomEvents(r *rand.Rand, environment string) (events []sources.Event) {
	for range 40 + r.IntN(40) {
		n := r.IntN(12)
		e := sources.Event{
			Source: []string{"ci", "argo"}[r.IntN(2)], ChangeID: fmt.Sprint("c", n), Status: sources.Started,
			Service: []string{"cart", "shop"}[n%2], Environment: environment, Kind: sources.Deploy, Version: fmt.Sprint("v", n/3),
			At: at(n).Add(time.Duration(r.IntN(3)) * time.Second),
		}
		if e.Source == "argo" {
			e.ChangeID = fmt.Sprint("a", n)
		}
		if r.IntN(2) == 0 {
			e.Status, e.At = []sources.Status{sources.Succeeded, sources.Failed}[n%3/2], e.At.Add(time.Minute)
		}
		e.EventID = fmt.Sprint(e.ChangeID, e.Status, r.IntN(2), environment)
		events = append(events, e)
	}
	return events
}

func pendingEvents(t *testing.T, events []sources.Event, raw string) (group []*pendingEvent) {
	for _, e := range events {
		group = append(group, &pendingEvent{ctx: t.Context(), event: admitted(e).Event(), raw: []byte(raw), now: now, done: make(chan struct{})})
		group[len(group)-1].slot = slotKey(group[len(group)-1].event.Slot())
	}
	return group
}

// checkAnswer compares an answer with what is stored.
func checkAnswer(t *testing.T, s *Store, p *pendingEvent) {
	t.Helper()
	if p.err != nil {
		t.Fatal(p.err)
	}
	if diff := cmp.Diff(reread(t, s, p.accepted.Change), p.accepted.Change); diff != "" {
		t.Errorf("stored (-) and answered (+), duplicate %v:\n%s", p.accepted.Duplicate, diff)
	}
}

// storedOf is what is stored of the environments with a name, without what follows from the
// environment: which change has which names, events and epoch. Which replaces which is looked
// at once a group, so that may differ.
func storedOf(t *testing.T, s *Store, environment string) (all []string) {
	t.Helper()
	found, err := collect(context.WithoutCancel(t.Context()), s.read, scanChange, selectChange+`WHERE environment LIKE $1 ORDER BY service, started_at, id`, environment+"%")
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range found {
		names, err := collect(t.Context(), s.read, scanText, `SELECT name FROM names WHERE key = $1 ORDER BY name`, c.Key)
		if err != nil {
			t.Fatal(err)
		}
		var events, epoch int
		if err := s.read.QueryRowContext(t.Context(), `SELECT (SELECT COUNT(*) FROM events WHERE change_key = $1), (SELECT epoch FROM slots WHERE slot = $2)`, c.Key, slotKey(c.Slot())).Scan(&events, &epoch); err != nil {
			t.Fatal(err)
		}
		slices.Sort(names)
		all = append(all, fmt.Sprint(c.Service, " ", c.ID, " ", c.Version, " ", c.Status, " ", c.StartedAt.Format(time.TimeOnly), " ", c.FinishedAt.Format(time.TimeOnly), " ", len(c.Witnesses),
			" epoch ", c.Epoch, " of ", epoch, " ", names, " ", events))
	}
	return all
}
