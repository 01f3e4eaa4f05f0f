package store

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/pushback/pushback/internal/store/storetest"
	"github.com/pushback/pushback/sources"
)

func duplicateChangesNothing(t *testing.T, s *Store) {
	e := eventOf("c1", "v1", sources.Succeeded, 5)
	first := accept(t, s, e)
	again := e
	again.Status = sources.Failed // a replay cannot say something else under an old id
	second := accept(t, s, again)
	if !first.Created || first.Duplicate || second.Created || !second.Duplicate {
		t.Errorf("first %+v, second %+v", first, second)
	}
	if second.Change.Key != first.Change.Key || second.Change.Status != sources.Succeeded {
		t.Errorf("the duplicate changed %+v", second.Change)
	}
	if other := accept(t, s, from("argo", e)); other.Duplicate {
		t.Error("another source's event of the same id is no duplicate")
	}
}

func laterStatusIsNews(t *testing.T, s *Store) {
	c := accept(t, s, eventOf("c1", "v1", sources.Started, 5)).Change
	done := accept(t, s, eventOf("c1", "v1", sources.Succeeded, 8))
	if done.Created || done.Duplicate || done.Change.Key != c.Key {
		t.Errorf("%+v", done)
	}
	if got := reread(t, s, c); got.Status != sources.Succeeded || !got.StartedAt.Equal(at(5)) || !got.FinishedAt.Equal(at(8)) || got.Epoch != 1 {
		t.Errorf("%+v", got)
	}
}

func twoToolsOneChange(t *testing.T, s *Store) {
	c := accept(t, s, eventOf("c1", "v1", sources.Started, 5)).Change
	f := func(name string, e sources.Event) {
		t.Helper()
		a := accept(t, s, e)
		if a.Created || a.Change.Key != c.Key || a.Change.ID != "c1" {
			t.Errorf("%s: a change of its own: %+v", name, a.Change)
		}
	}
	f("by name", from("argo", eventOf("c1", "v1", sources.Succeeded, 58)))
	f("by version", from("spinnaker", eventOf("pipeline-7", "v1", sources.Started, 7)))
	f("by the name it got", from("spinnaker", eventOf("pipeline-7", "v2", sources.Succeeded, 8)))
	f("reported earlier than the first", from("flux", eventOf("rev-1", "v1", sources.Started, 3)))
	if got := reread(t, s, c); len(got.Witnesses) != 4 || !got.StartedAt.Equal(at(3)) {
		t.Errorf("%+v", got.Change)
	}
}

func twoChangesAfterAll(t *testing.T, s *Store) {
	f := func(name string, e sources.Event) {
		t.Helper()
		if a := accept(t, s, e); !a.Created {
			t.Errorf("%s: merged into %s", name, a.Change.ID)
		}
	}
	f("the first", eventOf("c1", "v1", sources.Succeeded, 0))
	f("the same tool, another name", eventOf("c2", "v1", sources.Succeeded, 1))
	f("more than half an hour later", from("argo", eventOf("late", "v1", sources.Succeeded, 32)))
	f("another version", from("argo", eventOf("a2", "v2", sources.Succeeded, 34)))
	f("back to the first version", from("flux", eventOf("f1", "v1", sources.Succeeded, 36)))
	staging := from("argo", eventOf("s1", "v1", sources.Succeeded, 37))
	staging.Environment = "staging"
	f("another slot", staging)
	flag := from("argo", eventOf("flag", "", sources.Succeeded, 38))
	flag.Kind = sources.Flag
	f("a flag", flag)
	flag = from("unleash", eventOf("flag-2", "", sources.Succeeded, 38))
	flag.Kind = sources.Flag
	f("another flag, neither has a version", flag)
}

func thousandAtOnce(t *testing.T, s *Store) {
	const events, services = 1000, 50
	var g errgroup.Group
	for i := range events {
		g.Go(func() error {
			e := eventOf(fmt.Sprint("c", i), fmt.Sprint("v", i), sources.Started, i%59)
			e.Service = fmt.Sprint("service-", i%services)
			_, err := s.Accept(t.Context(), admitted(e), []byte("{}"), now)
			return err
		})
	}
	if err := g.Wait(); err != nil {
		t.Fatal(err)
	}
	var stored, changes, top int
	err := s.read.QueryRowContext(t.Context(), `SELECT
		(SELECT COUNT(*) FROM events), (SELECT COUNT(*) FROM changes), (SELECT MAX(epoch) FROM slots)`).Scan(&stored, &changes, &top)
	if err != nil || stored != events || changes != events || top != events/services {
		t.Errorf("%d events, %d changes, epoch %d, %v", stored, changes, top, err)
	}
}

func racedByTwoTools(t *testing.T, s *Store) {
	for i := range 20 {
		var g errgroup.Group
		keys := make([]string, 4)
		for j := range keys {
			g.Go(func() error {
				e := eventOf(fmt.Sprint("c", i, " of ", j), fmt.Sprint("v", i), sources.Started, i)
				a, err := s.Accept(t.Context(), admitted(from(fmt.Sprint("tool-", j), e)), nil, now)
				keys[j] = a.Change.Key
				return err
			})
		}
		if err := g.Wait(); err != nil {
			t.Fatal(err)
		}
		for _, key := range keys {
			if key != keys[0] {
				t.Fatalf("one change, keys %v", keys)
			}
		}
	}
}

// badEventSparesNeighbours puts an event into a group whose change cannot be
// read. Storing it fails half-way, when its slot is locked.
func badEventSparesNeighbours(t *testing.T, s *Store) {
	good, bad, cancelled := waiting(t, "good"), waiting(t, "bad"), waiting(t, "cancelled")
	if _, err := s.write.ExecContext(t.Context(), `INSERT INTO changes (key, slot, id, service, environment, version, status,
		started_at, finished_at, sequence, epoch, superseded_by, suspended_by, suspended_until, standing, planned, received_at, body)
		VALUES ($1, $2, 'bad', '', '', 'bad', 'started', 0, 0, 0, 0, '', '', 0, '', FALSE, 0, 'not JSON')`,
		sources.Key(bad.event.Slot(), "bad"), slotKey(bad.event.Slot())); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	cancelled.ctx = ctx
	s.storeGroup([]*pendingEvent{bad, good, cancelled})
	if bad.err == nil || good.err != nil || !errors.Is(cancelled.err, context.Canceled) {
		t.Errorf("bad: %v, good: %v, cancelled: %v", bad.err, good.err, cancelled.err)
	}
	var changes, names int
	if err := s.read.QueryRowContext(t.Context(), `SELECT (SELECT COUNT(*) FROM slots WHERE epoch > 0), (SELECT COUNT(*) FROM names)`).Scan(&changes, &names); err != nil || changes != 1 || names != 1 {
		t.Errorf("%d changes began, %d have names, %v: the bad event left half of itself behind", changes, names, err)
	}
	if a := accept(t, s, good.event); !a.Duplicate {
		t.Error("the good event is lost")
	}
	if a := accept(t, s, cancelled.event); a.Duplicate {
		t.Error("the cancelled event was stored")
	}
}

func waiting(t *testing.T, id string) *pendingEvent {
	e := eventOf(id, id, sources.Started, 1)
	e.Service = id
	return &pendingEvent{ctx: t.Context(), event: e, slot: slotKey(e.Slot()), now: now, done: make(chan struct{})}
}

func cancelledCaller(t *testing.T, s *Store) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := s.Accept(ctx, admitted(eventOf("c1", "v1", sources.Started, 1)), nil, now); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
	nobodys, err := sources.Admit(eventOf("c1", "", sources.Started, 1), nil, now)
	if err == nil {
		t.Error("an event without version was admitted")
	}
	if _, err := s.Accept(t.Context(), nobodys, nil, now); err == nil {
		t.Error("an event that was not admitted was taken")
	}
}

func pruning(t *testing.T, s *Store) {
	e := eventOf("c1", "v1", sources.Started, 1)
	accept(t, s, e)
	for want := int64(1); want >= 0; want-- {
		if n, err := s.Prune(t.Context(), Ages{Before: now.Add(time.Second)}); err != nil || n.Bodies != want {
			t.Fatalf("pruned %d, %v; want %d", n, err, want)
		}
	}
	if !accept(t, s, e).Duplicate {
		t.Error("a pruned event is not known any more")
	}
}

func TestAcceptAfterClose(t *testing.T) {
	s := storetest.Open(t, Open)
	var g sync.WaitGroup
	for i := range 50 {
		g.Go(func() {
			_, err := s.Accept(t.Context(), admitted(eventOf(fmt.Sprint(i), "v", sources.Started, 1)), nil, now)
			if err != nil && !errors.Is(err, ErrClosed) {
				t.Error(err)
			}
		})
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
	g.Wait()
	if _, err := s.Accept(t.Context(), admitted(eventOf("late", "v", sources.Started, 1)), nil, now); !errors.Is(err, ErrClosed) {
		t.Errorf("after Close: %v", err)
	}
}
