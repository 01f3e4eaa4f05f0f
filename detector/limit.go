package detector

import (
	"time"

	"github.com/pushback/pushback/detector/stats"
)

// limitLook is how far apart two looks over the limit must be.
const limitLook = time.Minute

// limitExceeded reports whether the rule's limit is exceeded now, on two steps in a row or
// for a minute of the running tick, and was not before the change. It needs no history.
func (t *trial) limitExceeded() bool {
	if t.signal.Limit == nil || t.beyondLimit(t.levelBefore()) {
		return false
	}
	steps := t.steps()
	if !t.after.counts() && !t.running.counts() && finite(t.running.Value) == 1 {
		steps = append([]step{{value: t.running.Value[0]}}, steps...)
	}
	if len(steps) == 0 || !t.beyondLimit(steps[0].value) {
		return false
	}
	if len(steps) > 1 {
		return t.beyondLimit(steps[1].value) || t.runningFor(limitLook)
	}
	return t.runningFor(limitLook)
}

// runningFor reports whether the newest step is the running tick alone and spans at least
// d: a share over a minute counts as two looks a minute apart.
func (t *trial) runningFor(d time.Duration) bool {
	if !(t.running.counts() && t.running.Total[0] >= t.enough()) {
		return false
	}
	return time.Duration(t.look.Filled*float64(t.plan.Tick)) >= d
}

// beyondLimit compares in the direction that is worse; a limit without a
// direction is an upper one.
func (t *trial) beyondLimit(v float64) bool {
	if t.signal.Worse == Lower {
		return v < *t.signal.Limit
	}
	return v > *t.signal.Limit
}

// levelBefore is the share of all events before the change, or the median of
// the ticks; NaN where there was neither.
func (t *trial) levelBefore() float64 {
	if bad, total := t.before.events(); total > 0 {
		return bad / total
	}
	return stats.Median(t.before.Value, nil)
}

// A loss of traffic is two full ticks in a row under a fifth of the median before, on a
// signal that has some traffic and did not fall as low by itself. Where its history has
// fallen as low, it must be for longer than then.
const (
	lostShare   = 0.2
	lostTicks   = 2
	steadyTicks = 5
	steadyLevel = 10 // events a tick
)

// trafficLost reports whether the traffic of a count signal collapsed.
func (t *trial) trafficLost() bool {
	usual, steady := steadyTraffic(t.before.Total, nil)
	if !steady {
		return false
	}
	low, n := 0, len(t.after.Total)
	for low < n && t.after.Total[n-1-low] < lostShare*usual {
		low++
	}
	return low >= lostTicks && low >= t.lostLull(t.tickTime(len(t.before.Value)+n-low))
}

// lostLull is how many ticks traffic must be low to be lost, where it became low at a moment.
func (t *trial) lostLull(since time.Time) int {
	if usual := t.profile.Lulls.at(since); usual > 0 {
		return beyondRun(usual)
	}
	return lostTicks
}
