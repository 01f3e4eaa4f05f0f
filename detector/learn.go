package detector

import (
	"math"
	"slices"
	"sort"
	"time"

	"github.com/pushback/pushback/detector/stats"
	"github.com/pushback/pushback/sources"
)

// History is the longer past of one signal: wanted 7 to 14 days, workable
// from six hours. Tick i covers (Start + i·Plan.Tick, Start + (i+1)·Plan.Tick].
type History struct {
	Start time.Time        `json:"start"`
	Ticks Ticks            `json:"ticks"`
	Mask  []sources.Window `json:"mask,omitempty"` // stretches to leave out: bad changes, rollbacks, incidents
}

// MinHistory is the span under which a history gives no placebo scan.
const MinHistory = 6 * time.Hour

// minPlacebos is how many placebos a scan needs: with fewer, the twelve
// beyond the 80 % quantile say nothing of a tail.
const minPlacebos = 60

// placeboStep is how many ticks apart the placebo changes are set.
const placeboStep = 3

// Learn computes the profile of signal s under plan p. It costs about a tenth
// of a second for two weeks of minutes, and so is done on a schedule and not
// when a change arrives. A plan without a tick teaches nothing.
func Learn(p Plan, s Signal, h History) Profile { return learn(p, s, h, learner.blended) }

// learn is Learn with a choice of forecasters; the published ones alone are
// learner.scans.
func learn(p Plan, s Signal, h History, choose func(l learner, d float64, periods []int) []Scan) Profile {
	if p.Tick <= 0 {
		return Profile{}
	}
	ticks := masked(clean(h.Ticks), h, p.Tick)
	x := ticks.Value
	k := Profile{
		Start: h.Start, End: h.Start.Add(time.Duration(len(x)) * p.Tick), Tick: p.Tick,
		Before: p.Before, After: p.After, Ticks: finite(x), Levels: levels(x),
	}
	if s.Kind == Counts {
		k.Overdispersion = overdispersion(ticks, p.Before+p.After)
	}
	if time.Duration(k.Ticks)*p.Tick < MinHistory || p.Before < 3 || p.After < 1 {
		return k
	}
	l := learner{x: x, smooth: stats.Smooth5(x), tick: p.Tick, before: p.Before, after: p.After, floor: tinyScale(x)}
	periods := l.periods(p)
	if len(periods) > 0 {
		l.period, l.typical = periods[0], typical(l.smooth, periods[0])
	}
	if s.Worse != Lower {
		k.Higher = choose(l, +1, periods)
	}
	if s.Worse != Higher {
		k.Lower = choose(l, -1, periods)
	}
	for _, period := range seasons(k.Higher, k.Lower) {
		k.Past = append(k.Past, l.past(period, k))
	}
	return k
}

// seasons are the periods that any of the scans looks back by.
func seasons(scans ...[]Scan) []time.Duration {
	var periods []time.Duration
	for _, direction := range scans {
		for _, s := range direction {
			if s.Period > 0 && !slices.Contains(periods, s.Period) {
				periods = append(periods, s.Period)
			}
		}
	}
	return periods
}

// masked blanks the stretches that tell nothing of the signal left alone.
func masked(t Ticks, h History, tick time.Duration) Ticks {
	for _, w := range h.Mask {
		if !w.To.After(h.Start) {
			continue
		}
		first := int(w.From.Sub(h.Start) / tick)
		last := int(w.To.Sub(h.Start) / tick)
		for i := max(first, 0); i <= last && i < len(t.Value); i++ {
			t.blank(i)
		}
	}
	return t
}

// levels are zero where nothing was ever measured.
func levels(x Values) Levels {
	sorted := stats.Finite(nil, x)
	if len(sorted) == 0 {
		return Levels{}
	}
	sort.Float64s(sorted)
	at := func(q float64) float64 { return stats.Quantile(sorted, q) }
	return Levels{Lowest: at(0), Q01: at(.01), Q05: at(.05), Q95: at(.95), Q99: at(.99), Highest: at(1)}
}

// tinyScale keeps σ above zero for series that hardly move.
func tinyScale(x Values) float64 {
	return 1e-9*math.Abs(stats.Mean(x)) + 1e-100
}

// learner slides placebo changes over one history.
type learner struct {
	x, smooth     []float64
	period        int       // the shortest season, in ticks; 0 for none
	typical       []float64 // of that season; nil for none
	tempered      bool      // tails are drawn to the general one; false: as published
	tick          time.Duration
	before, after int
	floor         float64
}

// periods are the seasons worth trying, in ticks: a day, and a week where
// the history reaches, unless the plan names one.
func (l learner) periods(p Plan) []int {
	seasons := []time.Duration{day, 7 * day}
	if p.Season > 0 {
		seasons = []time.Duration{p.Season}
	}
	var periods []int
	for _, season := range seasons {
		if ticks := int(season / p.Tick); ticks > 0 && season%p.Tick == 0 && len(l.x) > ticks+l.before {
			periods = append(periods, ticks)
		}
	}
	return periods
}

// pastReach is for how long after its history a profile is meant to serve,
// with an hour to spare for the rollout and the bake.
const pastReach = day + time.Hour

// past cuts out what a change within pastReach of the profile's end looks
// back to: from a period and a before window ago up to where its after-ticks
// can reach, or the end of the history.
func (l learner) past(period time.Duration, k Profile) Past {
	ticks := int(period / l.tick)
	from := max(len(l.x)-ticks-2*l.before, 0)
	to := min(len(l.x)-ticks+int(pastReach/l.tick)+2*l.after, len(l.x))
	past := Past{
		Period: period,
		Start:  k.Start.Add(time.Duration(from) * l.tick),
		Value:  slices.Clone(l.x[from:to]),
		Smooth: slices.Clone(l.smooth[from:to]),
	}
	if l.typical != nil && ticks == l.period {
		past.Typical = slices.Clone(l.typical[from:to])
	}
	return past
}
