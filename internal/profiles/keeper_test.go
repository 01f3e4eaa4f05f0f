package profiles

import (
	"context"
	"log/slog"
	"testing"
	"time"

	"github.com/pushback/pushback/detector"
	"github.com/pushback/pushback/internal/store"
	"github.com/pushback/pushback/internal/store/storetest"
	"github.com/pushback/pushback/rules"
	"github.com/pushback/pushback/sources"
	"github.com/pushback/pushback/watch"
)

// countingStore counts what a keeper reads of a real store.
type countingStore struct {
	*store.Store
	names, bodies, good int
}

func (s *countingStore) NewestProfile(ctx context.Context, name string) (string, time.Time, error) {
	s.names++
	return s.Store.NewestProfile(ctx, name)
}

func (s *countingStore) ProfileByHash(ctx context.Context, hash string) (detector.Profile, error) {
	s.bodies++
	return s.Store.ProfileByHash(ctx, hash)
}

func (s *countingStore) GoodChanges(ctx context.Context, service, environment string, from, to time.Time) ([]sources.Change, error) {
	s.good++
	return s.Store.GoodChanges(ctx, service, environment, from, to)
}

// bench is a keeper with a store, a clock, and one watch of one signal.
type bench struct {
	*Keeper
	t     *testing.T
	store *countingStore
	now   time.Time
	watch watch.Watch
	name  string // of the profile that the watch wants
}

func newBench(t *testing.T) *bench {
	t.Helper()
	s := storetest.Open(t, store.Open)
	b := &bench{t: t, store: &countingStore{Store: s}, now: began.Add(time.Minute)}
	b.Keeper = New(Options{Store: b.store, Log: slog.New(slog.DiscardHandler), Now: func() time.Time { return b.now }})
	signal := detector.Signal{Name: "queue", Worse: detector.Higher}
	b.watch = watch.Watch{
		ID: "w", BaseAt: began, Plan: detector.Plan{Tick: time.Minute, Before: 60, After: 30, Signals: []detector.Signal{signal}},
		Inputs: []watch.Input{{Signal: "queue", Store: "prod", Value: sources.Query{Expr: "queue_length", Step: time.Minute}}},
	}
	b.name = name(b.watch.Plan.On(signal), signal, b.watch.Inputs[0])
	return b
}

// look gives the ticks of the profile that a look is judged by, 0 for none.
func (b *bench) look(want int, when string) {
	b.t.Helper()
	c := store.Change{Change: sources.Change{Service: "cart", Environment: "production"}}
	ps, _ := b.Of(b.t.Context(), &b.watch, c, rules.Rule{History: 24 * time.Hour})
	if got := ps["queue"].Ticks; got != want {
		b.t.Errorf("%s: judged by a profile of %d ticks, want %d", when, got, want)
	}
}

// learnElsewhere stores a profile as another replica does.
func (b *bench) learnElsewhere(ticks int, end time.Time) {
	b.t.Helper()
	if _, err := b.store.PutProfile(b.t.Context(), b.name, detector.Profile{Tick: time.Minute, Ticks: ticks, End: end}, b.now); err != nil {
		b.t.Fatal(err)
	}
}

// TestLooksReadWhatIsNew: a look without a fresh profile asks the database for nothing that
// the one before has asked, and within a minute it finds what another replica has learned.
func TestLooksReadWhatIsNew(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	stale := began.Add(-2 * FreshFor)
	for range 20 {
		b.look(0, "before anything is learned")
	}
	if s := b.store; s.names != 2 || s.good != 1 || s.bodies != 0 { // its own name, and the one that is shared
		t.Errorf("twenty looks read %d names, %d lists of good changes, %d profiles", s.names, s.good, s.bodies)
	}
	b.learnElsewhere(1, stale)
	b.now = b.now.Add(lookUpAfter + time.Second)
	for range 20 {
		b.look(1, "a stale one")
	}
	if s := b.store; s.names != 3 || s.good != 2 || s.bodies != 1 {
		t.Errorf("twenty more looks: %d names, %d lists of good changes, %d profiles", s.names, s.good, s.bodies)
	}
	b.learnElsewhere(2, began)
	b.now = b.now.Add(lookUpAfter + time.Second)
	b.look(2, "a fresh one")
	if len(b.watch.Profiles) != 1 {
		t.Error("the watch does not keep the fresh profile")
	}
	read := b.store.names
	b.learnElsewhere(3, began)
	b.now = b.now.Add(time.Hour)
	b.look(2, "the watch keeps the one it began with")
	if b.store.names != read {
		t.Error("a look of a watch with a profile looked for another")
	}
}

// TestReplacedElsewhere: the profile that a look has found is gone, because another replica
// has replaced it before any watch was judged by it.
func TestReplacedElsewhere(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.learnElsewhere(1, began)
	found, err := b.newest(t.Context(), Request{name: b.name})
	if err != nil || found.Ticks != 1 {
		t.Fatal(found, err)
	}
	b.learnElsewhere(2, began)
	b.look(1, "the look that finds it gone")
	if len(b.watch.Profiles) != 0 {
		t.Fatal("the watch keeps a profile that is not stored")
	}
	b.look(2, "the next look")
	if len(b.watch.Profiles) != 1 {
		t.Error("the watch does not keep the newer profile")
	}
}

// TestTooShortAHistoryIsLearnedAgain: a profile from less than a scan needs is used for as long as
// there is no more history, and no longer.
func TestTooShortAHistoryIsLearnedAgain(t *testing.T) {
	t.Parallel()
	f := func(ticks int, age time.Duration, fresh bool) {
		t.Helper()
		b := newBench(t)
		b.learnElsewhere(ticks, began.Add(-age))
		b.look(ticks, "a short one")
		if kept := len(b.watch.Profiles) == 1; kept != fresh {
			t.Errorf("%d minutes of history, learned %s before the change: fresh %v, want %v", ticks, age, kept, fresh)
		}
		if asked := b.Pending() == 1; asked == fresh {
			t.Errorf("%d minutes of history, learned %s before the change: asked for another %v", ticks, age, asked)
		}
	}
	f(60, 4*time.Hour, true)
	f(60, 5*time.Hour, false)
	f(359, 20*time.Minute, true)
	f(359, 30*time.Minute, false)
	f(360, 23*time.Hour, true)
	f(360, 24*time.Hour, false)
}
