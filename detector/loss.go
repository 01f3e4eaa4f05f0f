package detector

import "github.com/pushback/pushback/detector/stats"

// Loss is what was lost with a signal: its events, or its samples where it counts none.
type Loss struct {
	EventsBefore float64 `json:"events_before,omitempty"` // a minute, the median before the change; 0 for a signal that counts no events
	EventsAfter  float64 `json:"events_after,omitempty"`  // a minute, the median of the newest ticks that are low
	TicksBefore  int     `json:"ticks_before"`            // with samples, before the change
	Before       int     `json:"before"`                  // ticks before the change
	TicksAfter   int     `json:"ticks_after"`             // with samples, after it
	After        int     `json:"after"`                   // ticks after it
}

// measureLoss measures what was lost, for people: it decides nothing.
func (t *trial) measureLoss() *Loss {
	l := Loss{
		TicksBefore: t.before.measured(), Before: len(t.before.Value),
		TicksAfter: t.after.measured(), After: len(t.after.Value),
	}
	if minutes := t.plan.Tick.Minutes(); t.before.counts() && minutes > 0 {
		l.EventsBefore = finiteOrZero(stats.Median(t.before.Total, nil)) / minutes
		l.EventsAfter = finiteOrZero(stats.Median(t.lowTicks(), nil)) / minutes
	}
	return &l
}

// lowTicks are the newest ticks in which the traffic is lost.
func (t *trial) lowTicks() []float64 {
	usual, n := stats.Median(t.before.Total, nil), len(t.after.Total)
	low := 0
	for low < n && !(t.after.Total[n-1-low] >= lostShare*usual) {
		low++
	}
	return t.after.Total[n-low:]
}

// measured is how many ticks have a sample.
func (t Ticks) measured() (n int) {
	for i := range t.Value {
		if !t.missingAt(i) {
			n++
		}
	}
	return n
}
