package detector

import (
	"math"

	"github.com/pushback/pushback/detector/stats"
)

// step is one tick, or as many ticks together as it took to have enough events.
type step struct{ value, forecast float64 }

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
			steps = append(steps, step{a, t.forecastAt(j)})
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
			steps = append(steps, step{bad / total, t.forecastAt(j)})
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
	effect := t.finding.d.worse(s.value - s.forecast)
	m := t.signal.MinEffect
	return effect > 0 && effect >= m.Absolute && effect >= m.Relative*math.Abs(s.forecast)
}

// everMattered reports whether any step since the change was worse by at least min_effect.
// Where none was, a small p says that the signal moved, and the rule says that the move is
// too small to matter.
func (t *trial) everMattered() bool {
	for _, s := range t.newest(len(t.after.Value) + 1) {
		if t.matters(s) {
			return true
		}
	}
	return false
}

// presentEffect is what the last ticks show, whatever p is.
type presentEffect struct {
	now        bool // the newest step matters
	persistent bool // and so does the one before it
	most       bool // more than half of the last five do
	receded    bool // five in a row do not
	slight     bool // p is small, and no step has ever mattered
}

func (t *trial) presentEffect() presentEffect {
	steps, p := t.steps(), presentEffect{}
	mattering := 0
	for i, s := range steps {
		if !t.matters(s) {
			continue
		}
		mattering++
		p.now = p.now || i == 0
		p.persistent = p.persistent || i == 1 && p.now
	}
	p.most = 2*mattering > len(steps)
	p.receded = mattering == 0 && len(steps) == transientSteps
	return p
}

// outsideBefore reports whether the before window was already outside what the history has
// shown at 98 ticks of 100.
func (t *trial) outsideBefore() bool {
	if t.finding.scan == nil {
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
