package verdict

import (
	"testing"

	"github.com/pushback/pushback/detector"
	"github.com/pushback/pushback/internal/store"
	"github.com/pushback/pushback/watch"
)

// A rule for every service that finds nothing of its own in one says nothing of its changes.
func TestAWatchThatSawNothingDoesNotCount(t *testing.T) {
	t.Parallel()
	plan := func(skip, needed bool) detector.Plan {
		return detector.Plan{Signals: []detector.Signal{{Name: "gc", SkipUnmatched: skip, Needed: needed}}}
	}
	healthy := watch.Watch{State: watch.Healthy, Plan: plan(true, false)}
	f := func(want watch.State, all ...watch.Watch) {
		t.Helper()
		if got := State(store.Change{Planned: true}, all); got != string(want) {
			t.Errorf("%s, want %s", got, want)
		}
	}
	nothing := func(p detector.Plan) watch.Watch {
		return watch.Watch{State: watch.Inconclusive, Reason: detector.UnmatchedSeries, Plan: p}
	}
	f(watch.Healthy, healthy, nothing(plan(true, false)))
	f(watch.Inconclusive, healthy, nothing(plan(false, false)))
	f(watch.Inconclusive, healthy, nothing(plan(true, true)))
	f(watch.Inconclusive, nothing(plan(true, false)))
	f(watch.Inconclusive, healthy, watch.Watch{State: watch.Inconclusive, Reason: detector.ShortHistory, Plan: plan(true, false)})
	f(watch.Blind, nothing(plan(true, false)), watch.Watch{State: watch.Blind, Plan: plan(true, false)})
}
