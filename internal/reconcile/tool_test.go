package reconcile_test

import (
	"context"
	"log/slog"
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

// set changes the tool while a reconciler runs.
func (l *tool) set(change func()) {
	l.mu.Lock()
	defer l.mu.Unlock()
	change()
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
		Count: func(_ string, n int) { l.set(func() { l.counted += n }) },
		Tell: func(_ context.Context, f reconcile.Found) error {
			l.set(func() { l.told = append(l.told, f) })
			return nil
		},
		Log: slog.New(slog.NewTextHandler(log, nil)),
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
func (l *tool) wait(minutes int) {
	l.set(func() {}) // what the test has read comes before what the reconciler writes
	time.Sleep(time.Duration(minutes)*time.Minute + time.Second)
	synctest.Wait()
}
