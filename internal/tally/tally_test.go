package tally

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/VictoriaMetrics/metrics"

	"github.com/pushback/pushback/internal/store"
	"github.com/pushback/pushback/sources"
	"github.com/pushback/pushback/watch"
)

func written(set *metrics.Set) string {
	var b bytes.Buffer
	set.WritePrometheus(&b)
	return b.String()
}

// A series is there at zero when the change begins, and so shows in an increase when the change ends.
func TestSeriesAreThereBeforeTheyCount(t *testing.T) {
	set := metrics.NewSet()
	c := NewChanges(set)
	cart := sources.Change{Service: "ca\"rt", Environment: "production"}
	f := func(want ...string) {
		t.Helper()
		for _, line := range want {
			if text := written(set); !strings.Contains(text, line+"\n") {
				t.Errorf("no %s in\n%s", line, text)
			}
		}
	}
	const at = `service="ca\"rt",environment="production"`
	c.Began(cart)
	for _, v := range []string{"healthy", "regressed", "inconclusive", "blind", "superseded"} {
		f(`pushback_changes_total{` + at + `,verdict="` + v + `"} 0`)
	}
	f(`pushback_rollbacks_total{`+at+`} 0`, `pushback_rollback_seconds_total{`+at+`} 0`)
	c.Ended(cart, "regressed")
	c.RolledBack(cart, 90*time.Second)
	c.RolledBack(cart, -time.Second) // a clock that went back
	f(`pushback_changes_total{`+at+`,verdict="regressed"} 1`, `pushback_rollbacks_total{`+at+`} 2`, `pushback_rollback_seconds_total{`+at+`} 90`)
	var none *Changes
	none.Began(cart)
	none.Ended(cart, "healthy")
	none.RolledBack(cart, time.Second)
}

// Services that come and go make no series without end.
func TestPlacesAreBounded(t *testing.T) {
	set := metrics.NewSet()
	c := NewChanges(set)
	for i := range MostPlaces + 10 {
		c.Ended(sources.Change{Service: fmt.Sprint("s", i), Environment: "p"}, "healthy")
	}
	c.Ended(sources.Change{Service: "s0", Environment: "p"}, "healthy")
	text := written(set)
	if !strings.Contains(text, `{service="other",environment="other",verdict="healthy"} 10`) || !strings.Contains(text, `{service="s0",environment="p",verdict="healthy"} 2`) {
		t.Error("what is beyond is not counted as other, or what is known is")
	}
	if n := strings.Count(text, "pushback_rollbacks_total{"); n != MostPlaces+1 {
		t.Errorf("%d services", n)
	}
}

// A change counts once, when the last of its own watches has ended, as the worst of them.
func TestAChangeCountsOnce(t *testing.T) {
	set := metrics.NewSet()
	c := NewChanges(set)
	change := store.Change{Change: sources.Change{Service: "cart", Environment: "p"}, Planned: true}
	f := func(want string, watches ...watch.Watch) {
		t.Helper()
		c.WatchEnded(t.Context(), theseWatches(watches), change, slog.New(slog.DiscardHandler))
		if text := written(set); want != "" && !strings.Contains(text, want) || want == "" && text != "" {
			t.Errorf("no %s in\n%s", want, text)
		}
	}
	well, bad, open := watch.Watch{State: watch.Healthy}, watch.Watch{State: watch.Regressed}, watch.Watch{State: watch.Watching}
	recovery := watch.Watch{State: watch.Watching, After: time.Unix(1, 0)}
	f("", well, open)
	f("", recovery)
	f(`verdict="regressed"} 1`, well, bad, recovery)
	f(`verdict="healthy"} 1`, well)
}

type theseWatches []watch.Watch

func (w theseWatches) WatchesOf(context.Context, string) ([]watch.Watch, error) {
	return slices.Clone(w), nil
}
