package gather

import (
	"testing"
	"time"

	"github.com/pushback/pushback/detector"
	"github.com/pushback/pushback/sources"
	"github.com/pushback/pushback/watch"
)

// What lies between an inherited baseline and the change is read in whole ticks, after the
// before window.
func TestViewBetween(t *testing.T) {
	began := time.Date(2026, 11, 23, 10, 0, 0, 0, time.UTC)
	f := func(name string, base, own time.Duration, want int) {
		t.Helper()
		w := watch.Watch{BaseAt: began.Add(-base), Settle: time.Minute, Bake: 30 * time.Minute, Plan: detector.Plan{Tick: time.Minute, Before: 30, After: 30}}
		if own >= 0 {
			w.OwnBaseAt = began.Add(-own)
		}
		c := sources.Change{StartedAt: began, FinishedAt: began}
		v, ok := ViewAt(w, c, 15*time.Second, began.Add(5*time.Minute))
		if !ok || v.Between != want || v.Before.N != 30+want || !v.Before.Start.Equal(w.BaseAt.Add(-30*time.Minute)) {
			t.Errorf("%s: %d ticks between, %+v; want %d", name, v.Between, v.Before, want)
		}
		if o := v.Observation(w, c); !o.BaseAt.Equal(w.BaseAt) {
			t.Errorf("%s: the before window ends at %s", name, o.BaseAt)
		}
	}
	f("its own baseline", 0, 0, 0)
	f("a predecessor 135 s ago", 135*time.Second, 0, 2)
	f("only the end is known, and a rollout takes a minute", 5*time.Minute, time.Minute, 4)
	f("stored before the field was", 5*time.Minute, -1, 0)
	f("too long ago", 5*time.Hour, 0, 0)
}
