package detector

import (
	"math"
	"testing"
	"time"
)

// What was lost is said in events a minute, or in samples where nothing is counted.
func TestLoss(t *testing.T) {
	nan := math.NaN()
	counts := func(total ...float64) Ticks {
		return Ticks{Value: make(Values, len(total)), Bad: make(Values, len(total)), Total: total}
	}
	f := func(name string, before, after Ticks, want Loss) {
		t.Helper()
		got := *(&trial{plan: &Plan{Tick: 15 * time.Second}, before: before, after: after}).measureLoss()
		if got != want {
			t.Errorf("%s: %+v, want %+v", name, got, want)
		}
	}
	f("traffic fell", counts(100, 120, 110), counts(105, 10, 6), Loss{EventsBefore: 440, EventsAfter: 32, TicksBefore: 3, Before: 3, TicksAfter: 3, After: 3})
	f("the series ended", counts(100, 120, 110), counts(105, nan, nan), Loss{EventsBefore: 440, TicksBefore: 3, Before: 3, TicksAfter: 1, After: 3})
	f("nothing after", counts(100), Ticks{}, Loss{EventsBefore: 400, TicksBefore: 1, Before: 1})
	f("nothing counted", Ticks{Value: Values{1, nan, 2}}, Ticks{Value: Values{nan, nan}}, Loss{TicksBefore: 2, Before: 3, After: 2})
}
