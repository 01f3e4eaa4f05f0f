package engine

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/pushback/pushback/internal/jobs"
)

// failedLooks is a log that fails the test where a look failed: a look retries whatever
// goes wrong, so that nothing else would show it.
type failedLooks struct{ t testing.TB }

func (failedLooks) Enabled(_ context.Context, l slog.Level) bool { return l >= slog.LevelError }

func (f failedLooks) Handle(_ context.Context, r slog.Record) error {
	if strings.HasPrefix(r.Message, "a look failed") {
		r.Attrs(func(a slog.Attr) bool { f.t.Error(r.Message, a); return true })
	}
	return nil
}

func (f failedLooks) WithAttrs([]slog.Attr) slog.Handler { return f }
func (f failedLooks) WithGroup(string) slog.Handler      { return f }

// clock is the engine's clock, which only the test moves.
type clock struct {
	mu  sync.Mutex
	now time.Time
}

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) add(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

// queue is the job queue as the engine may rely on it: one job of a row at a time, snoozed ones later, failed ones forgotten.
type queue struct {
	clock *clock
	jobs  []job
}

type job struct {
	jobs.Job
	due time.Time
}

func (*queue) Run(context.Context) error { return nil }

func (q *queue) Add(j jobs.Job) { q.Ensure(j) }

func (q *queue) Ensure(j jobs.Job) {
	if !slices.ContainsFunc(q.jobs, func(other job) bool { return other.Job == j }) {
		q.jobs = append(q.jobs, job{j, q.clock.Now()})
	}
}

// run works off what is due. A crash in a hook ends it: the process is gone.
func (q *queue) run(b *bench) {
	b.t.Helper()
	defer func() {
		if r := recover(); r != nil && r != errCrash {
			panic(r)
		}
	}()
	for range 1000 {
		i := slices.IndexFunc(q.jobs, func(j job) bool { return !j.due.After(q.clock.Now()) })
		if i < 0 {
			return
		}
		j := q.jobs[i]
		q.jobs = slices.Delete(q.jobs, i, i+1)
		err := b.work(j.Job)
		if after, again := jobs.Postponed(err); again {
			q.jobs = append(q.jobs, job{j.Job, q.clock.Now().Add(after)})
		} else if err != nil {
			b.t.Errorf("job %v: %v", j.Job, err)
		}
	}
	b.t.Fatal("the jobs never come to rest")
}

func (b *bench) work(j jobs.Job) error {
	switch j.Kind {
	case orderJob:
		return b.orders.carryOut(b.t.Context(), j.Key)
	case messageJob:
		return b.deliverer.deliverMessage(b.t.Context(), j.Key)
	case reportJob:
		return b.reports.PostJob(b.t.Context(), j.Key)
	case answerJob:
		return b.reports.AnswerJob(b.t.Context(), j.Key)
	case verifyJob:
		return b.verifier.verify(b.t.Context(), j.Key)
	}
	return fmt.Errorf("no such job: %v", j)
}
