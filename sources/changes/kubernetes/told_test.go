package kubernetes

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/pushback/pushback/internal/kube/kubetest"
	"github.com/pushback/pushback/sources"
	"github.com/pushback/pushback/sources/changes"
)

// store is what stores events: each once, as the real one. It is a changes.Memory as well.
type store struct {
	mu          sync.Mutex
	events      []sources.Event
	ids         map[string]bool
	first, last map[string]time.Time // by part
	down        int                  // how many calls fail
	refuse      bool
	repeated    int // events that were told again
	now         func() time.Time
	came        chan struct{}
}

func newStore() *store {
	return &store{
		ids: map[string]bool{}, first: map[string]time.Time{}, last: map[string]time.Time{}, came: make(chan struct{}, 1000),
		now: func() time.Time { return noon.Add(100 * time.Hour) },
	}
}

func (s *store) take(_ context.Context, d changes.Delivery) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.down > 0 {
		s.down--
		return errors.New("the disk is full")
	}
	for _, e := range d.Events {
		if s.refuse && e.Service != "sentinel" {
			return changes.Bad("service is not allowed")
		}
		if _, err := sources.Admit(e, nil, s.now()); err != nil {
			return err
		}
		if s.ids[e.EventID] {
			s.repeated++
		} else {
			s.ids[e.EventID] = true
			s.events = append(s.events, e)
			s.came <- struct{}{}
		}
	}
	return nil
}

func (s *store) Reads(_ context.Context, part string) (first, last time.Time, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.first[part], s.last[part], nil
}

func (s *store) NoteRead(_ context.Context, part string, at time.Time) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.first[part].IsZero() {
		s.first[part] = at
	}
	s.last[part] = at
	return nil
}

// notedAt is until when a part was read.
func (s *store) notedAt(part string) time.Time {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.last[part]
}

// noted is how many parts were read.
func (s *store) noted() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.last)
}

func (s *store) Told(_ context.Context, e sources.Event) (status sources.Status, told bool, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, one := range s.events {
		if one.ChangeID == e.ChangeID {
			status, told = one.Status, true
		}
	}
	return status, told, nil
}

// once fails the test if anything was told again. A start tells some again, which the store
// does not store; a process that goes on never does.
func (s *store) once(t *testing.T) {
	t.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.repeated > 0 {
		t.Errorf("%d events were told again", s.repeated)
	}
}

// feed is a feed that runs at a moment after noon, until stop.
type feed struct {
	*Feed
	t     *testing.T
	store *store
	stop  func()
	seen  int
}

func start(t *testing.T, s *kubetest.Server, st *store, at time.Duration, c Config) *feed {
	t.Helper()
	c.Kubeconfig = s.Kubeconfig(t)
	f, err := New(changes.Options{Name: "cluster"}, c)
	if err != nil {
		t.Fatal(err)
	}
	f.now = func() time.Time { return noon.Add(at) }
	f.Remember(st)
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- f.Run(ctx, st.take) }()
	stop := sync.OnceFunc(func() {
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	t.Cleanup(stop)
	st.mu.Lock()
	defer st.mu.Unlock()
	return &feed{f, t, st, stop, len(st.events)}
}

const patience = 20 * time.Second

// awaitListed waits until every watch has read the cluster once.
func (f *feed) awaitListed() {
	f.t.Helper()
	f.await("the first list", func() bool {
		return !slices.ContainsFunc(f.watchers, func(w *watcher) bool { return !w.reads() })
	})
}

func (f *feed) await(what string, done func() bool) {
	f.t.Helper()
	for end := time.Now().Add(patience); !done(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(end) {
			f.t.Fatalf("no %s within %s; trouble: %q", what, patience, f.Trouble())
		}
	}
}

// next waits for the next events, and returns them in short: "started v2 v1".
func (f *feed) next(n int) (all []string) {
	f.t.Helper()
	for range n {
		select {
		case <-f.store.came:
		case <-time.After(patience):
			f.t.Fatalf("an event is missing after %q; trouble: %q", all, f.Trouble())
		}
		f.store.mu.Lock()
		e := f.store.events[f.seen]
		f.seen++
		f.store.mu.Unlock()
		all = append(all, short(e))
	}
	return all
}

func short(e sources.Event) string {
	return fmt.Sprintf("%s %s %s<%s %s", e.Service, e.Status, e.Version, e.Previous, e.At.Sub(noon))
}

// expect fails unless these are the next events.
func (f *feed) expect(want ...string) {
	f.t.Helper()
	if got := f.next(len(want)); !slices.Equal(got, want) {
		f.t.Errorf("told\n%q, want\n%q", got, want)
	}
}

// quiet fails if anything was told of what happened until now. The watch tells in order, so
// the change of another workload comes last.
func (f *feed) quiet(sentinel *app, at time.Duration) {
	f.t.Helper()
	before := sentinel.revision
	version := fmt.Sprint("s", before+1)
	sentinel.ship(at, version)
	was := "v1"
	if before > 1 {
		was = fmt.Sprint("s", before)
	}
	f.expect(
		fmt.Sprintf("sentinel started %s<%s %s", version, was, at),
		fmt.Sprintf("sentinel succeeded %s<%s %s", version, was, at+time.Minute),
	)
}
