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

// seasonPeriods is how many periods of data a season needs: weights learned from two days of
// minutes fit those two days too closely, and treble false alarms. A typical period is taken
// over typicalPeriods.
const (
	seasonPeriods  = 7
	typicalPeriods = 5
)

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
	l.recent, l.base = stats.Median(lastOf(l.behind, recentTicks), scratch), stats.Median(l.behind, scratch)
	return mostlyPresent(l.behind) && mostlyPresent(l.ahead)
}

// season is a history with one period.
type season struct {
	cycle
	ways [waysBack]pastSeries
}

// waysBack are the chronicles of a season: one period ago, and a typical one.
const waysBack = 2

func seasonOf(smooth []float64, c cycle) season {
	return season{c, [waysBack]pastSeries{{values: smooth}, {values: typical(smooth, c)}}}
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
// forecast from a Sunday alone. It is NaN where too few of them are present: a signal that
// grows is further from the median of five days than from that of two, so placebos with
// fewer periods behind them than a change has would say nothing of that change.
func typical(smooth []float64, c cycle) []float64 {
	t := make([]float64, len(smooth))
	var window [typicalPeriods]float64
	for i := range t {
		same := window[:0]
		for k, at := 0, i; at >= 0 && k < c.periods; k, at = k+1, at-c.period {
			if v := smooth[at]; !math.IsNaN(v) {
				same = append(same, v)
			}
		}
		t[i] = math.NaN()
		if len(same) >= c.needed() {
			t[i] = stats.MedianInPlace(same)
		}
	}
	return t
}

// cycle is a season's period in ticks, and over how many of them a typical one is taken.
type cycle struct{ period, periods int }

// needed is how many periods must be present for a typical one. One of several may be
// missing, for an outage must not cost the season for days.
func (c cycle) needed() int {
	if c.periods == typicalPeriods {
		return c.periods - 1
	}
	return c.periods
}

// cycles are the seasons that history x is long enough for: a day and a week, each from
// seasonPeriods of them on. A week that the rule names is used from two on. A history counts
// by the periods that are mostly present, because a service of three days has a history of
// three days, however many were asked for.
//
// See adr/0056.
func (p Plan) cycles(x []float64) []cycle {
	var cycles []cycle
	for _, length := range []time.Duration{day, week} {
		ticks, wanted := int(length/p.Tick), seasonPeriods
		if ticks <= 1 || length%p.Tick != 0 {
			continue
		}
		n, spare := presentPeriods(x, ticks), 0
		if length == week && p.Season == week {
			wanted, spare = 2, p.Before+p.After
		}
		if n >= wanted && len(x) >= wanted*ticks+spare {
			cycles = append(cycles, p.cycle(n, ticks))
		}
	}
	return cycles
}

// cycle is that of a season of which n periods are present. Where ticks are long, a typical
// period is taken over fewer, so that enough is left for the placebos.
func (p Plan) cycle(n, ticks int) cycle {
	c := cycle{ticks, min(n-1, typicalPeriods)}
	for c.periods > 1 && (n-c.needed())*ticks-p.Before-p.After < placeboStep*minPlacebos {
		c.periods--
	}
	return c
}

// presentPeriods is how many periods of history x, counted from its end, are mostly present.
func presentPeriods(x []float64, period int) int {
	n := 0
	for to := len(x); to >= period; to -= period {
		if mostlyPresent(x[to-period : to]) {
			n++
		}
	}
	return n
}
