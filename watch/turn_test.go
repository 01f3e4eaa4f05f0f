package watch

import (
	"fmt"
	"testing"
	"time"

	"github.com/pushback/pushback/sources"
)

// A service is looked at every time at the same distance, with its other watches, and all
// services together are spread over the time between two looks.
func TestServicesTakeTurns(t *testing.T) {
	const services, every = 3000, 30 * time.Second
	begun := map[time.Duration]int{}
	for i := range services {
		w := waiting()
		w.Every = every
		f := Facts{Now: at(2.1), Change: sources.Change{Service: fmt.Sprintf("service-%04d", i), StartedAt: start, FinishedAt: at(2)}}
		first := Advance(w, f).Next
		f.Now = first.Add(700 * time.Millisecond)
		second := Advance(w, f).Next
		if second.Sub(first) != every {
			t.Fatalf("%s is looked at after %s, want %s", f.Change.Service, second.Sub(first), every)
		}
		begun[first.Sub(at(2.1))]++
	}
	for turn, n := range begun {
		if n > 2*services/30 {
			t.Errorf("%d of %d looks come after %s", n, services, turn)
		}
	}
	if len(begun) != 30 {
		t.Errorf("looks come in %d turns, want one a second", len(begun))
	}
}

// Where looks come every second, there is nothing to spread.
func TestShortTurns(t *testing.T) {
	w := waiting()
	w.Every = time.Second
	if next := Advance(w, Facts{Now: at(2.1), Change: sources.Change{Service: "cart", StartedAt: start}}).Next; !next.Equal(at(2.1).Truncate(time.Second).Add(time.Second)) {
		t.Errorf("the next look comes at %s", next)
	}
}
