package jobs

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
)

// log records what was worked on, and when since the start.
type log struct {
	mu    sync.Mutex
	began time.Time
	lines []string
}

func (l *log) note(what string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.lines = append(l.lines, what+" "+time.Since(l.began).String())
}

func (l *log) want(t *testing.T, want ...string) {
	t.Helper()
	l.mu.Lock()
	defer l.mu.Unlock()
	if diff := cmp.Diff(want, l.lines); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// inBubble runs a queue of one kind, "k", with this number of workers, under a fake clock.
func inBubble(t *testing.T, workers int, work func(l *log, ctx context.Context, key string) error, do func(q *Queue, l *log)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		l := &log{began: time.Now()}
		q := New(slog.New(slog.DiscardHandler), Pool{workers, map[string]Work{
			"k": func(ctx context.Context, key string) error { return work(l, ctx, key) },
		}})
		ended := make(chan error, 1)
		go func() { ended <- q.Run(ctx) }()
		do(q, l)
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
}

func TestOneJobARow(t *testing.T) {
	work := func(l *log, _ context.Context, key string) error {
		l.note(key)
		time.Sleep(time.Second)
		return nil
	}
	inBubble(t, 2, work, func(q *Queue, l *log) {
		for range 3 {
			q.Add(Job{"k", "a"})
			q.Ensure(Job{"k", "a"})
		}
		time.Sleep(5 * time.Second)
		l.want(t, "a 0s")
		q.Add(Job{"k", "a"})
		time.Sleep(100 * time.Millisecond)
		q.Ensure(Job{"k", "a"}) // it is under way: a sweep learns nothing new
		q.Add(Job{"k", "a"})    // something is new: once more afterwards, and once only
		q.Add(Job{"k", "a"})
		time.Sleep(5 * time.Second)
		l.want(t, "a 0s", "a 5s", "a 6s")
	})
}

func TestPostponedJobsComeAgain(t *testing.T) {
	n := 0
	work := func(l *log, _ context.Context, key string) error {
		l.note(key)
		if n++; n < 3 {
			return After(10 * time.Second)
		}
		return nil
	}
	inBubble(t, 1, work, func(q *Queue, l *log) {
		q.Add(Job{"k", "a"})
		for range 5 {
			time.Sleep(3 * time.Second)
			q.Ensure(Job{"k", "a"}) // does not shorten the wait
		}
		time.Sleep(time.Minute)
		l.want(t, "a 0s", "a 10s", "a 20s")
	})
}

// A job that fails, or panics, is forgotten, and the others go on.
func TestFailedJobsAreForgotten(t *testing.T) {
	work := func(l *log, _ context.Context, key string) error {
		l.note(key)
		if key == "panics" {
			panic("out of luck")
		}
		return errors.New("no route")
	}
	inBubble(t, 1, work, func(q *Queue, l *log) {
		q.Add(Job{"k", "panics"})
		q.Add(Job{"k", "fails"})
		time.Sleep(time.Second)
		q.Ensure(Job{"k", "fails"})
		time.Sleep(time.Second)
		l.want(t, "panics 0s", "fails 0s", "fails 1s")
	})
}

// Workers bounds how many jobs are under way, and a pool that is full delays no other.
func TestPools(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		l := &log{began: time.Now()}
		slow := func(_ context.Context, key string) error {
			l.note(key)
			time.Sleep(time.Minute)
			return nil
		}
		quick := func(_ context.Context, key string) error { l.note(key); return nil }
		q := New(slog.New(slog.DiscardHandler), Pool{1, map[string]Work{"slow": slow}}, Pool{1, map[string]Work{"quick": quick}})
		ended := make(chan error, 1)
		go func() { ended <- q.Run(ctx) }()
		q.Add(Job{"slow", "a"})
		synctest.Wait()
		q.Add(Job{"slow", "b"})
		time.Sleep(time.Second)
		q.Add(Job{"quick", "c"})
		time.Sleep(3 * time.Minute)
		l.want(t, "a 0s", "c 1s", "b 1m0s")
		cancel()
		<-ended
	})
}

// A queue that stops begins no more jobs, and waits for those under way, but not forever.
func TestStopping(t *testing.T) {
	f := func(lasts, want time.Duration) {
		t.Helper()
		synctest.Test(t, func(t *testing.T) {
			ctx, cancel := context.WithCancel(t.Context())
			l := &log{began: time.Now()}
			q := New(slog.New(slog.DiscardHandler), Pool{1, map[string]Work{"k": func(_ context.Context, key string) error {
				l.note(key)
				time.Sleep(lasts)
				return nil
			}}})
			ended := make(chan time.Duration, 1)
			go func() { _ = q.Run(ctx); ended <- time.Since(l.began) }()
			q.Add(Job{"k", "a"})
			synctest.Wait()
			q.Add(Job{"k", "b"})
			cancel()
			if got := <-ended; got != want {
				t.Errorf("stopped after %s, want %s", got, want)
			}
			l.want(t, "a 0s")
			time.Sleep(lasts) // nothing of the test may run on when it ends
		})
	}
	f(3*time.Second, 3*time.Second)
	f(time.Hour, stopTimeout)
}

func TestUnknownKind(t *testing.T) {
	defer func() {
		if r := recover(); r == nil || !strings.Contains(r.(string), "kind x") {
			t.Errorf("%v", r)
		}
	}()
	New(slog.New(slog.DiscardHandler)).Add(Job{"x", "a"})
}
