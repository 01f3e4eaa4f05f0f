package engine

import (
	"context"
	"errors"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/pushback/pushback/internal/profiles"
	"github.com/pushback/pushback/internal/retention"
	"github.com/pushback/pushback/rules"
)

// scheduler does what is done at set times.
type scheduler struct {
	*core
	profiles  *profiles.Keeper
	retention *retention.Keeper
}

// nightly is when upkeep runs.
var nightly = rules.Schedule{Cron: "17 3 * * *"}

// task is something done at set times. The store keeps when it was last done: a run that
// was missed while nothing ran is made up for at the next start, once.
type task struct {
	name string
	when rules.Schedule
	do   func(ctx context.Context, due time.Time) error // due: zero if it was never done
}

func (s *scheduler) tasks() []task {
	all := []task{{"upkeep", nightly, func(ctx context.Context, _ time.Time) error { return s.retention.Run(ctx) }}}
	if s.Profiles.Cron != "" {
		all = append(all, task{"profiles", s.Profiles, s.profiles.Relearn})
	}
	return all
}

const (
	checkEvery  = 15 * time.Second // how late a task may begin
	taskRetry   = 5 * time.Minute  // before a failed task is tried again
	taskTimeout = time.Hour        // before another replica takes a run for dead whose replica is alive; both may then do it, which only costs time
)

// run does every task at its times until ctx ends.
func (s *scheduler) run(ctx context.Context) error {
	var g errgroup.Group
	for _, a := range s.tasks() {
		g.Go(func() error {
			t := time.NewTicker(checkEvery)
			defer t.Stop()
			for {
				if err := s.runDue(ctx, a); err != nil && ctx.Err() == nil {
					s.Log.Warn("a scheduled task failed; trying it again later", "task", a.name, "error", err)
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

// runDue does a task that is due, unless another replica does it.
func (s *scheduler) runDue(ctx context.Context, a task) error {
	now, err := s.sharedNow(ctx)
	if err != nil {
		return err
	}
	last, err := s.Store.LastRun(ctx, a.name)
	if err != nil {
		return err
	}
	claimed, due := now, time.Time{} // it was never done
	if !last.IsZero() {
		if due = a.when.Latest(last, now); due.IsZero() {
			return nil
		}
		claimed = due
	}
	mine, err := s.Store.ClaimRun(ctx, a.name, claimed, now, now.Add(taskTimeout))
	if err != nil || !mine {
		return err
	}
	err = a.do(ctx, due)
	if errors.Is(err, profiles.ErrUnfinished) {
		return nil // the lease stays ours, and the next check goes on
	}
	if err != nil {
		if ctx.Err() != nil {
			return ctx.Err() // a stopping engine postpones nothing
		}
		return errors.Join(err, s.Store.FailRun(ctx, a.name, now.Add(taskRetry)))
	}
	s.Telemetry.ran(a.name, now)
	return s.Store.FinishRun(ctx, a.name, now)
}

// sharedNow is the database's time where replicas share it and must agree on one, and our
// own time otherwise.
func (s *scheduler) sharedNow(ctx context.Context) (time.Time, error) {
	if s.Store.Shared() {
		return s.Store.Now(ctx)
	}
	return s.Now(), nil
}
