package engine

import (
	"context"
	"errors"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/pushback/pushback/rules"
)

// nightly is when upkeep is done.
var nightly = rules.Schedule{Cron: "17 3 * * *"}

// appointment is something done by the clock. When it was last done is kept in
// the store: what was missed while nobody ran is done at the next start, once.
type appointment struct {
	name string
	when rules.Schedule
	do   func(ctx context.Context, due time.Time) error
}

func (e *Engine) timetable() []appointment {
	all := []appointment{{"upkeep", nightly, func(ctx context.Context, _ time.Time) error { return e.upkeep(ctx) }}}
	if e.Profiles.Cron != "" {
		all = append(all, appointment{"profiles", e.Profiles, e.profiles.Relearn})
	}
	return all
}

const (
	timesEvery  = 15 * time.Second // how late an appointment may begin
	timesRetry  = 5 * time.Minute  // before one that failed is tried again
	appointedTo = time.Hour        // before another replica takes it for dead; both may then do it, which costs time alone
)

// keepTimes keeps every appointment until ctx ends.
func (e *Engine) keepTimes(ctx context.Context) error {
	var g errgroup.Group
	for _, a := range e.timetable() {
		g.Go(func() error {
			t := time.NewTicker(timesEvery)
			defer t.Stop()
			for {
				if err := e.keep(ctx, a); err != nil && ctx.Err() == nil {
					e.Log.Warn("not done; it will be tried again", "schedule", a.name, "error", err)
				}
				select {
				case <-ctx.Done():
					return nil
				case <-t.C:
				}
			}
		})
	}
	return g.Wait()
}

// keep does what is due, unless another replica does it.
func (e *Engine) keep(ctx context.Context, a appointment) error {
	now, err := e.sharedNow(ctx)
	if err != nil {
		return err
	}
	last, err := e.Store.LastRun(ctx, a.name)
	if err != nil {
		return err
	}
	due := now // at the first start: nothing was ever done
	if !last.IsZero() {
		due = a.when.Latest(last, now)
	}
	if due.IsZero() {
		return nil
	}
	mine, err := e.Store.ClaimRun(ctx, a.name, due, e.boot, now, now.Add(appointedTo))
	if err != nil || !mine {
		return err
	}
	if err := a.do(ctx, due); err != nil {
		if ctx.Err() != nil {
			return ctx.Err() // a stopping engine puts nothing off
		}
		return errors.Join(err, e.Store.FailRun(ctx, a.name, e.boot, now.Add(timesRetry)))
	}
	e.Telemetry.kept(a.name, now)
	return e.Store.FinishRun(ctx, a.name, e.boot, now)
}

// sharedNow is our own time where the database is ours alone, and its time
// where replicas must agree on one.
func (e *Engine) sharedNow(ctx context.Context) (time.Time, error) {
	if e.Store.Shared() {
		return e.Store.Now(ctx)
	}
	return e.Now(), nil
}
