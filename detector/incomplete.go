package detector

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/pushback/pushback/detector/stats"
)

// A tick is incomplete if series that lived until the change are gone and what is left is no
// sample of the whole:
//
//   - fewer events than incompleteShare of the usual were counted in it, and at least half of
//     those that lack were counted by series that are gone; or
//   - what is gone had another share of bad events than what is left (biased); or
//   - all are gone, and the labels by which bad events are known have new values (renamed).
//
// Series that come back count in one tick what they grew by while they were gone. If that
// tick cannot be joined to those before it, it is incomplete for the same reasons.
const (
	incompleteShare = 0.5
	vanishedShare   = 0.5
	joinedShare     = 0.75 // of the usual events, in incomplete ticks and the one behind them
)

// mark notes the ticks that are incomplete. Pods that a deploy replaces vanish too, but then
// others count their events. The series, with the keys of their labels, are those of before and
// after, joined; so many series count bad events.
func (u usualSeries) mark(t Ticks, series []pointSeries, keys []string, parts int, g Grid) Ticks {
	scale := float64(g.Tick.Milliseconds()) / float64(u.tick)
	seen := make([]vanished, len(t.Value))
	for i, value := range t.Value {
		if math.IsNaN(value) {
			continue
		}
		seen[i] = u.look(series, keys, g.at(i))
		few := t.counts() && u.lacksMost(t.Total[i]/scale, seen[i])
		if seen[i].lives && (few || u.lacksPart(seen[i], scale)) || parts == u.parts && u.labels.renamed(seen[i], series, g.at(i)) {
			t.Incomplete = append(t.Incomplete, i)
		}
	}
	u.carry(&t, seen, u.total*scale)
	return t
}

// lacksMost reports whether a tick has fewer events than incompleteShare of the usual, because
// series are gone.
func (u *usualSeries) lacksMost(total float64, v vanished) bool {
	return total < incompleteShare*u.total && v.gone.total >= vanishedShare*(u.total-total)
}

// carry adds the events of incomplete ticks to the first complete one behind them. The series
// that were gone count there what they grew by meanwhile, and would hide what the others
// counted. Where they do not come back with it, nothing is added.
func (u usualSeries) carry(t *Ticks, seen []vanished, usual float64) {
	bad, total, ticks := 0.0, 0.0, 0.0
	for i, value := range t.Value {
		switch {
		case math.IsNaN(value) || !t.counts() && slices.Contains(t.Incomplete, i):
			continue
		case slices.Contains(t.Incomplete, i):
			bad, total, ticks = bad+t.Bad[i], total+t.Total[i], ticks+1
			continue
		case ticks > 0 && seen[i].back.total > 0 && total+t.Total[i] >= joinedShare*(ticks+1)*usual:
			t.Bad[i], t.Total[i] = t.Bad[i]+bad, t.Total[i]+total
			t.Value[i] = share(t.Bad[i], t.Total[i])
		case u.gainsPart(seen[i]):
			t.Incomplete = append(t.Incomplete, i)
		}
		bad, total, ticks = 0, 0, 0
	}
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
		t.note(fmt.Sprintf("%s not judged: series that lived until the change are gone or have other labels, and what is left is no sample of the whole.", ticksWere(n)))
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
