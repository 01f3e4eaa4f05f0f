package detector

import (
	"math"
	"slices"

	"github.com/pushback/pushback/detector/stats"
)

// step is one tick, or as many ticks together as it took to have enough events.
type step struct {
	value, forecast float64
	events          float64 // of a count signal
}

// transientSteps is how many steps in a row below min_effect make what was
// seen transient.
const transientSteps = 5

// steps are the newest steps, newest first, at most transientSteps of them.
func (t *trial) steps() []step { return t.newest(transientSteps) }

// newest are the newest steps, newest first, at most so many of them.
func (t *trial) newest(most int) []step {
	if t.after.counts() || t.running.counts() {
		return t.countSteps(most)
	}
	steps := make([]step, 0, most)
	for j := len(t.after.Value) - 1; j >= 0 && len(steps) < most; j-- {
		if a := t.after.Value[j]; !math.IsNaN(a) {
			steps = append(steps, step{value: a, forecast: t.forecastAt(j)})
		}
	}
	return steps
}

// countSteps go back from the running tick. A tick with too few events is joined to the one
// before it, because a share of few events says little.
func (t *trial) countSteps(most int) []step {
	steps := make([]step, 0, most)
	bad, total := t.running.events()
	for j := len(t.after.Total); j >= 0 && len(steps) < most; j-- {
		if j < len(t.after.Total) && t.after.Total[j] > 0 {
			bad, total = bad+t.after.Bad[j], total+t.after.Total[j]
		}
		if total >= t.enough() {
			steps = append(steps, step{bad / total, t.forecastAt(j), total})
			bad, total = 0, 0
		}
	}
	return steps
}

// forecastAt is the forecast of after-tick j; past the horizon, its last.
func (t *trial) forecastAt(j int) float64 {
	f := t.finding.forecast
	if len(f) == 0 {
		return math.NaN()
	}
	return f[min(j, len(f)-1)]
}

// matters reports whether a step is worse than forecast by at least min_effect. Against a
// forecast of zero any rise is infinitely large in relative terms.
func (t *trial) matters(s step) bool {
	effect := t.size(s)
	m := t.signal.MinEffect
	return effect > 0 && effect >= m.Absolute && effect >= m.Relative*math.Abs(s.forecast)
}

// An effect lasts if the newest two steps are at least realNoise σ from their forecasts, and
// if at least two steps since the change are realShare of the furthest one. p belongs to a
// running maximum: after one large spike, any two ticks of noise would otherwise make a
// lasting regression, where any effect matters.
const (
	realNoise = 0.5
	realShare = 0.25
)

// lasts reports whether the newest of all steps are part of a lasting effect.
func (t *trial) lasts(all []step) bool {
	if len(all) < 2 {
		return false
	}
	for _, s := range all[:2] {
		if !t.matters(s) || t.size(s) < realNoise*t.noiseOf(s) {
			return false
		}
	}
	furthest, second := 0.0, 0.0
	for _, s := range all {
		furthest, second = max(furthest, t.size(s)), max(second, min(furthest, t.size(s)))
	}
	return second >= realShare*furthest
}

// A step is an episode's if it is at least episodeNoise σ from its forecast, and at least
// episodeShare of the furthest one.
const (
	episodeNoise = 3
	episodeShare = 0.5
)

// episodes is how often it got worse since the change. Between two episodes lie at least
// transientSteps without any such step.
func (t *trial) episodes(all []step) int {
	furthest := 0.0
	for _, s := range all {
		furthest = max(furthest, t.size(s))
	}
	episodes, calm := 0, transientSteps
	for _, s := range all {
		switch {
		case !t.matters(s) || t.size(s) < max(episodeNoise*t.noiseOf(s), episodeShare*furthest):
			calm++
		case calm >= transientSteps:
			episodes, calm = episodes+1, 0
		default:
			calm = 0
		}
	}
	return episodes
}

// size is how much worse a step is than its forecast.
func (t *trial) size(s step) float64 { return t.finding.d.worse(s.value - s.forecast) }

// noiseOf is σ of one step: of the scan where there was one, or else of its count of events. A
// control's moves are in neither, and then it is unknown, 0.
func (t *trial) noiseOf(s step) float64 {
	if t.finding.scan != nil {
		return t.finding.scale
	}
	if t.e.Counts == nil || t.control != nil || !(s.events > 0) {
		return 0
	}
	return math.Sqrt(t.e.Counts.Overdispersion * s.forecast * max(1-s.forecast, 0) / s.events)
}

// presentEffect is what the last ticks show, whatever p is.
type presentEffect struct {
	now        bool // the newest step matters
	persistent bool // and so does the one before it
	most       bool // more than half of the last five do
	receded    bool // five in a row do not
	ever       bool // any step since the change does; where none did, a small p says that the move is too small to matter
	slight     bool // p is small, and no step has ever mattered
	recurring  bool // it came, went for transientSteps and came again
}

func (t *trial) presentEffect() presentEffect {
	all, p := t.newest(len(t.after.Value)+1), presentEffect{}
	steps := all[:min(len(all), transientSteps)]
	mattering := 0
	for i, s := range steps {
		if !t.matters(s) {
			continue
		}
		mattering++
		p.now = p.now || i == 0
	}
	p.persistent, p.recurring, p.ever = t.lasts(all), t.episodes(all) > 1, slices.ContainsFunc(all, t.matters)
	p.most = 2*mattering > len(steps)
	p.receded = mattering == 0 && len(steps) == transientSteps
	return p
}

// outsideBefore reports whether the before window was already outside what the history has
// shown at 98 ticks of 100, and is not as it was a period ago.
func (t *trial) outsideBefore() bool {
	if f := t.follow(t.finding.d); t.finding.scan == nil || f != nil && f.usual {
		return false
	}
	median := stats.Median(t.baselineValues(), nil)
	return median < t.profile.Levels.Q01 || median > t.profile.Levels.Q99
}

// beyondHistory reports whether the newest step is worse than anything in the history.
func (t *trial) beyondHistory() bool {
	steps := t.steps()
	if len(steps) == 0 {
		return false
	}
	newest := steps[0].value
	if m := t.controlMoves(len(t.values())); len(m) > 0 {
		newest -= m[len(m)-1]
	}
	return t.worseThanHistory(newest)
}

// everBeyondHistory reports whether any tick since the change was beyond the history, in
// either direction where either is worse. From then on p counts, because it never rises,
// and the grade depends on the newest step.
func (t *trial) everBeyondHistory() bool {
	x, levels := t.values(), t.profile.Levels
	m := t.controlMoves(len(x))
	for j, v := range x {
		if len(m) == len(x) {
			v -= m[j]
		}
		if t.worseThanHistory(v) || t.signal.Worse == Either && (v < levels.Lowest || v > levels.Highest) {
			return true
		}
	}
	return false
}

func (t *trial) worseThanHistory(v float64) bool {
	if t.finding.d > 0 {
		return v > t.profile.Levels.Highest
	}
	return v < t.profile.Levels.Lowest
}
