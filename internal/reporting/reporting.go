package reporting

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/pushback/pushback/detector"
	"github.com/pushback/pushback/internal/lastcheck"
	"github.com/pushback/pushback/internal/messages"
	"github.com/pushback/pushback/internal/replica"
	"github.com/pushback/pushback/internal/store"
	"github.com/pushback/pushback/notify"
	"github.com/pushback/pushback/rollback"
	"github.com/pushback/pushback/sources"
	"github.com/pushback/pushback/watch"
)

// Tool is a tool that gets reports, of the changes that its sources have reported.
type Tool struct {
	notify.Reporter
	Sources []string // by their names in pushback.yml; nil: it gets a report of every change
}

// has reports whether a source is one of the tool's own.
func (t Tool) has(source string) bool { return slices.Contains(t.Sources, source) }

// witnesses are the names under which the tool knows the change, and whether it gets a report of it.
func (t Tool) witnesses(c sources.Change) (mine []sources.Witness, is bool) {
	if t.Sources == nil {
		return c.Witnesses, true
	}
	for _, w := range c.Witnesses {
		if t.has(w.Source) {
			mine = append(mine, w)
		}
	}
	return mine, len(mine) > 0
}

// Options are what a Keeper works with. Tools may be empty, and Grafana nil.
type Options struct {
	Store   *store.Store
	Replica *replica.Keeper
	Tools   map[string]Tool // by their names in pushback.yml
	Grafana Annotator
	Text    messages.Composer
	Order   func(ctx context.Context, changeKey string) (*rollback.Order, error) // nil where the change has none
	Enqueue func(id string)                                                      // has a report posted soon
	// EnqueueAnswer has a held deployment looked at soon.
	EnqueueAnswer func(id string)
	Count         func(adapter string, err error) // counts an attempt to post
	Now           func() time.Time
	Log           *slog.Logger
}

// Keeper keeps the reports of all changes.
type Keeper struct {
	Options
	checks   lastcheck.Book
	troubles sync.Map // name of a tool → why its last report could not be posted
	waiting  sync.Map // id of a held deployment → the version that it waits for
}

// New has annotations on Grafana as reports too.
func New(o Options) *Keeper {
	tools := map[string]Tool{}
	maps.Copy(tools, o.Tools)
	if o.Grafana != nil {
		tools[store.Grafana] = Tool{Reporter: grafanaReporter{o.Grafana}}
	}
	o.Tools = tools
	return &Keeper{Options: o}
}

// names are the tools, sorted.
func (k *Keeper) names() []string { return slices.Sorted(maps.Keys(k.Tools)) }

// Any reports whether any tool gets reports.
func (k *Keeper) Any() bool { return len(k.Tools) > 0 }

// Report writes the reports of a change as its watches and its order are now, and has them posted.
func (k *Keeper) Report(ctx context.Context, changeKey string) error {
	c, err := k.Store.Change(ctx, changeKey)
	if err != nil {
		return fmt.Errorf("reading the change: %w", err)
	}
	rows, err := k.compose(ctx, c, watch.Watch{}, nil)
	if err != nil {
		return err
	}
	for _, row := range rows {
		if err := k.Store.PutReport(ctx, row); err != nil {
			return fmt.Errorf("storing the report: %w", err)
		}
	}
	k.Post(rows)
	return nil
}

// Post has reports posted that are stored.
func (k *Keeper) Post(rows []store.Report) {
	for _, row := range rows {
		k.Enqueue(store.ReportID(row.ChangeKey, row.Adapter))
	}
	k.moved(rows)
}

// Pending has the reports posted that a run before this one, or another replica, has left: each by ensure.
func (k *Keeper) Pending(ctx context.Context, ensure func(id string)) error {
	pending, err := k.Store.PendingReports(ctx)
	if err != nil {
		return fmt.Errorf("reading pending reports: %w", err)
	}
	for _, p := range pending {
		if _, known := k.Tools[p.Adapter]; known {
			ensure(p.ID)
		}
	}
	return nil
}

// First are the reports of a change whose watches begin, nothing judged yet.
func (k *Keeper) First(c store.Change, ws []watch.Watch) []store.Report {
	var judged []messages.Judged
	for _, w := range ws {
		judged = append(judged, messages.Judged{Watch: w})
	}
	return k.rows(c, judged, nil)
}

// After returns the reports as they will be once a watch has moved, none where neither state nor grade changes.
// Numbers that vary from look to look are not worth a request. verdict is that of the look.
func (k *Keeper) After(ctx context.Context, c store.Change, from, to watch.Watch, verdict *detector.Verdict) ([]store.Report, error) {
	if to.State == from.State && to.Grade == from.Grade {
		return nil, nil
	}
	return k.compose(ctx, c, to, verdict)
}

// compose reads what the reports say. fresh is a watch in a state that is not stored yet, with the verdict
// of its look.
func (k *Keeper) compose(ctx context.Context, c store.Change, fresh watch.Watch, verdict *detector.Verdict) ([]store.Report, error) {
	if !k.Any() {
		return nil, nil
	}
	ws, err := k.Store.WatchesOf(ctx, c.Key)
	if err != nil {
		return nil, fmt.Errorf("reading the watches: %w", err)
	}
	var judged []messages.Judged
	for _, w := range ws {
		var v *detector.Verdict
		if w.ID == fresh.ID {
			w, v = fresh, verdict
		} else if v, err = k.lastVerdict(ctx, w); err != nil {
			return nil, err
		}
		judged = append(judged, messages.Judged{Watch: w, Verdict: v})
	}
	order, err := k.Order(ctx, c.Key)
	if err != nil {
		return nil, err
	}
	return k.rows(c, judged, order), nil
}

// unwatched reports whether a tool gets reports of changes that no rule watches, too.
func unwatched(r notify.Reporter) bool {
	u, asks := r.(notify.UnwatchedReporter)
	return asks && u.Unwatched()
}

// AnyUnwatched reports whether any tool gets reports of changes that no rule watches.
func (k *Keeper) AnyUnwatched() bool {
	for _, t := range k.Tools {
		if unwatched(t.Reporter) {
			return true
		}
	}
	return false
}

// rows are the reports for all tools that get one.
func (k *Keeper) rows(c store.Change, judged []messages.Judged, order *rollback.Order) (rows []store.Report) {
	content := k.Text.Report(c.Key, c.Change, judged, order)
	for _, name := range k.names() {
		witnesses, mine := k.Tools[name].witnesses(c.Change)
		if !mine || len(judged) == 0 && !unwatched(k.Tools[name].Reporter) {
			continue
		}
		content.Witnesses = witnesses
		rows = append(rows, store.Report{ChangeKey: c.Key, Adapter: name, Content: content})
	}
	return rows
}

// lastVerdict returns the last verdict of a watch, nil where it has none worth a line.
func (k *Keeper) lastVerdict(ctx context.Context, w watch.Watch) (*detector.Verdict, error) {
	if w.Grade < detector.Suspect {
		return nil, nil
	}
	r, err := k.Store.LastRecord(ctx, w.ID)
	if errors.Is(err, store.ErrNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("reading the last verdict: %w", err)
	}
	return &r.Verdict, nil
}
