package reporting

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/pushback/pushback/internal/crashpoint"
	"github.com/pushback/pushback/internal/jobs"
	"github.com/pushback/pushback/internal/lastcheck"
	"github.com/pushback/pushback/internal/replica"
	"github.com/pushback/pushback/internal/store"
	"github.com/pushback/pushback/notify"
)

// A report is tried for about a day: first twice a minute, later every ten minutes.
const (
	postTimeout = 30 * time.Second // for all the requests of one report
	retry       = 30 * time.Second
	retryMost   = 10 * time.Minute
	attempts    = 160
	leastWait   = 2 * time.Second  // whatever a tool says
	otherWaits  = 5 * time.Second  // until a row is looked at again that another replica has
	leaseMargin = 10 * time.Second // to record the outcome
)

// PostJob brings the tool up to the row's revision. It runs in a job. A change of the row while it runs is posted by
// the job that the change has inserted.
func (k *Keeper) PostJob(ctx context.Context, id string) error {
	lease, err := k.lease(ctx, id, postTimeout)
	if err != nil {
		return err
	}
	p, err := k.Store.Report(ctx, id)
	if err != nil {
		return fmt.Errorf("reading the report %s: %w", id, err)
	}
	tool, known := k.Tools[p.Adapter]
	switch {
	case !known || p.Posted >= p.Revision:
		return nil
	case lease == nil:
		return jobs.After(otherWaits)
	case p.Content.Key == "": // of a version that stored annotations otherwise
		return k.Report(ctx, p.ChangeKey)
	}
	if still, err := lease.Still(ctx); err != nil || !still {
		return err
	}
	// A stopping process lets the attempt finish: what was cut off may have arrived.
	attempt, cancel := context.WithTimeout(context.WithoutCancel(ctx), postTimeout)
	defer cancel()
	remote, failed := tool.Report(attempt, p.Content, p.Remote)
	crashpoint.Reach(crashpoint.AfterReport)
	k.Count(p.Adapter, failed)
	k.checks.Note(p.Adapter, k.Now(), failed)
	return k.record(context.WithoutCancel(ctx), lease, p, remote, failed)
}

// lease leases the row for an attempt that begins after wait. nil: another replica works on it.
func (k *Keeper) lease(ctx context.Context, id string, d time.Duration) (*replica.Lease, error) {
	return k.Replica.Take(ctx, "report "+id, func(ctx context.Context) (bool, error) {
		return k.Store.LeaseReport(ctx, id, d+leaseMargin)
	})
}

// record stores which revision the tool shows, and asks for another try after a failure that may pass.
func (k *Keeper) record(ctx context.Context, lease *replica.Lease, p store.Report, remote string, failed error) error {
	givenUp := errors.Is(failed, notify.ErrPermanent) || p.Attempts+1 >= attempts
	done := store.Posted{Remote: remote, Revision: p.Revision}
	if failed != nil {
		done.Error = failed.Error()
	}
	again := failed != nil && !givenUp
	if again {
		done.Revision = 0
	}
	k.note(p, done.Error, givenUp)
	recorded, err := k.Store.FinishReport(ctx, p.ID, done)
	if err != nil {
		return fmt.Errorf("recording the report %s: %w", p.ID, err)
	}
	if !recorded {
		lease.Lost()
		return jobs.After(otherWaits)
	}
	if !again {
		return nil
	}
	wait := waitAfter(failed, p.Attempts)
	if _, err := k.lease(ctx, p.ID, wait+postTimeout); err != nil { // so that no other replica tries meanwhile
		return err
	}
	return jobs.After(wait)
}

// waitAfter doubles every fourth time from retry, but respects the time that a tool names.
func waitAfter(err error, attempts int) time.Duration {
	var after *notify.RetryAfter
	if errors.As(err, &after) {
		return max(after.After, leastWait)
	}
	return min(retry<<min(attempts/4, 10), retryMost)
}

// note keeps why a tool got no report, for the status, and logs it once while it stays the same.
func (k *Keeper) note(p store.Report, why string, givenUp bool) {
	if why == "" {
		k.troubles.Delete(p.Adapter)
		return
	}
	if before, _ := k.troubles.Swap(p.Adapter, why); before == why {
		return
	}
	what := "cannot write a report; it is tried again"
	if givenUp {
		what = "cannot write a report; giving it up until there is more to say"
	}
	k.Log.Warn(what, "report", toolName(p.Adapter), "change", p.ChangeKey, "service", p.Content.Service, "error", why)
}

// Trouble is why the last report to a tool could not be written.
type Trouble struct{ Tool, Why string }

// Checks are how the tools did when they last got a report, by name; store.Grafana for the annotations.
func (k *Keeper) Checks() map[string]lastcheck.Check { return k.checks.All() }

// Troubles are the tools whose last report could not be written, by name.
func (k *Keeper) Troubles() (all []Trouble) {
	k.troubles.Range(func(name, why any) bool {
		all = append(all, Trouble{toolName(name.(string)), why.(string)})
		return true
	})
	slices.SortFunc(all, func(a, b Trouble) int { return cmp.Compare(a.Tool, b.Tool) })
	return all
}

func toolName(adapter string) string {
	if adapter == store.Grafana {
		return "grafana"
	}
	return adapter
}
