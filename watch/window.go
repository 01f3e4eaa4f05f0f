package watch

import (
	"time"

	"github.com/pushback/pushback/sources"
)

// mostAligned is by how much a window may be shortened so that it lies on a common grid.
const mostAligned = 15 * time.Second

// grid is what the windows of a watch lie on, so that watches whose changes came at different
// seconds ask a store about the same moments, and can share its answers: the step of its
// questions, or a whole part of that. It is 0 until the inputs are known, and then
// windows lie where the change put them.
//
// See adr/0102.
func (w Watch) grid() time.Duration {
	var step time.Duration
	for _, in := range w.Inputs {
		if s := in.Value.Step; s > 0 && (step == 0 || s < step) {
			step = s
		}
	}
	for parts := int64(1); parts <= 60; parts++ {
		if part := step / time.Duration(parts); part <= mostAligned && step.Milliseconds()%parts == 0 {
			return part
		}
	}
	return 0
}

// BaseEnd is where the before window ends: at BaseAt, or right before it on the grid, so that
// nothing of the change is in it.
func (w Watch) BaseEnd() time.Time { return w.BaseAt.Truncate(w.grid()) }

// JudgedFrom is where judging begins: where settling ends, or right after it on the grid, so that
// nothing of the settling is judged. While the change rolls, it is the change's start.
func (w Watch) JudgedFrom(c sources.Change) time.Time {
	if began := w.SettleFrom(c); !began.IsZero() {
		return w.onGrid(began.Add(w.Settle))
	}
	return w.onGrid(c.StartedAt)
}

// onGrid is a time, or the next one on the grid.
func (w Watch) onGrid(t time.Time) time.Time {
	if on := t.Truncate(w.grid()); on.Before(t) {
		return on.Add(w.grid())
	}
	return t
}
