package engine

import (
	"context"
	"time"

	"github.com/pushback/pushback/internal/jobs"
	"github.com/pushback/pushback/internal/replica"
)

// The kinds of jobs. The key of each is that of its row, which is read when the job runs.
const (
	orderJob   = "order"
	messageJob = "message"
	reportJob  = "report"
	answerJob  = "answer"
	verifyJob  = "verify"
)

// jobQueue is jobs.Queue. Tests work off the jobs themselves.
type jobQueue interface {
	Add(j jobs.Job)
	Ensure(j jobs.Job)
	Run(ctx context.Context) error
}

// newJobs has workers of its own for orders, so that a slow pager delays no rollback.
func newJobs(e *Engine) jobQueue {
	return jobs.New(e.Log.With("component", "jobs"),
		jobs.Pool{Workers: 4, Kinds: map[string]jobs.Work{orderJob: e.orders.carryOut}},
		jobs.Pool{Workers: 8, Kinds: map[string]jobs.Work{
			messageJob: e.deliverer.deliverMessage, reportJob: e.reports.PostJob, answerJob: e.reports.AnswerJob, verifyJob: e.verifier.verify,
		}},
	)
}

// later asks for the job to be done again after d.
func later(d time.Duration) error { return jobs.After(d) }

// enqueue has the row worked on now, because something about it is new.
func (c *core) enqueue(kind, key string) { c.jobs.Add(jobs.Job{Kind: kind, Key: key}) }

// ensure has the row worked on unless it is already, or waits for its next time.
func (c *core) ensure(kind, key string) { c.jobs.Ensure(jobs.Job{Kind: kind, Key: key}) }

// leaseRow leases the row of a job for as long as one attempt at it may take. nil: another
// replica works on the row.
func (c *core) leaseRow(ctx context.Context, kind, key string, d time.Duration) (*replica.Lease, error) {
	take := map[string]func(context.Context, string, time.Duration) (bool, error){
		orderJob: c.Store.LeaseOrder, verifyJob: c.Store.LeaseOrder,
		messageJob: c.Store.LeaseOutgoing,
	}[kind]
	return c.replica.Take(ctx, kind+" "+key, func(ctx context.Context) (bool, error) { return take(ctx, key, d) })
}

// leaseMargin is how much longer than its time-out an attempt's row is leased, so that
// there is time to record the outcome.
const leaseMargin = 10 * time.Second

// keepLease renews this replica's lease until the returned function is called, which is
// after the jobs under way have ended.
func (e *Engine) keepLease(ctx context.Context) (stop func()) {
	ctx, cancel := context.WithCancel(context.WithoutCancel(ctx))
	done := make(chan struct{})
	go func() { e.replica.Run(ctx); close(done) }()
	return func() { cancel(); <-done }
}
