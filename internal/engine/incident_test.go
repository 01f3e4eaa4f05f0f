package engine

import (
	"errors"
	"testing"
	"time"

	"github.com/pushback/pushback/internal/store"
)

// learned is how many profiles a pass over the rules that may have changed
// learns.
func (b *bench) learned() int {
	b.t.Helper()
	before := b.histories()
	b.must(b.profiles.LearnChangedRules(b.t.Context()))
	return b.histories() - before
}

// Profiles that an incident touches are learned again without it; all others stay.
func TestIncident(t *testing.T) {
	t.Parallel()
	b := newBench(t, redRule, scheduled)
	b.must(b.keep("profiles"))
	both := b.histories()
	b.clock.add(time.Minute)
	if n := b.learned(); n != 0 {
		t.Fatalf("%d histories fetched where nothing had changed", n)
	}
	note := func(service string, from time.Duration) store.Incident {
		t.Helper()
		i, err := b.NoteIncident(t.Context(), store.Incident{Service: service, From: began.Add(-from), To: began.Add(-from + time.Hour), Actor: "amy"})
		b.must(err)
		b.clock.add(time.Minute)
		return i
	}
	f := func(what string, want int) {
		t.Helper()
		if n := b.learned(); n != want {
			t.Errorf("%s: %d histories fetched, want %d", what, n, want)
		}
		if n := b.learned(); n != 0 {
			t.Errorf("%s: %d histories fetched once more", what, n)
		}
		b.clock.add(time.Minute)
	}
	f("of nobody", 0)
	ofCart := note("cart", 5*time.Hour)
	f("of one service", both/2)
	note("", 9*time.Hour)
	f("of all", both)
	note("cart", 2000*time.Hour)
	f("before all history", 0)
	_, err := b.RemoveIncident(t.Context(), ofCart.ID, "bob")
	b.must(err)
	b.clock.add(time.Minute)
	f("taken back", both/2)
	if _, err := b.RemoveIncident(t.Context(), ofCart.ID, "bob"); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("taken back twice: %v", err)
	}
}

// An incident is left out of what is learned: of one service, or of all.
func TestIncidentIsMasked(t *testing.T) {
	t.Parallel()
	b := newBench(t, redRule, scheduled)
	from, to := began.Add(-6*time.Hour), began.Add(-5*time.Hour)
	_, err := b.NoteIncident(t.Context(), store.Incident{Service: "cart", From: from, To: to, Actor: "amy"})
	b.must(err)
	for service, want := range map[string]int{"cart": 1, "search": 0} {
		mask, err := b.Store.MaskedWindows(t.Context(), service, "production", began.Add(-24*time.Hour), began)
		if err != nil || len(mask) != want || want == 1 && (!mask[0].From.Equal(from) || !mask[0].To.Equal(to)) {
			t.Errorf("%s: %v, %v", service, mask, err)
		}
	}
}

// A watch that begins is judged by the profile that is there, but only pins one that was
// learned without the incident.
func TestWatchAsksForOutdatedProfile(t *testing.T) {
	t.Parallel()
	b := newBench(t, redRule, scheduled)
	b.must(b.keep("profiles"))
	b.clock.add(time.Minute)
	_, err := b.NoteIncident(t.Context(), store.Incident{From: began.Add(-6 * time.Hour), To: began.Add(-5 * time.Hour), Actor: "amy"})
	b.must(err)
	key := b.deploy("v2", nil)
	b.pass(time.Minute)
	if n := b.profiles.Pending(); n != 1 || len(b.watch(key).Profiles) != 0 {
		t.Fatalf("%d lessons asked for, and the watch holds %v", n, b.watch(key).Profiles)
	}
	b.must(b.profiles.LearnPending(t.Context()))
	b.pass(30 * time.Second)
	if w := b.watch(key); len(w.Profiles) != 1 {
		t.Errorf("the watch is judged by %v", w.Profiles)
	}
}
