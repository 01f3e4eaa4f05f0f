package detector

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/pushback/pushback/detector/stats"
	"github.com/pushback/pushback/sources"
)

// A tick is incomplete if fewer events than incompleteShare of the usual were counted in it,
// and at least half of those that lack were counted by series that are gone.
const (
	incompleteShare = 0.5
	vanishedShare   = 0.5
)

// usualSeries are the series that lived at the end of the before window, each with the events
// that it counted in a usual tick.
type usualSeries struct {
	events map[string]float64
	total  float64 // of all series, in a usual tick
	tick   int64   // milliseconds
}

// vanishing prepares to look for series that vanish after a change.
func vanishing(whole []pointSeries, before Ticks, g Grid) usualSeries {
	u := usualSeries{events: map[string]float64{}, total: stats.Median(before.Total, nil), tick: g.Tick.Milliseconds()}
	if !(u.total > 0) || g.N == 0 {
		return u
	}
	c := countersOf(whole, false, false, pacePair{})
	recent := g.End().UnixMilli() - 2*u.tick
	for _, s := range whole {
		if n := len(s.points); n > 0 && s.points[n-1].t > recent {
			alone := c.increases([]pointSeries{s}, g)
			u.events[LabelKey(s.labels)] += stats.Mean(alone.events)
		}
	}
	return u
}

// mark notes the ticks that are incomplete. Pods that a deploy replaces vanish too, but then
// others count their events and the tick has as many as usual.
func (u usualSeries) mark(t Ticks, series []pointSeries, g Grid) Ticks {
	if len(u.events) == 0 {
		return t
	}
	usual := u.total * float64(g.Tick.Milliseconds()) / float64(u.tick)
	for i, total := range t.Total {
		if math.IsNaN(total) || total >= incompleteShare*usual {
			continue
		}
		gone := u.gone(series, g.at(i)) * float64(g.Tick.Milliseconds()) / float64(u.tick)
		if gone >= vanishedShare*(usual-total) {
			t.Incomplete = append(t.Incomplete, i)
		}
	}
	u.carry(t, usual)
	return t
}

// FarBelowUsual reports whether the newest ticks of a reading have so few events that some of
// its series may be gone.
func FarBelowUsual(before, after, running Ticks, g Grids) bool {
	usual := stats.Median(before.Total, nil)
	few := func(t Ticks, part float64) bool {
		n := len(t.Total)
		return n > 0 && t.Total[n-1] < incompleteShare*usual*part
	}
	return usual > 0 && (few(after, 1) || few(running, float64(g.Running.Tick)/float64(g.Before.Tick)))
}

// carry adds the events of incomplete ticks to the first complete one behind them. The series
// that were gone count there what they grew by meanwhile, and would hide what the others
// counted. Where they do not come back with it, nothing is added.
func (u usualSeries) carry(t Ticks, usual float64) {
	bad, total, ticks := 0.0, 0.0, 0.0
	for i := range t.Total {
		switch {
		case slices.Contains(t.Incomplete, i):
			bad, total, ticks = bad+t.Bad[i], total+t.Total[i], ticks+1
		case math.IsNaN(t.Total[i]):
		default:
			if ticks > 0 && t.Total[i] >= (1+incompleteShare*ticks)*usual {
				t.Bad[i], t.Total[i] = t.Bad[i]+bad, t.Total[i]+total
				t.Value[i] = share(t.Bad[i], t.Total[i])
			}
			bad, total, ticks = 0, 0, 0
		}
	}
}

// gone are the events of a usual tick that were counted by series without a sample in w.
// Nothing is gone where no series of before goes on.
func (u usualSeries) gone(series []pointSeries, w sources.Window) float64 {
	all, there := 0.0, 0.0
	for _, n := range u.events {
		all += n
	}
	lives := false
	for _, s := range series {
		i := s.at(w.From.UnixMilli() + 1)
		if i == len(s.points) || s.points[i].t > w.To.UnixMilli() {
			continue
		}
		n, known := u.events[LabelKey(s.labels)]
		lives, there = lives || known, there+n
	}
	if !lives {
		return 0
	}
	return all - there
}

// judgedTicks are the ticks of a reading that can be judged.
func judgedTicks(t Ticks) Ticks { return validTicks(t).clearIncomplete() }

// clearIncomplete clears the ticks of which a part is missing: what is left is no sample of
// the whole.
func (t Ticks) clearIncomplete() Ticks {
	for _, i := range t.Incomplete {
		if i >= 0 && i < len(t.Value) {
			t.clearTick(i)
		}
	}
	return t
}

// noteMissing says which ticks after the change are missing for what they showed.
func (t *trial) noteMissing() {
	if n := len(t.after.Impossible) + len(t.running.Impossible); n > 0 {
		t.note(fmt.Sprintf("%s not judged: a counter grew by far more than this signal ever did, and did not go on.", ticksWere(n)))
	}
	if n := len(t.before.Impossible); n > 0 {
		t.note(fmt.Sprintf("Before the change, %s not used: a counter grew by far more than this signal ever did, and did not go on.", strings.ToLower(ticksWere(n))))
	}
	if n := len(t.after.Incomplete) + len(t.running.Incomplete); n > 0 {
		t.note(fmt.Sprintf("%s not judged: series that lived until the change are gone, and what is left counted less than half of the usual events.", ticksWere(n)))
	}
}

func ticksWere(n int) string {
	if n == 1 {
		return "1 tick was"
	}
	return fmt.Sprintf("%d ticks were", n)
}

// partial reports whether the newest tick is incomplete: the store answers with a part of the
// signal. That is a failure of the store, or traffic that is lost.
func (t *trial) partial() bool {
	if len(t.running.Incomplete) > 0 {
		return true
	}
	n := len(t.after.Value)
	return n > 0 && finite(t.running.Value) == 0 && slices.Contains(t.after.Incomplete, n-1)
}
