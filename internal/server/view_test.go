package server

import (
	"strings"
	"testing"
	"time"

	"github.com/pushback/pushback/detector"
	"github.com/pushback/pushback/internal/server/api"
	"github.com/pushback/pushback/rollback"
	"github.com/pushback/pushback/sources"
	"github.com/pushback/pushback/watch"
)

func TestAPageSaysWhyAPreviewIsNotWatched(t *testing.T) {
	f := func(environment, state string, want bool) {
		t.Helper()
		e := api.Explanation{Change: api.ChangeSummary{Change: api.Change{Change: sources.Change{Service: "cart", Environment: environment}}, State: state}}
		if got := changeView(e, time.Time{}).Headline; strings.HasPrefix(got, "Not watched: its environment is a preview") != want {
			t.Errorf("%s, %s: %s", environment, state, got)
		}
	}
	f("preview/pr-17", "unwatched", true)
	f("preview/pr-17", "healthy", false)
	f("production", "unwatched", false)
}

// A page says what an order waits for, and how far a rollout has come that its hook follows.
func TestOrderUnderWay(t *testing.T) {
	t.Parallel()
	f := func(o api.Order, sentence, receipt string, following bool) {
		t.Helper()
		o.Target = "v1"
		if got := orderSentence(o); got != sentence {
			t.Errorf("%s: says %q, want %q", o.State, got, sentence)
		}
		if v := orderView(o); v.Receipt != receipt || v.Following != following {
			t.Errorf("%s: receipt %q, following %v", o.State, v.Receipt, v.Following)
		}
	}
	f(api.Order{State: "decided", Why: "waits: it rolls out"}, "A rollback to v1 is ordered: waits: it rolls out.", "", false)
	f(api.Order{State: "sending", SentAt: testNow, Receipt: &rollback.Receipt{Status: "1 of 3 replicas updated"}},
		"Rolling back to v1 since "+testNow.UTC().Format(time.TimeOnly)+".", "1 of 3 replicas updated", true)
	f(api.Order{State: "done", EndedAt: testNow, Receipt: &rollback.Receipt{Status: "rolled out"}},
		"Rolled back to v1 at "+testNow.UTC().Format(time.TimeOnly)+".", "rolled out", false)
}

// A rule that was likely for a while has fired, although a transient verdict has lowered its grade again: only that it was
// wrong can be said of it, and not that it missed something.
func TestRightOfATransient(t *testing.T) {
	f := func(w api.Watch, fired, silent string) {
		t.Helper()
		w.Rule = "red"
		if got := rightOf(api.Explanation{Watches: []api.Watch{w}}); got.Fired != fired || got.Silent != silent {
			t.Errorf("%+v", got)
		}
	}
	f(api.Watch{Grade: "none", Grades: []watch.GradeAt{{Grade: detector.Likely}, {Grade: detector.None}}}, "red", "")
	f(api.Watch{Grade: "certain"}, "red", "")
	f(api.Watch{Grade: "suspect", Grades: []watch.GradeAt{{Grade: detector.Suspect}}}, "", "red")
}
