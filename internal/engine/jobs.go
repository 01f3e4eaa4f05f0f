package engine

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver/riverpgxv5"
	"github.com/riverqueue/river/riverdriver/riversqlite"
	"github.com/riverqueue/river/rivertype"

	"github.com/pushback/pushback/internal/store"
)

// jobQueue is river on either database.
type jobQueue interface {
	Start(ctx context.Context) error
	Stop(ctx context.Context) error
	Insert(ctx context.Context, args river.JobArgs, opts *river.InsertOpts) (*rivertype.JobInsertResult, error)
}

// The jobs. Each carries the key of a row and nothing else: the row is read when the job
// runs. Boot names the run of the engine that inserted it, so that a new run inserts jobs
// of its own and does not wait for those of a dead one to be rescued.
type (
	orderJob      struct{ Key, Boot string }
	messageJob    struct{ ID, Boot string }
	annotationJob struct{ ChangeKey, Boot string }
	verifyJob     struct{ Key, Boot string }
)

func (orderJob) Kind() string      { return "order" }
func (messageJob) Kind() string    { return "message" }
func (annotationJob) Kind() string { return "annotation" }
func (verifyJob) Kind() string     { return "verify" }

// Orders have a queue of their own, so that a slow pager delays no rollback.
const (
	orderQueue   = "orders"
	messageQueue = "tell"
)

// pollEvery bounds how late a job begins where the database cannot notify.
const pollEvery = 250 * time.Millisecond

func newJobs(e *Engine) (jobQueue, error) {
	config := e.jobConfig()
	if e.Store.Dialect() == store.Postgres {
		return river.NewClient[pgx.Tx](riverpgxv5.New(e.Store.Pool()), config)
	}
	return river.NewClient(riversqlite.New(e.Store.DB()), config)
}

func (e *Engine) jobConfig() *river.Config {
	workers := river.NewWorkers()
	river.AddWorker(workers, &worker[orderJob]{work: func(ctx context.Context, j *river.Job[orderJob]) error {
		return e.orders.carryOut(ctx, j.Args.Key)
	}})
	river.AddWorker(workers, &worker[messageJob]{work: func(ctx context.Context, j *river.Job[messageJob]) error {
		return e.deliverer.deliverMessage(ctx, j.Args.ID)
	}})
	river.AddWorker(workers, &worker[annotationJob]{work: func(ctx context.Context, j *river.Job[annotationJob]) error {
		return e.annotator.post(ctx, j.Args.ChangeKey)
	}})
	river.AddWorker(workers, &worker[verifyJob]{work: func(ctx context.Context, j *river.Job[verifyJob]) error {
		return e.verifier.verify(ctx, j.Args.Key)
	}})
	return &river.Config{
		Logger:            quiet(e.Log.With("component", "jobs")),
		Workers:           workers,
		Queues:            map[string]river.QueueConfig{orderQueue: {MaxWorkers: 4}, messageQueue: {MaxWorkers: 8}},
		FetchPollInterval: pollEvery,
		JobTimeout:        -1, // each effect has a time-out of its own
	}
}

// worker makes a river.Worker of a function.
type worker[T river.JobArgs] struct {
	river.WorkerDefaults[T]
	work func(context.Context, *river.Job[T]) error
}

func (w *worker[T]) Work(ctx context.Context, j *river.Job[T]) error { return w.work(ctx, j) }

// later asks river to run the job again after d. It counts as no attempt.
func later(d time.Duration) error { return river.JobSnooze(d) }

// enqueue inserts a job unless this run has one for the same row under way, so that the
// sweep neither piles up jobs nor shortens a back-off. A failure is only logged, because
// the sweep finds the row and tries again.
func (c *core) enqueue(ctx context.Context, args river.JobArgs) {
	queue := messageQueue
	if args.Kind() == (orderJob{}).Kind() {
		queue = orderQueue
	}
	// The row is committed, so even a stopping engine inserts its job.
	ctx = context.WithoutCancel(ctx)
	_, err := c.jobs.Insert(ctx, args, &river.InsertOpts{
		Queue: queue, MaxAttempts: 1, UniqueOpts: river.UniqueOpts{ByArgs: true, ByState: underWay},
	})
	if err != nil {
		c.Log.Warn("cannot insert a job; the sweep tries again", "kind", args.Kind(), "error", err)
	}
}

// underWay are the states in which a job will still run.
var underWay = []rivertype.JobState{
	rivertype.JobStateAvailable, rivertype.JobStatePending, rivertype.JobStateRunning,
	rivertype.JobStateRetryable, rivertype.JobStateScheduled,
}

// stopTimeout is how long jobs in flight may take when the engine stops.
const stopTimeout = 8 * time.Second

func (e *Engine) stopJobs() {
	ctx, cancel := context.WithTimeout(context.Background(), stopTimeout)
	defer cancel()
	if err := e.jobs.Stop(ctx); err != nil && !errors.Is(err, context.Canceled) {
		e.Log.Warn("jobs did not stop in time; the next start continues with their rows", "error", err)
	}
}

// quiet drops what river logs below a warning: it reports how many jobs it has run.
func quiet(log *slog.Logger) *slog.Logger { return slog.New(warnings{log.Handler()}) }

type warnings struct{ slog.Handler }

func (w warnings) Enabled(ctx context.Context, l slog.Level) bool {
	return l >= slog.LevelWarn && w.Handler.Enabled(ctx, l)
}

func (w warnings) WithAttrs(as []slog.Attr) slog.Handler { return warnings{w.Handler.WithAttrs(as)} }

func (w warnings) WithGroup(name string) slog.Handler { return warnings{w.Handler.WithGroup(name)} }
