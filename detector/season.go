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

// typicalPeriods is over how many periods a typical one is taken, and how many a history
// needs before its season is used: weights learned from two days of minutes fit those two
// days too closely, and treble false alarms.
const typicalPeriods = 7

// lookback is the stretch one period before a change: its values beside the before window
// and beside the after-ticks, the median of the former, and that of its last ticks.
type lookback struct {
	behind, ahead []float64
	base, recent  float64
}

// pastSeries is a past to look back to: smoothed values as they were, or what is typical of
// the time. Its first value is that of tick start.
type pastSeries struct {
	start  int
	values []float64
}

// at is the value of tick i, NaN where the series does not have it.
func (c pastSeries) at(i int) float64 {
	if i -= c.start; i >= 0 && i < len(c.values) {
		return c.values[i]
	}
	return math.NaN()
}

// stretch is n ticks from one on. Within the series it shares the series' memory and must
// only be read.
func (c pastSeries) stretch(from, n int) []float64 {
	if i := from - c.start; i >= 0 && i+n <= len(c.values) {
		return c.values[i : i+n : i+n]
	}
	s := make([]float64, n)
	for i := range s {
		s[i] = c.at(from + i)
	}
	return s
}

// edge is how many of the newest ticks cannot be smoothed without later ticks, which a
// change may have touched.
const edge = 2

// fillLookbacks fills in the lookback for a before window that ends gap ticks ahead of the
// change at tick at, a period earlier. For an after-tick it goes back as many periods as it
// takes to come before tick known.
func (c pastSeries) fillLookbacks(l *lookback, at, gap, period, known, before, after int, scratch []float64) bool {
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
	return mostlyPresent(l.behind) && mostlyPresent(l.ahead)
}

// season is a history with one period.
type season struct {
	period int // ticks
	ways   [waysBack]pastSeries
}

// waysBack are the chronicles of a season: one period ago, and a typical one.
const waysBack = 2

func seasonOf(smooth []float64, period int) season {
	return season{period, [waysBack]pastSeries{{values: smooth}, {values: typical(smooth, period)}}}
}

// fillLookbacks fills in the season's two lookbacks.
func (s season) fillLookbacks(ls []lookback, at, gap, known, before, after int, scratch []float64) bool {
	for i := range s.ways {
		if !s.ways[i].fillLookbacks(&ls[i], at, gap, s.period, known, before, after, scratch) {
			return false
		}
	}
	return true
}

// typical is, at tick i, the median of the smoothed values at the same time of the last
// periods, i's own included, so that one bad day does not change it and a Monday is not
// forecast from a Sunday alone. Near the start of the history there are fewer periods.
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

// periods are the seasons that a history of n ticks is long enough for, in ticks: a day and
// a week, each from typicalPeriods of them on. A week that the rule names is used from two
// on.
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
