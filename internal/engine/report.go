package engine

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/pushback/pushback/detector"
	"github.com/pushback/pushback/internal/crashpoint"
	"github.com/pushback/pushback/internal/messages"
	"github.com/pushback/pushback/internal/replica"
	"github.com/pushback/pushback/internal/store"
	"github.com/pushback/pushback/notify"
	"github.com/pushback/pushback/rollback"
	"github.com/pushback/pushback/sources"
	"github.com/pushback/pushback/watch"
)

// A report is tried for about a day: first twice a minute, later every ten minutes.
const (
	postTimeout   = 30 * time.Second // for all the requests of one report
	postRetry     = 30 * time.Second
	postRetryMost = 10 * time.Minute
	postAttempts  = 160
)

// Reporter is a tool that gets reports, of the changes that its sources have reported.
type Reporter struct {
	notify.Reporter
	Sources []string // by their names in pushback.yml; nil: it gets a report of every change
}

// witnesses are the names under which the tool knows the change, and whether it gets a report of it.
func (r Reporter) witnesses(c sources.Change) (mine []sources.Witness, is bool) {
	if r.Sources == nil {
		return c.Witnesses, true
	}
	for _, w := range c.Witnesses {
		if slices.Contains(r.Sources, w.Source) {
			mine = append(mine, w)
		}
	}
	return mine, len(mine) > 0
}

// reporter shows changes to other tools: it writes the report of a change as a row for each tool, and a job
// brings the tool up to the row's revision.
//
// See adr/0124.
type reporter struct {
	*core
	tools    map[string]Reporter
	troubles sync.Map // name of a tool → why its last report could not be posted
}

// newReporter also has annotations on Grafana as reports.
func newReporter(c *core) *reporter {
	tools := maps.Clone(c.Reporters)
	if tools == nil {
		tools = map[string]Reporter{}
	}
	if c.Grafana != nil {
		tools[store.Grafana] = Reporter{Reporter: grafanaReporter{c.Grafana}}
	}
	return &reporter{core: c, tools: tools}
}

// report writes the reports of a change as its watches and its order are now, and has them posted.
func (n *reporter) report(ctx context.Context, c store.Change) error {
	rows, err := n.compose(ctx, c, watch.Watch{}, nil)
	if err != nil {
		return err
	}
	for _, row := range rows {
		if err := n.Store.PutReport(ctx, row); err != nil {
			return fmt.Errorf("storing the report: %w", err)
		}
	}
	n.enqueueReports(rows)
	return nil
}

func (n *reporter) enqueueReports(rows []store.Report) {
	for _, row := range rows {
		n.enqueue(reportJob, store.ReportID(row.ChangeKey, row.Adapter))
	}
}

// first are the reports of a change whose watches begin, nothing judged yet.
func (n *reporter) first(c store.Change, ws []watch.Watch) []store.Report {
	var judged []messages.Judged
	for _, w := range ws {
		judged = append(judged, messages.Judged{Watch: w})
	}
	return n.rows(c, judged, nil)
}

// reportKey is report for a change known by its key.
func (n *reporter) reportKey(ctx context.Context, key string) error {
	c, err := n.Store.Change(ctx, key)
	if err != nil {
		return fmt.Errorf("reading the change: %w", err)
	}
	return n.report(ctx, c)
}

// after returns the reports as they will be once a look is recorded, none where neither state nor grade
// changes. Numbers that vary from look to look are not worth a request.
func (n *reporter) after(ctx context.Context, l look) ([]store.Report, error) {
	if len(n.tools) == 0 || l.next.State == l.watch.State && l.next.Grade == l.watch.Grade {
		return nil, nil
	}
	return n.compose(ctx, l.change, l.next, l.verdict)
}

// compose reads what the reports say. fresh is a watch in a state that is not stored yet, with the verdict
// of its look.
func (n *reporter) compose(ctx context.Context, c store.Change, fresh watch.Watch, verdict *detector.Verdict) ([]store.Report, error) {
	if len(n.tools) == 0 {
		return nil, nil
	}
	ws, err := n.Store.WatchesOf(ctx, c.Key)
	if err != nil {
		return nil, fmt.Errorf("reading the watches: %w", err)
	}
	var judged []messages.Judged
	for _, w := range ws {
		var v *detector.Verdict
		if w.ID == fresh.ID {
			w, v = fresh, verdict
		} else if v, err = n.lastVerdict(ctx, w); err != nil {
			return nil, err
		}
		judged = append(judged, messages.Judged{Watch: w, Verdict: v})
	}
	order, err := n.situation.Order(ctx, c.Key)
	if err != nil {
		return nil, err
	}
	return n.rows(c, judged, order), nil
}

// rows are the reports for all tools that get one. A change that no rule watches has only an annotation.
func (n *reporter) rows(c store.Change, judged []messages.Judged, order *rollback.Order) (rows []store.Report) {
	content := n.text.Report(c.Key, c.Change, judged, order)
	for _, name := range slices.Sorted(maps.Keys(n.tools)) {
		witnesses, mine := n.tools[name].witnesses(c.Change)
		if !mine || len(judged) == 0 && name != store.Grafana {
			continue
		}
		content.Witnesses = witnesses
		rows = append(rows, store.Report{ChangeKey: c.Key, Adapter: name, Content: content})
	}
	return rows
}

// lastVerdict returns the last verdict of a watch, nil where it has none worth a line.
func (n *reporter) lastVerdict(ctx context.Context, w watch.Watch) (*detector.Verdict, error) {
	if w.Grade < detector.Suspect {
		return nil, nil
	}
	r, err := n.Store.LastRecord(ctx, w.ID)
	if errors.Is(err, store.ErrNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("reading the last verdict: %w", err)
	}
	return &r.Verdict, nil
}

// post brings the tool up to the row's revision. An adapter finds its report again, so that a retry after a
// lost answer or a crash posts no second one.
func (n *reporter) post(ctx context.Context, id string) error {
	lease, err := n.leaseRow(ctx, reportJob, id, postTimeout+leaseMargin)
	if err != nil {
		return err
	}
	p, err := n.Store.Report(ctx, id)
	if err != nil {
		return fmt.Errorf("reading the report %s: %w", id, err)
	}
	tool, known := n.tools[p.Adapter]
	switch {
	case !known || p.Posted >= p.Revision:
		return nil
	case lease == nil:
		return later(waitEvery)
	case p.Content.Key == "": // of a version that stored annotations otherwise
		return n.reportKey(ctx, p.ChangeKey)
	}
	if still, err := lease.Still(ctx); err != nil || !still {
		return err
	}
	// A stopping engine lets the attempt finish: what was cut off may have arrived.
	attempt, cancel := context.WithTimeout(context.WithoutCancel(ctx), postTimeout)
	defer cancel()
	remote, failed := tool.Report(attempt, p.Content, p.Remote)
	crashpoint.Reach(crashpoint.AfterReport)
	n.Telemetry.report(p.Adapter, result(failed))
	return n.recordPost(ctx, lease, p, remote, failed)
}

// recordPost stores which revision the tool shows, and asks for another try after a failure that may pass.
func (n *reporter) recordPost(ctx context.Context, lease *replica.Lease, p store.Report, remote string, failed error) error {
	done := store.Posted{Remote: remote, Revision: p.Revision, Error: text(failed)}
	givenUp := errors.Is(failed, notify.ErrPermanent) || p.Attempts+1 >= postAttempts
	if failed != nil && !givenUp {
		done.Revision = 0
	}
	n.note(p, done.Error, givenUp)
	ctx = context.WithoutCancel(ctx)
	recorded, err := n.Store.FinishReport(ctx, p.ID, done)
	if err != nil {
		return fmt.Errorf("recording the report %s: %w", p.ID, err)
	}
	if !recorded {
		lease.Lost()
		return later(waitEvery)
	}
	if failed == nil || givenUp {
		return nil
	}
	wait := postAgain(failed, p.Attempts)
	if _, err := n.leaseRow(ctx, reportJob, p.ID, wait+postTimeout+leaseMargin); err != nil {
		return err
	}
	return later(wait)
}

// note keeps why a tool got no report, for the status, and logs it once while it stays the same.
func (n *reporter) note(p store.Report, why string, givenUp bool) {
	if why == "" {
		n.troubles.Delete(p.Adapter)
		return
	}
	if before, _ := n.troubles.Swap(p.Adapter, why); before == why {
		return
	}
	what := "cannot write a report; it is tried again"
	if givenUp {
		what = "cannot write a report; giving it up until there is more to say"
	}
	n.Log.Warn(what, "report", toolName(p.Adapter), "change", p.ChangeKey, "service", p.Content.Service, "error", why)
}

// postAgain doubles every fourth time from postRetry, but respects the time that a tool names.
func postAgain(err error, attempts int) time.Duration {
	var after *notify.RetryAfter
	if errors.As(err, &after) {
		return max(after.After, retryAfter)
	}
	return min(postRetry<<min(attempts/4, 10), postRetryMost)
}

// problems are the tools whose last report could not be written.
func (n *reporter) problems() (all []Problem) {
	n.troubles.Range(func(name, why any) bool {
		all = append(all, Problem{Component: "reports/" + toolName(name.(string)), Detail: why.(string)})
		return true
	})
	slices.SortFunc(all, func(a, b Problem) int { return cmp.Compare(a.Component, b.Component) })
	return all
}

func toolName(adapter string) string {
	if adapter == store.Grafana {
		return "grafana"
	}
	return adapter
}

// text is an error's text, "" for nil.
func text(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}
