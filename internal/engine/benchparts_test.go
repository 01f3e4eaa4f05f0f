package engine

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/riverqueue/river"
	"github.com/riverqueue/river/rivertype"
)

// failedLooks is a log that fails the test where a look failed: a look retries whatever
// goes wrong, so that nothing else would show it.
type failedLooks struct{ t *testing.T }

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

// queue is the job queue as the engine may rely on it: one job of the same
// arguments at a time, snoozed ones later, failed ones forgotten.
type queue struct {
	clock *clock
	jobs  []job
}

type job struct {
	args river.JobArgs
	due  time.Time
}

func (*queue) Start(context.Context) error { return nil }
func (*queue) Stop(context.Context) error  { return nil }

func (q *queue) Insert(_ context.Context, args river.JobArgs, _ *river.InsertOpts) (*rivertype.JobInsertResult, error) {
	if !slices.ContainsFunc(q.jobs, func(j job) bool { return j.args == args }) {
		q.jobs = append(q.jobs, job{args, q.clock.Now()})
	}
	return &rivertype.JobInsertResult{}, nil
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
		var snooze *river.JobSnoozeError
		if err := b.work(j.args); errors.As(err, &snooze) {
			q.jobs = append(q.jobs, job{j.args, q.clock.Now().Add(snooze.Duration)})
		} else if err != nil {
			b.t.Errorf("job %s: %v", j.args.Kind(), err)
		}
	}
	b.t.Fatal("the jobs never come to rest")
}

func (b *bench) work(args river.JobArgs) error {
	switch a := args.(type) {
	case orderJob:
		return b.orders.carryOut(b.t.Context(), a.Key)
	case messageJob:
		return b.deliverer.deliverMessage(b.t.Context(), a.ID)
	case annotationJob:
		return b.annotator.post(b.t.Context(), a.ChangeKey)
	case verifyJob:
		return b.verifier.verify(b.t.Context(), a.Key)
	}
	return fmt.Errorf("no such job: %T", args)
}
