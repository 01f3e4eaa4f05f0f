package watch

import (
	"testing"
	"time"

	"github.com/pushback/pushback/sources"
)

// Windows lie on a grid that divides the step of the questions, and leave out rather than take
// in what is near a change.
func TestWindowsLieOnAGrid(t *testing.T) {
	f := func(step, base, wantBase, from, wantFrom time.Duration) {
		t.Helper()
		w := Watch{BaseAt: start.Add(base), Settle: time.Minute, Inputs: []Input{{Value: sources.Query{Step: step}}, {Value: sources.Query{Step: 2 * step}}}}
		c := sources.Change{StartedAt: start, FinishedAt: start.Add(from - time.Minute)}
		if got := w.BaseEnd().Sub(start); got != wantBase {
			t.Errorf("in steps of %s the before window ends at %s, want %s", step, got, wantBase)
		}
		if got := w.JudgedFrom(c).Sub(start); got != wantFrom {
			t.Errorf("in steps of %s judging begins at %s, want %s", step, got, wantFrom)
		}
	}
	const s = time.Second
	f(15*s, 7*s, 0, 61*s, 75*s)
	f(15*s, 30*s, 30*s, 90*s, 90*s)
	f(time.Minute, 44*s, 30*s, 61*s, 75*s) // a step is a whole number of parts, of at most 15 s
	f(20*s, 19*s, 10*s, 61*s, 70*s)
	f(0, 7*s, 7*s, 61*s, 61*s) // nothing is known of the store yet
	f(s, 7500*time.Millisecond, 7*s, 61*s+time.Millisecond, 62*s)
}
