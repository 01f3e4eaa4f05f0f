// Package jobs works off jobs: what is to be done for one row, now or in a while.
//
// A job is a key in memory and nothing else. The row is the record: a job that is lost
// with its process is found by the next sweep over the rows, and replicas agree on who
// works on a row by its lease. A queue in the database would be a second record of the
// same thing, which outlives the process that took from it.
//
// See adr/0004 and adr/0082.
package jobs

import (
	"container/heap"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime/debug"
	"sync"
	"time"
)

// Job names the row that is to be worked on.
type Job struct{ Kind, Key string }

// Work does a job. Its error is After where the job is to be done again in a while. Any
// other error ends the job, and is logged.
type Work func(ctx context.Context, key string) error

// Pool is a number of workers and what they do, by kind of job.
type Pool struct {
	Workers int
	Kinds   map[string]Work
}

// Queue holds the jobs of every pool. It is safe for concurrent use.
type Queue struct {
	log   *slog.Logger
	pools []*pool
}

// New returns a queue that works on nothing until Run.
func New(log *slog.Logger, pools ...Pool) *Queue {
	q := &Queue{log: log}
	for _, p := range pools {
		q.pools = append(q.pools, &pool{Pool: p, jobs: map[Job]*entry{}, news: make(chan struct{}, 1)})
	}
	return q
}

// Add adds a job, to be done now, because something about its row is new. A job that
// waits already is not added twice, and one under way is done once more afterwards.
func (q *Queue) Add(j Job) { q.add(j, true) }

// Ensure adds a job unless there is one for the row, waiting or under way. It is for
// sweeps, which must not shorten a back-off.
func (q *Queue) Ensure(j Job) { q.add(j, false) }

func (q *Queue) add(j Job, news bool) {
	for _, p := range q.pools {
		if _, does := p.Kinds[j.Kind]; does {
			p.add(j, news, time.Now())
			return
		}
	}
	panic("no pool does jobs of kind " + j.Kind)
}

// stopTimeout is how long jobs under way may take when the queue stops.
const stopTimeout = 8 * time.Second

// Run works until ctx ends, and then waits for the jobs under way. They get ctx, and
// decide themselves what to finish.
func (q *Queue) Run(ctx context.Context) error {
	var working sync.WaitGroup
	for _, p := range q.pools {
		working.Go(func() { p.run(ctx, q.log) })
	}
	<-ctx.Done()
	done := make(chan struct{})
	go func() { working.Wait(); close(done) }()
	select {
	case <-done:
	case <-time.After(stopTimeout):
		q.log.Warn("jobs did not stop in time; the next start continues with their rows")
	}
	return nil
}

// postponed is the error of a job that is to be done again.
type postponed struct{ after time.Duration }

func (p *postponed) Error() string { return fmt.Sprintf("again in %s", p.after) }

// After is the error of a job that is to be done again after d.
func After(d time.Duration) error { return &postponed{max(d, 0)} }

// Postponed returns when a job with this error is to be done again, if it is.
func Postponed(err error) (after time.Duration, again bool) {
	var p *postponed
	if !errors.As(err, &p) {
		return 0, false
	}
	return p.after, true
}

// pool is a Pool with its jobs.
type pool struct {
	Pool
	mu   sync.Mutex
	jobs map[Job]*entry // every job that waits or is under way
	due  entries        // those that wait
	news chan struct{}  // the earliest may have changed
}

type entry struct {
	job      Job
	due      time.Time
	underWay bool
	again    bool // added while it was under way
}

func (p *pool) add(j Job, news bool, now time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if e, is := p.jobs[j]; is {
		e.again = e.again || news && e.underWay
		return
	}
	e := &entry{job: j, due: now}
	p.jobs[j] = e
	p.push(e)
}

func (p *pool) push(e *entry) {
	heap.Push(&p.due, e)
	select {
	case p.news <- struct{}{}:
	default:
	}
}

// run gives each due job to a worker that is free.
func (p *pool) run(ctx context.Context, log *slog.Logger) {
	free := make(chan struct{}, p.Workers)
	var working sync.WaitGroup
	defer working.Wait()
	for {
		select {
		case <-ctx.Done():
			return
		case free <- struct{}{}:
		}
		e := p.take(ctx)
		if e == nil {
			return
		}
		working.Go(func() {
			defer func() { <-free }()
			p.done(e, p.work(ctx, e.job), log)
		})
	}
}

// take waits for the next due job; nil where ctx ended first.
func (p *pool) take(ctx context.Context) *entry {
	for {
		e, wait := p.next(time.Now())
		if e != nil {
			return e
		}
		t := time.NewTimer(wait)
		select {
		case <-ctx.Done():
			t.Stop()
			return nil
		case <-t.C:
		case <-p.news:
		}
		t.Stop()
	}
}

// idle is how long a pool sleeps where no job waits. News wakes it.
const idle = time.Minute

// next removes and returns the job that is due, or how long until one is.
func (p *pool) next(now time.Time) (*entry, time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.due) == 0 {
		return nil, idle
	}
	if wait := p.due[0].due.Sub(now); wait > 0 {
		return nil, wait
	}
	e := heap.Pop(&p.due).(*entry)
	e.underWay = true
	return e, 0
}

// work does a job. A panic ends the job and not the process.
func (p *pool) work(ctx context.Context, j Job) (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("panic: %v\n%s", r, debug.Stack())
		}
	}()
	return p.Kinds[j.Kind](ctx, j.Key)
}

// done forgets the job, or has it wait for its next time.
func (p *pool) done(e *entry, err error, log *slog.Logger) {
	after, again := Postponed(err)
	if err != nil && !again && !errors.Is(err, context.Canceled) {
		log.Warn("a job failed; the next sweep over the rows tries again", "kind", e.job.Kind, "key", e.job.Key, "error", err)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if !again && !e.again {
		delete(p.jobs, e.job)
		return
	}
	e.due, e.underWay, e.again = time.Now().Add(after), false, false
	p.push(e)
}

// entries orders jobs by when they are due.
type entries []*entry

func (h entries) Len() int           { return len(h) }
func (h entries) Less(i, j int) bool { return h[i].due.Before(h[j].due) }
func (h entries) Swap(i, j int)      { h[i], h[j] = h[j], h[i] }
func (h *entries) Push(e any)        { *h = append(*h, e.(*entry)) }
func (h *entries) Pop() any {
	last := len(*h) - 1
	e := (*h)[last]
	*h = (*h)[:last]
	return e
}
