package engine

import (
	"testing"
	"time"

	"github.com/pushback/pushback/internal/reporting"
	"github.com/pushback/pushback/sources"
)

// everything is a tool that may also want reports of changes that no rule watches.
type everything struct {
	*hub
	wants bool
}

func (e everything) Unwatched() bool { return e.wants }

// A tool gets a report of a change that no rule watches only if it says that it wants one.
func TestReportOfAnUnwatchedChange(t *testing.T) {
	t.Parallel()
	f := func(wants bool, want int) {
		t.Helper()
		h := &hub{}
		b := newBench(t, redRule, func(o *Options) {
			o.Grafana = nil
			o.Reports = map[string]reporting.Tool{"hub": {Reporter: everything{h, wants}}}
		})
		b.deploy("v2", func(e *sources.Event) { e.Environment = "playground" })
		b.pass(time.Minute)
		if len(h.reports) != want {
			t.Errorf("wanted %v: %d reports, want %d", wants, len(h.reports), want)
		}
	}
	f(true, 1)
	f(false, 0)
}
