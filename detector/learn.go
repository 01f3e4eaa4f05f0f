package detector

import (
	"math"
	"slices"
	"time"

	"github.com/pushback/pushback/detector/stats"
	"github.com/pushback/pushback/sources"
)

// History is the longer past of one signal: wanted 7 to 14 days, workable
// from six hours. Tick i covers (Start + i·Plan.Tick, Start + (i+1)·Plan.Tick].
type History struct {
	Start   time.Time        `json:"start"`
	Ticks   Ticks            `json:"ticks"`
	Control Values           `json:"control,omitempty"` // of a controlled signal, as long as Ticks; empty: none
	Mask    []sources.Window `json:"mask,omitempty"`    // stretches to leave out: bad changes, rollbacks, incidents
	Good    []GoodChange     `json:"good,omitempty"`    // what the shape of the service's deploys is learned from
}

// MinHistory is the span under which a history gives no placebo scan.
const MinHistory = 6 * time.Hour

// Learn computes the profile of signal s under plan p. It costs milliseconds
// for two weeks of minutes. It is still done on schedule and not when a change arrives,
// because the history has to be fetched. A plan without a tick gives the zero Profile.
func Learn(p Plan, s Signal, h History) Profile {
	if p.Tick <= 0 {
		return Profile{}
	}
	ticks := validTicks(h.Ticks)
	silences := silences(ticks, h, p)
	ticks = masked(ticks.clearIncomplete(), h, p.Tick)
	x, follows := ticks.Value, h.follows(s, ticks.Value)
	if follows != nil {
		x = follows.without(x, validValues(h.Control))
	}
	lulls := lulls(ticks, h.Start, p)
	left := leaveOutages(x, ticks, h, p)
	k := Profile{
		Start: h.Start, End: h.Start.Add(time.Duration(len(x)) * p.Tick), Tick: p.Tick,
		Before: p.Before, After: p.After, Ticks: finite(x), Levels: presentLevels(x, p.Tick), Follows: follows, LagOne: stats.LagOne(moves(x)),
		LeftOut: left, Silences: silences, Lulls: lulls,
	}
	if s.Kind == Counts {
		k.Overdispersion = overdispersion(ticks, p.Before+p.After)
	}
	if time.Duration(k.Ticks)*p.Tick < MinHistory || p.Before < 3 || p.After < 1 {
		return k
	}
	x = h.learnShapes(&k, x, p, s)
	l := learnerOf(x, p)
	defer l.work.done()
	l.start, l.leftOut = h.Start, len(left)
	l.scans(&k, s.Worse)
	if looksBack(k.Higher) || looksBack(k.Lower) {
		for _, season := range l.seasons {
			k.Past = append(k.Past, l.past(season, k))
		}
	}
	return k
}

// follows is how a controlled signal moves with its control; nil for any other.
func (h History) follows(s Signal, x Values) *Follows {
	if !s.Controlled || len(h.Control) == 0 {
		return nil
	}
	return follows(x, validValues(h.Control))
}

func looksBack(scans []Scan) bool { return len(scans) > 0 && len(scans[0].Periods) > 0 }

// masked clears the stretches in which the signal was not left alone.
func masked(t Ticks, h History, tick time.Duration) Ticks {
	for _, w := range h.Mask {
		if !w.To.After(h.Start) {
			continue
		}
		first := int(w.From.Sub(h.Start) / tick)
		last := int(w.To.Sub(h.Start) / tick)
		for i := max(first, 0); i <= last && i < len(t.Value); i++ {
			t.clearTick(i)
		}
	}
	return t
}

// usualDay is the share at either end of the last day that may be an outage: two hours and more.
const usualDay = 0.1

// presentLevels are those of the whole history, widened by what was usual in its last day: a signal
// that falls from day to day, or was improved some hours ago, is usual where it is now.
//
// See adr/0077.
func presentLevels(x Values, tick time.Duration) Levels {
	l, last := levels(x), stats.Finite(nil, lastOf(x, int(day/tick)))
	if len(last) == 0 {
		return l
	}
	low, high := stats.QuantileInPlace(last, usualDay), stats.QuantileInPlace(last, 1-usualDay)
	l.Q01, l.Q05, l.Q95, l.Q99 = min(l.Q01, low), min(l.Q05, low), max(l.Q95, high), max(l.Q99, high)
	return l
}

// levels are zero where nothing was ever measured.
func levels(x Values) Levels {
	there := stats.Finite(make([]float64, 0, len(x)), x)
	if len(there) == 0 {
		return Levels{}
	}
	at := func(q float64) float64 { return stats.QuantileInPlace(there, q) }
	return Levels{Lowest: at(0), Q01: at(.01), Q05: at(.05), Q95: at(.95), Q99: at(.99), Highest: at(1)}
}

// tinyScale keeps σ above zero for series that hardly move.
func tinyScale(x Values) float64 {
	return 1e-9*math.Abs(stats.Mean(x)) + 1e-100
}

// learner learns from one history by placebo changes.
type learner struct {
	x             []float64
	start         time.Time // when its first tick begins
	seasons       []season
	tick          time.Duration
	before, after int
	horizon       horizon
	ticks         []int     // after-ticks that weights are learned from
	steps, floor  float64   // what σ is at least
	move          float64   // σ of a series that hardly ever moves
	bursts        float64   // how often it moved
	long          []float64 // of every tick; see longLevels
	leftOut       int       // outages of the history that are no longer in x

	work *workspace
}

func learnerOf(x []float64, p Plan) learner {
	steps := differences(x)
	l := learner{
		x: x, tick: p.Tick, before: p.Before, after: p.After, horizon: horizonOf(p.After), ticks: learnedTicks(p.After),
		work: workspaces.Get().(*workspace), steps: finiteOrZero(stats.NormalMAD * stats.MAD(steps, nil) / math.Sqrt2), floor: tinyScale(x),
	}
	l.long = l.longLevels()
	l.move, l.bursts = typicalMove(x, l.floor), bursts(steps, l.floor)
	if cycles := p.cycles(x); len(cycles) > 0 {
		smooth := stats.Smooth5(x)
		for _, c := range cycles {
			l.seasons = append(l.seasons, seasonOf(smooth, c))
		}
	}
	return l
}

// pastReach is for how long after its history a profile is meant to serve,
// with an hour to spare for the rollout and the bake.
const pastReach = day + time.Hour

// past cuts out what a change within pastReach of the profile's end looks
// back to: from a period and a before window ago up to where its after-ticks
// can reach, or the end of the history.
func (l learner) past(s season, k Profile) Past {
	from := max(len(l.x)-s.period-2*l.before, 0)
	to := min(len(l.x)-s.period+int(pastReach/l.tick)+2*l.after, len(l.x))
	return Past{
		Period:  time.Duration(s.period) * l.tick,
		Start:   k.Start.Add(time.Duration(from) * l.tick),
		Smooth:  slices.Clone(s.ways[0].values[from:to]),
		Typical: slices.Clone(s.ways[1].values[from:to]),
	}
}
