package detector

import (
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/pushback/pushback/detector/stats"
)

// A signal may be gappy by nature: a percentile has no value in a minute without requests,
// and a service that closes at night has no traffic then. So how long a silence must be
// before a signal counts as lost is learned from the silences that its history has.
//
// See adr/0062.

// Runs are the longest runs of ticks of one kind that are usual, by the hour of the day
// (UTC) at which they go on: 24 of them, or one that holds at any hour. None are known of a
// history under MinHistory.
type Runs []int

// at is the longest usual run that begins at a moment.
func (r Runs) at(moment time.Time) int {
	switch len(r) {
	case 0:
		return 0
	case hoursOfDay:
		return r[moment.UTC().Hour()]
	}
	return r[0]
}

const hoursOfDay = 24

// The days of history from which hours are told apart, and from which one day alone makes
// nothing usual: an outage of the metric store is a silence as well.
const (
	daysForHours = 3
	daysForHabit = 7
)

// runsOf are the usual runs of a history that starts at a moment and has values for a span.
// each calls yield with the first tick of every run and its length.
func runsOf(start time.Time, tick, span time.Duration, each func(yield func(first, length int))) Runs {
	if span < MinHistory {
		return nil
	}
	if span < daysForHours*day {
		longest := 0
		each(func(_, length int) { longest = max(longest, length) })
		return Runs{longest}
	}
	byDay := map[[2]int]int{} // by day and hour, the longest run that goes on from within that hour
	each(func(first, length int) {
		for k := first; k < first+length; {
			at := start.Add(time.Duration(k) * tick).UTC()
			cell := [2]int{int(at.Unix() / int64(day/time.Second)), at.Hour()}
			byDay[cell] = max(byDay[cell], first+length-k)
			k += max(int(at.Truncate(time.Hour).Add(time.Hour).Sub(at)/tick), 1)
		}
	})
	return usualByHour(byDay, span >= daysForHabit*day)
}

// usualByHour is the longest run of any day in each hour and its neighbours. With habit, it
// is the longest of all days but one.
func usualByHour(byDay map[[2]int]int, habit bool) Runs {
	runs := make(Runs, hoursOfDay)
	for hour := range runs {
		days := map[int]int{}
		for cell, length := range byDay {
			if apart := (cell[1] - hour + hoursOfDay) % hoursOfDay; apart <= 1 || apart == hoursOfDay-1 {
				days[cell[0]] = max(days[cell[0]], length)
			}
		}
		lengths := make([]int, 0, len(days)+1)
		for _, length := range days {
			lengths = append(lengths, length)
		}
		lengths = append(lengths, 0)
		slices.SortFunc(lengths, func(a, b int) int { return b - a })
		runs[hour] = lengths[0]
		if habit {
			runs[hour] = lengths[min(1, len(lengths)-1)]
		}
	}
	if slices.Min(runs) == slices.Max(runs) {
		return runs[:1]
	}
	return runs
}

// silences are the usual runs of silent ticks between two that are not, and at least those that random
// gaps have by chance.
func silences(t Ticks, h History, p Plan) Runs {
	seen := runsOf(h.Start, p.Tick, t.lived(p.Tick), func(yield func(first, length int)) { t.unmaskedGaps(h, p.Tick, yield) })
	return seen.orByChance(randomGapsOf(t, h, p.Tick), p.After)
}

// unmaskedGaps are the gaps outside the stretches that people have masked, which are no silence.
func (t Ticks) unmaskedGaps(h History, tick time.Duration, yield func(first, length int)) {
	t.gaps(func(first, length int) {
		from := h.Start.Add(time.Duration(first-1) * tick)
		if !h.masks(from, from.Add(time.Duration(length+1)*tick)) {
			yield(first, length)
		}
	})
}

// gaps calls yield for every run of silent ticks between two that are not.
func (t Ticks) gaps(yield func(first, length int)) {
	last := -1
	for i, silent := range t.silent() {
		if silent {
			continue
		}
		if last >= 0 && i-last > 1 {
			yield(last+1, i-last-1)
		}
		last = i
	}
}

// silent reports for each tick whether it has no sample. A tick that was left out for another
// reason is not silent.
func (t Ticks) silent() []bool {
	silent := make([]bool, len(t.Value))
	for i := range silent {
		silent[i] = t.missingAt(i)
	}
	for _, i := range slices.Concat(t.Impossible, t.Incomplete, t.Idle) {
		if i >= 0 && i < len(silent) {
			silent[i] = false
		}
	}
	return silent
}

// lived is the time from the first tick with a sample to the last. What is asked for may
// begin long before the service did.
func (t Ticks) lived(tick time.Duration) time.Duration {
	first, last := 0, len(t.Value)-1
	for first <= last && t.missingAt(first) {
		first++
	}
	for last >= first && t.missingAt(last) {
		last--
	}
	return time.Duration(last-first+1) * tick
}

// missingAt reports whether tick i has no sample. A tick of counters without an event has
// one.
func (t Ticks) missingAt(i int) bool {
	if t.counts() {
		return math.IsNaN(t.Total[i])
	}
	return math.IsNaN(t.Value[i])
}

// lulls are the runs of ticks with less than a fifth of the traffic before them, of a
// history in which traffic was lost as trafficLost sees it. Each tick is looked at from two
// changes, half a window apart.
func lulls(t Ticks, start time.Time, p Plan) Runs {
	if !t.counts() || p.Before < steadyTicks {
		return nil
	}
	return runsOf(start, p.Tick, t.lived(p.Tick), func(yield func(first, length int)) {
		scratch := make([]float64, 0, p.Before)
		for at := p.Before; at+lostTicks <= len(t.Total); at += max(p.Before/2, 1) {
			usual, steady := steadyTraffic(t.Total[at-p.Before:at], scratch)
			if !steady {
				continue
			}
			after := t.Total[at:min(at+p.After, len(t.Total))]
			for i := 0; i < len(after); {
				n := lowTicks(after[i:], usual)
				if n >= lostTicks {
					yield(at+i, n)
				}
				i += n + 1
			}
		}
	})
}

// lowTicks is how many of the first ticks have under a fifth of the usual traffic.
func lowTicks(total []float64, usual float64) int {
	for i, n := range total {
		if !(n < lostShare*usual) {
			return i
		}
	}
	return len(total)
}

// steadyTraffic is the median traffic of a before window, and whether it is enough, and
// steady enough, to tell that traffic was lost. Where the window itself went as low, the
// signal is a batch job's and nothing is lost.
func steadyTraffic(total, scratch []float64) (usual float64, steady bool) {
	there := stats.Finite(scratch[:0], total)
	if len(there) < steadyTicks {
		return 0, false
	}
	usual = stats.MedianInPlace(there)
	low := stats.QuantileInPlace(there, 0.05)
	return usual, usual >= steadyLevel && low >= lostShare*usual
}

// runMargin is how many times as long as any usual run another must be to be unusual.
const runMargin = 1.25

// beyondRun is the length from which a run of ticks is longer than a usual one can be. A
// silence of less than two ticks may leave no tick missing, and history does not show it.
func beyondRun(usual int) int { return int(math.Ceil(runMargin*float64(usual))) + 2 }

// Without a history, a silence of unknownSilence ticks is a loss, or of unknownSpan where
// ticks are long; never of less than two ticks.
const (
	unknownSilence = 5
	unknownSpan    = 10 * time.Minute
)

// lostAfter is how long a signal must be silent to be lost.
func (t *trial) lostAfter(since time.Time) time.Duration {
	usual := longestGap(t.before)
	if len(t.profile.Silences) > 0 {
		return time.Duration(beyondRun(max(usual, t.profile.Silences.at(since)))) * t.plan.Tick
	}
	if usual > 0 {
		return time.Duration(beyondRun(2*usual)+unknownSilence) * t.plan.Tick
	}
	return max(min(unknownSilence*t.plan.Tick, unknownSpan), 2*t.plan.Tick)
}

// longestGap is the longest run of missing ticks between two that have a value.
func longestGap(t Ticks) int {
	longest := 0
	t.gaps(func(_, length int) { longest = max(longest, length) })
	return longest
}

// usuallySilent reports whether a signal that has no recent sample is silent no longer than
// usual. A reading that does not say for how long is one of an older version, which called
// every silence of three scrapes a loss.
func (t *trial) usuallySilent() bool {
	silent := t.reading.Silent
	if silent <= 0 {
		return false
	}
	after := t.lostAfter(t.look.At.Add(-silent))
	if silent > after {
		return false
	}
	t.note(fmt.Sprintf("No sample for %s. It counts as lost after %s, by the silences that it has had before.", spanWords(silent), spanWords(after)))
	return true
}
