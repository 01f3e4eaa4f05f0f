package reconcile_test

import (
	"context"
	"errors"
	"log/slog"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pushback/pushback/internal/reconcile"
	"github.com/pushback/pushback/rules"
	"github.com/pushback/pushback/sources"
	"github.com/pushback/pushback/sources/changes"
)

// tool is a deploy tool, the database, and who is told, all in memory.
type tool struct {
	mu       sync.Mutex
	did      []changes.Delivery
	err      error // of the next calls of Recent
	asked    []time.Time
	known    map[string]bool
	refuses  string // the event that Fill refuses
	filled   []string
	counted  int
	told     []reconcile.Found
	last     map[string]time.Time
	retry    map[string]time.Time
	leased   map[string]time.Time
	storeErr error
}

func newTool() *tool {
	return &tool{known: map[string]bool{}, last: map[string]time.Time{}, retry: map[string]time.Time{}, leased: map[string]time.Time{}}
}

func (l *tool) Recent(_ context.Context, since time.Time) (all []changes.Delivery, err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.asked = append(l.asked, since)
	for _, d := range l.did {
		if !d.Events[0].At.Before(since) {
			all = append(all, d)
		}
	}
	return all, l.err
}

func (l *tool) fill(_ context.Context, d changes.Delivery) (stored []reconcile.Stored, err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, e := range d.Events {
		if e.EventID == l.refuses {
			return stored, changes.Bad("it is refused")
		}
		if l.storeErr != nil {
			return stored, l.storeErr
		}
		if !l.known[e.EventID] {
			l.known[e.EventID] = true
			l.filled = append(l.filled, e.EventID)
			stored = append(stored, reconcile.Stored{Event: e, ChangeKey: "key of " + e.EventID})
		}
	}
	return stored, nil
}

func (l *tool) KnowsEvent(_ context.Context, _, id string) (bool, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.known[id], nil
}

func (l *tool) LastRun(_ context.Context, name string) (time.Time, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.last[name], nil
}

func (l *tool) ClaimRun(_ context.Context, name string, due, now, until time.Time) (bool, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if !l.last[name].Before(due) || l.leased[name].After(now) {
		return false, nil
	}
	l.leased[name] = until
	return true, nil
}

func (l *tool) FinishRun(_ context.Context, name string, began time.Time) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.last[name], l.leased[name] = began, time.Time{}
	return nil
}

func (l *tool) FailRun(_ context.Context, name string, retry time.Time) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.leased[name] = retry
	return nil
}

// deploys makes a deployment now, which no webhook reports; n events of one delivery.
func (l *tool) deploys(ids ...string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	d := changes.Delivery{Raw: []byte("{}")}
	for _, id := range ids {
		d.Events = append(d.Events, sources.Event{EventID: id, At: time.Now(), Service: "cart"})
	}
	l.did = append(l.did, d)
}

func (l *tool) reconciler(log *strings.Builder) *reconcile.Reconciler {
	return reconcile.New(reconcile.Options{
		Sources:  map[string]reconcile.Source{"github": {Lister: l, Fill: l.fill}},
		Schedule: rules.Schedule{Cron: "*/10 * * * *"}, Store: l,
		Now:   func(context.Context) (time.Time, error) { return time.Now(), nil },
		Count: func(_ string, n int) { l.counted += n },
		Tell:  func(_ context.Context, f reconcile.Found) error { l.told = append(l.told, f); return nil },
		Log:   slog.New(slog.NewTextHandler(log, nil)),
	})
}

// running runs a reconciler within a bubble of synctest, from midnight on, until the test ends.
func running(t *testing.T, l *tool, do func(t *testing.T, r *reconcile.Reconciler, log *strings.Builder)) {
	synctest.Test(t, func(t *testing.T) {
		log := &strings.Builder{}
		r := l.reconciler(log)
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error)
		go func() { done <- r.Run(ctx) }()
		synctest.Wait()
		do(t, r, log)
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
}

// wait lets some minutes pass, and all that is due in them.
func wait(minutes int) {
	time.Sleep(time.Duration(minutes)*time.Minute + time.Second)
	synctest.Wait()
}

func TestLostDeliveriesAreFilledOnce(t *testing.T) {
	l := newTool()
	running(t, l, func(t *testing.T, r *reconcile.Reconciler, log *strings.Builder) {
		wait(1)
		l.deploys("started", "succeeded")
		l.deploys("delivered")
		l.known["delivered"] = true
		wait(10)
		if want := []string{"started", "succeeded"}; !reflect.DeepEqual(l.filled, want) || l.counted != 1 || len(l.told) != 1 {
			t.Fatalf("filled %q, counted %d, told %+v", l.filled, l.counted, l.told)
		}
		if f := l.told[0]; f.Source != "github" || len(f.Events) != 2 || f.Events[1].ChangeKey != "key of succeeded" {
			t.Errorf("told %+v", f)
		}
		if !strings.Contains(log.String(), "event=succeeded") {
			t.Errorf("logged %s", log)
		}
		wait(30)
		if l.counted != 1 || len(l.filled) != 2 {
			t.Errorf("filled again: %q, counted %d", l.filled, l.counted)
		}
		if g := r.Gaps()["github"]; g.Missed != 1 || g.Last.IsZero() || g.Asked.IsZero() || g.Trouble != "" {
			t.Errorf("gaps: %+v", g)
		}
	})
}

// What was deployed before Pushback knew of the source was not lost.
func TestTheFirstRunFillsNothing(t *testing.T) {
	l := newTool()
	synctest.Test(t, func(t *testing.T) {
		l.deploys("before")
		time.Sleep(time.Hour)
		ctx, cancel := context.WithCancel(t.Context())
		go l.reconciler(&strings.Builder{}).Run(ctx) //nolint:errcheck // it returns nil
		wait(25)
		cancel()
		if len(l.filled) != 0 || len(l.asked) < 3 {
			t.Errorf("filled %q, asked since %v", l.filled, l.asked)
		}
	})
}

// A delivery may still be on its way, and is looked for by the next run.
func TestYoungDeliveriesWait(t *testing.T) {
	l := newTool()
	running(t, l, func(t *testing.T, _ *reconcile.Reconciler, _ *strings.Builder) {
		wait(9)
		l.deploys("young") // a minute before the run
		wait(2)
		if len(l.filled) != 0 {
			t.Errorf("filled %q", l.filled)
		}
		wait(10)
		if !slices.Equal(l.filled, []string{"young"}) {
			t.Errorf("filled %q", l.filled)
		}
	})
}

func TestSinceIsRememberedAndBounded(t *testing.T) {
	l := newTool()
	running(t, l, func(t *testing.T, _ *reconcile.Reconciler, _ *strings.Builder) {
		wait(21)
		if n := len(l.asked); n != 3 {
			t.Fatalf("asked %d times", n)
		}
		if since := l.asked[2]; time.Since(since) > 20*time.Minute {
			t.Errorf("asked since %s", since)
		}
	})
	for schedule, last := range l.last { // each bubble of synctest begins on the same day
		l.last[schedule] = last.Add(-72 * time.Hour)
	}
	l.asked = nil
	running(t, l, func(t *testing.T, _ *reconcile.Reconciler, _ *strings.Builder) {
		wait(1)
		if len(l.asked) != 1 || time.Since(l.asked[0]) > 24*time.Hour+2*time.Minute || time.Since(l.asked[0]) < 23*time.Hour {
			t.Errorf("after three days: asked since %v", l.asked)
		}
	})
}

// A tool that limits its requests is left alone for as long as it says, and nothing is lost by it.
func TestRateLimit(t *testing.T) {
	l := newTool()
	running(t, l, func(t *testing.T, r *reconcile.Reconciler, _ *strings.Builder) {
		wait(1)
		l.deploys("lost")
		l.err = &changes.RateLimited{Tool: "GitHub", After: 45 * time.Minute}
		l.did = nil
		wait(10)
		n := len(l.asked)
		l.deploys("lost later")
		wait(40)
		if len(l.asked) != n {
			t.Errorf("asked %d times within the limit", len(l.asked)-n)
		}
		if !strings.Contains(r.Gaps()["github"].Trouble, "rate limit") {
			t.Errorf("gaps: %+v", r.Gaps())
		}
		l.err = nil
		wait(10)
		if !slices.Equal(l.filled, []string{"lost later"}) || r.Gaps()["github"].Trouble != "" {
			t.Errorf("filled %q, gaps %+v", l.filled, r.Gaps())
		}
	})
}

// What was found before an error is stored, and the rest by the next run.
func TestErrorsAreTriedAgain(t *testing.T) {
	l := newTool()
	running(t, l, func(t *testing.T, _ *reconcile.Reconciler, log *strings.Builder) {
		wait(1)
		l.deploys("a")
		l.err = errors.New("the connection broke")
		wait(10)
		if !slices.Equal(l.filled, []string{"a"}) || !strings.Contains(log.String(), "the connection broke") {
			t.Errorf("filled %q, logged %s", l.filled, log)
		}
		l.err, l.storeErr = nil, errors.New("the disk is full")
		l.deploys("b")
		wait(10)
		l.storeErr = nil
		wait(6)
		if !slices.Equal(l.filled, []string{"a", "b"}) || l.counted != 2 {
			t.Errorf("filled %q, counted %d", l.filled, l.counted)
		}
	})
}

// A delivery that can never be stored keeps no other back, and is not asked for again and again by errors.
func TestRefusedDeliveriesAreLeftOut(t *testing.T) {
	l := newTool()
	l.refuses = "bad"
	running(t, l, func(t *testing.T, _ *reconcile.Reconciler, log *strings.Builder) {
		wait(1)
		l.deploys("bad")
		l.deploys("good")
		wait(10)
		if !slices.Equal(l.filled, []string{"good"}) || l.counted != 1 || !strings.Contains(log.String(), "would have been refused") {
			t.Errorf("filled %q, counted %d, logged %s", l.filled, l.counted, log)
		}
	})
}

// A source whose settings name no token is asked once, and says nothing.
func TestSourcesWithoutAPI(t *testing.T) {
	l := newTool()
	l.err = changes.ErrNoAPI
	running(t, l, func(t *testing.T, r *reconcile.Reconciler, log *strings.Builder) {
		wait(60)
		if len(l.asked) != 1 || log.Len() > 0 || len(r.Gaps()) != 0 {
			t.Errorf("asked %d times, logged %s, gaps %+v", len(l.asked), log, r.Gaps())
		}
	})
}

// Two replicas that share a database ask one after the other, and tell it once.
func TestTwoReplicas(t *testing.T) {
	l := newTool()
	running(t, l, func(t *testing.T, _ *reconcile.Reconciler, _ *strings.Builder) {
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error)
		go func() { done <- l.reconciler(&strings.Builder{}).Run(ctx) }()
		wait(1)
		l.deploys("lost")
		wait(30)
		cancel()
		<-done
		if l.counted != 1 || len(l.told) != 1 || len(l.asked) != 4 {
			t.Errorf("counted %d, told %d, asked %d times", l.counted, len(l.told), len(l.asked))
		}
	})
}
