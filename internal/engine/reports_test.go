package engine

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/pushback/pushback/internal/reporting"
	"github.com/pushback/pushback/internal/store"
	"github.com/pushback/pushback/notify"
	"github.com/pushback/pushback/rollback"
	"github.com/pushback/pushback/sources"
)

// hub is a tool that gets reports: it makes a thing for each change it has none of, and updates it.
type hub struct {
	reports []notify.Report
	remotes []string // that it was called with
	answer  func(attempt int) error
	crashes bool // panics once after it has the report, as a process that is killed there
	things  int
}

func (h *hub) Report(_ context.Context, r notify.Report, remote string) (string, error) {
	h.reports, h.remotes = append(h.reports, r), append(h.remotes, remote)
	if h.answer != nil {
		if err := h.answer(len(h.reports)); err != nil {
			return remote, err
		}
	}
	if h.things == 0 {
		h.things++
	}
	if h.crashes {
		h.crashes = false
		panic(errCrash)
	}
	return "thing 1", nil
}

func (h *hub) verdicts() (all []string) {
	for _, r := range h.reports {
		if text := r.Summary(); len(all) == 0 || all[len(all)-1] != text {
			all = append(all, text)
		}
	}
	return all
}

// withHub has a hub for the changes of one source.
func withHub(h *hub, source string) func(*Options) {
	return func(o *Options) {
		o.Reports = map[string]reporting.Tool{"hub": {Reporter: h, Sources: []string{source}}}
		o.Log = slog.New(slog.DiscardHandler)
	}
}

// A report follows a change to its end, in one place.
func TestReport(t *testing.T) {
	t.Parallel()
	h := &hub{}
	b := newBench(t, redRule, withHub(h, "pipeline"))
	key := b.bad("v2", nil)
	b.until("a rollback", b.ordered(key, rollback.Done))
	b.pass(15 * time.Minute)
	want := []string{"being watched", "regressed; rolled back to v1", "regressed; rolled back to v1 and well again"}
	got := slices.DeleteFunc(h.verdicts(), func(text string) bool { return strings.HasPrefix(text, "being watched; ") })
	if !slices.Equal(got, want) {
		t.Errorf("verdicts %q, want %q", got, want)
	}
	last := h.reports[len(h.reports)-1]
	if last.Target != "v1" || !last.RolledBack() || len(last.Rules) != 2 || !strings.Contains(strings.Join(last.Lines(), " "), "0.5 % → 3 %") ||
		len(last.Witnesses) != 1 || last.Witnesses[0].ChangeID != "v2" || last.Link != "https://pushback.test/changes/"+key {
		t.Errorf("the last report: %+v", last)
	}
	if h.remotes[0] != "" || slices.ContainsFunc(h.remotes[1:], func(r string) bool { return r != "thing 1" }) {
		t.Errorf("called with %q", h.remotes)
	}
	n := len(h.reports)
	b.restart()
	b.pass(5 * time.Minute)
	if len(h.reports) != n {
		t.Errorf("%d reports for no news after a restart", len(h.reports)-n)
	}
}

// A tool gets nothing of changes that others have reported, nor of those that no rule watches.
func TestReportsOfOthers(t *testing.T) {
	t.Parallel()
	h := &hub{}
	b := newBench(t, redRule, withHub(h, "github"))
	b.deploy("v2", nil)
	b.deploy("v9", func(e *sources.Event) { e.Source, e.Environment = "github", "staging" })
	b.pass(10 * time.Minute)
	if len(h.reports) != 0 {
		t.Errorf("%+v", h.reports)
	}
	b.deploy("v3", func(e *sources.Event) { e.Source = "github" })
	b.pass(10 * time.Second)
	if len(h.reports) != 1 || h.reports[0].Version != "v3" {
		t.Errorf("%+v", h.reports)
	}
}

// What the tool's answer leads to.
func TestReportRetries(t *testing.T) {
	t.Parallel()
	broken, refused := errors.New("502"), fmt.Errorf("%w: 404", notify.ErrPermanent)
	later := &notify.RetryAfter{After: 20 * time.Minute, Err: errors.New("429")}
	f := func(name string, answer error, tries int, trouble bool) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := &hub{answer: func(attempt int) error {
				if attempt == 1 || errors.Is(answer, notify.ErrPermanent) {
					return answer
				}
				return nil
			}}
			b := newBench(t, strings.Replace(redRule, "bake: 5m", "bake: 1h", 1), withHub(h, "pipeline"))
			key := b.deploy("v2", nil)
			b.pass(2 * time.Minute)
			row, err := b.Store.Report(t.Context(), store.ReportID(key, "hub"))
			b.must(err)
			if got := len(b.reports.Troubles()) > 0; len(h.reports) != tries || got != trouble || (row.LastError != "") != trouble {
				t.Errorf("%d attempts in two minutes, want %d; trouble %v, want %v; %+v", len(h.reports), tries, got, trouble, row)
			}
			b.pass(20 * time.Minute)
			if _, passing := answer.(*notify.RetryAfter); passing && len(h.reports) != 2 {
				t.Errorf("%d attempts after the tool's time", len(h.reports))
			}
		})
	}
	f("taken", nil, 1, false)
	f("a moment away", broken, 2, false)
	f("refused for good", refused, 1, true)
	f("not before twenty minutes", later, 1, true)
}

// The process dies when the tool has the report and the database does not know it: the next one calls the tool again
// without what it would remember, and the tool's adapter finds what it made.
func TestReportAfterACrash(t *testing.T) {
	t.Parallel()
	h := &hub{crashes: true}
	b := newBench(t, redRule, withHub(h, "pipeline"))
	b.deploy("v2", nil)
	b.until("a report", func() bool { return len(h.reports) == 1 })
	b.restart()
	b.pass(10 * time.Second)
	if len(h.reports) < 2 || h.remotes[1] != "" {
		t.Errorf("called with %q", h.remotes)
	}
	b.pass(10 * time.Minute)
	if h.things != 1 || h.remotes[len(h.remotes)-1] != "thing 1" {
		t.Errorf("%d things, called with %q", h.things, h.remotes)
	}
}

// A report is not written that another replica writes, and taken over once that one is dead.
func TestReportOfAnotherReplica(t *testing.T) {
	t.Parallel()
	h := &hub{answer: func(attempt int) error {
		if attempt == 1 {
			return errors.New("502")
		}
		return nil
	}}
	b := newBench(t, redRule, withHub(h, "pipeline"))
	b.other(true)
	b.deploy("v2", nil)
	b.until("an attempt", func() bool { return len(h.reports) == 1 })
	b.held("reports")
	for range 20 {
		b.clock.add(5 * time.Second)
		b.must(b.ensureJobs(t.Context()))
		b.queue.run(b)
	}
	if len(h.reports) != 1 {
		t.Errorf("%d attempts while another replica has the report", len(h.reports)-1)
	}
	b.other(false)
	b.pass(15 * time.Second)
	if len(h.reports) < 2 {
		t.Error("nobody takes the report over")
	}
}
