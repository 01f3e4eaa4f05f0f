package detector

import (
	"math"
	"slices"
	"time"

	"github.com/pushback/pushback/detector/stats"
)

const (
	day  = 24 * time.Hour
	week = 7 * day
)

// typicalPeriods is over how many periods a typical one is taken, and how many
// a history must hold before its season is believed: weights learned from two
// days of minutes believe those two days too much, and treble false alarms.
const typicalPeriods = 7

// lookback is an earlier stretch as one before window sees it: what it shows
// behind the change and behind the after-ticks, the median of the window, and
// of its last ticks.
type lookback struct {
	behind, ahead []float64
	base, recent  float64
}

// chronicle is one way of looking back over a past: at smoothed values as they
// were, or at what is typical of the time. Its first value is of tick start.
type chronicle struct {
	start  int
	values []float64
}

// at is the value of tick i; NaN where it is not in the chronicle.
func (c chronicle) at(i int) float64 {
	if i -= c.start; i >= 0 && i < len(c.values) {
		return c.values[i]
	}
	return math.NaN()
}

// stretch is n ticks from one on. Within the chronicle it is the chronicle's
// own memory, to be read alone.
func (c chronicle) stretch(from, n int) []float64 {
	if i := from - c.start; i >= 0 && i+n <= len(c.values) {
		return c.values[i : i+n : i+n]
	}
	s := make([]float64, n)
	for i := range s {
		s[i] = c.at(from + i)
	}
	return s
}

// edge is how many of the newest ticks have no smoothed value without those
// that come after them, which a change may have touched.
const edge = 2

// retrace fills in what the chronicle shows of a before window that ends gap
// ticks ahead of the change at tick at, a period earlier; behind an after-tick
// as many periods earlier as it takes to come before tick known.
func (c chronicle) retrace(l *lookback, at, gap, period, known, before, after int, scratch []float64) bool {
	l.behind = c.stretch(at-gap-period-before, before)
	if l.ahead = c.stretch(at-period, after); at-period+after > known-edge {
		l.ahead = slices.Clone(l.ahead)
		for j := max(known-edge-(at-period), 0); j < after; j++ {
			i := at + j - period
			late := i - (known - edge)
			l.ahead[j] = c.at(i - (late/period+1)*period)
		}
	}
	var medians [2]float64
	stats.LastMedians(medians[:], l.behind, scratch, recentTicks, before)
	l.recent, l.base = medians[0], medians[1]
	return mostly(l.behind) && mostly(l.ahead)
}

// season is a history seen by one period.
type season struct {
	period int // ticks
	ways   [waysBack]chronicle
}

// waysBack are the chronicles of a season: one period ago, and a typical one.
const waysBack = 2

func seasonOf(smooth []float64, period int) season {
	return season{period, [waysBack]chronicle{{values: smooth}, {values: typical(smooth, period)}}}
}

// retrace fills in the season's two lookbacks.
func (s season) retrace(ls []lookback, at, gap, known, before, after int, scratch []float64) bool {
	for i := range s.ways {
		if !s.ways[i].retrace(&ls[i], at, gap, s.period, known, before, after, scratch) {
			return false
		}
	}
	return true
}

// typical is, at tick i, the median of the smoothed values at the same time of
// the last periods that end with i's own. One bad day does not bend it, and a
// Monday is not forecast from a Sunday alone. Near the start of the history it
// has fewer periods to go by.
func typical(smooth []float64, period int) []float64 {
	t := make([]float64, len(smooth))
	var window [typicalPeriods]float64
	for i := range t {
		same := window[:0]
		for at := i; at >= 0 && len(same) < typicalPeriods; at -= period {
			if v := smooth[at]; !math.IsNaN(v) {
				same = append(same, v)
			}
		}
		t[i] = stats.MedianInPlace(same)
	}
	return t
}

// periods are the seasons that a history of n ticks can be seen by, in ticks: a
// day and a week where it holds typicalPeriods of them. A week that the rule
// names is taken from two on.
func (p Plan) periods(n int) []int {
	var periods []int
	for _, season := range []time.Duration{day, week} {
		ticks := int(season / p.Tick)
		wanted := typicalPeriods * ticks
		if season == week && p.Season == week {
			wanted = 2*ticks + p.Before + p.After
		}
		if ticks > 1 && season%p.Tick == 0 && n >= wanted {
			periods = append(periods, ticks)
		}
	}
	return periods
}
