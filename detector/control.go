package detector

import (
	"math"

	"github.com/pushback/pushback/detector/stats"
)

// Control is what a signal's control showed at the same time: instances that
// the change did not touch, a sibling service, the stable version beside a
// canary, the other arm of an experiment. On the grids of the reading.
//
// See adr/0015.
type Control struct {
	Supply  Supply `json:"supply"`
	Fault   string `json:"fault,omitempty"`
	Query   string `json:"query"`
	Before  Ticks  `json:"before"`
	Between Ticks  `json:"between,omitzero"`
	After   Ticks  `json:"after"`
	Running Ticks  `json:"running"`
}

// Follows is how a signal moves with its control: by Share of every move away
// from Level, the control's median over the history. A signal that does not
// follow has a share of 0, and its control then changes nothing.
type Follows struct {
	Share float64 `json:"share"`
	Level float64 `json:"level"`
}

// move is how far the control has moved the signal.
func (f *Follows) move(control float64) float64 { return f.Share * (control - f.Level) }

// followTicks is over how many ticks moves are compared, a before window and
// its after-ticks; mostShare bounds what is believed of a control that hardly
// moves itself.
const (
	followTicks = 60
	mostShare   = 3
)

// follows learns how x moves with its control: the robust slope through their moves within
// stretches of followTicks. A negative slope counts as none.
func follows(x, control Values) *Follows {
	f := &Follows{Level: stats.Median(control, nil)}
	if math.IsNaN(f.Level) || len(control) != len(x) {
		return nil
	}
	a, c := moves(x), moves(control)
	scale := stats.NormalMAD * stats.MAD(a, nil)
	for range rounds {
		normal := stats.NewNormal(1)
		for i := range a {
			if math.IsNaN(a[i]) || math.IsNaN(c[i]) {
				continue
			}
			weight := 1.0
			if miss := math.Abs(a[i] - f.Share*c[i]); miss > huberThreshold*scale && scale > 0 {
				weight = huberThreshold * scale / miss
			}
			normal.Add([]float64{c[i]}, a[i], weight)
		}
		f.Share = max(min(normal.Solve(0, []float64{0})[0], mostShare*spreadRatio(a, c)), 0)
	}
	return f
}

// spreadRatio is how many times larger the moves of a are than those of c.
func spreadRatio(a, c []float64) float64 {
	if spread := stats.MAD(c, nil); spread > 0 {
		return stats.MAD(a, nil) / spread
	}
	return 1
}

// moves are the values away from the median of their stretch.
func moves(x Values) []float64 {
	m, scratch := make([]float64, len(x)), make([]float64, 0, followTicks)
	for i := 0; i < len(x); i += followTicks {
		stretch := x[i:min(i+followTicks, len(x))]
		middle := stats.Median(stretch, scratch)
		for k, v := range stretch {
			m[i+k] = v - middle
		}
	}
	return m
}

// without is x with the control's moves taken out; a tick without control is
// missing.
func (f *Follows) without(x, control Values) Values {
	y := make(Values, len(x))
	for i, v := range x {
		y[i] = math.NaN()
		if i < len(control) {
			y[i] = v - f.move(control[i])
		}
	}
	return y
}

// arm is a control that can be compared with.
type arm struct{ before, after, running Ticks }

// findControl returns the control of the trial's signal, nil where there is none to compare
// with. A note says why.
func (t *trial) findControl() *arm {
	c := t.reading.Control
	if !t.signal.Controlled || t.reading.Supply != Fresh {
		return nil
	}
	switch {
	case c == nil:
		t.note("The control was not asked for; the signal is compared with the time before alone.")
	case c.Supply == Broken || c.Supply == Stale:
		t.note("The control could not be read; the signal is compared with the time before alone. The metric store said: " + c.Fault + ".")
	case c.Supply != Fresh:
		t.note("The control has no series; the signal is compared with the time before alone.")
	case max(c.Before.Series, c.After.Series) > 1:
		t.note("The control's query gives several series and the rule has no combine; the signal is compared with the time before alone.")
	default:
		a := &arm{t.beforeOf(c.Before, c.Between), judgedTicks(c.After), judgedTicks(c.Running)}
		if len(t.after.Value) == 0 || 2*finite(a.after.Value) >= len(t.after.Value) {
			return a
		}
		t.note("The control is missing at most ticks; the signal is compared with the time before alone.")
	}
	return nil
}

// adjusted reports whether the control's moves can be taken out: the profile was learned
// without them, and the control has a before window.
func (t *trial) adjusted() bool {
	return t.control != nil && t.profile.Follows != nil && len(t.control.before.Value) == len(t.before.Value) && mostlyPresent(t.control.before.Value)
}

// baselineValues is the before window as the scan reads it.
func (t *trial) baselineValues() Values {
	if t.profile.Follows == nil || !t.adjusted() {
		return t.before.Value
	}
	return t.profile.Follows.without(t.before.Value, t.control.before.Value)
}

// knownValues is what was measured ahead of the change as the scan reads it.
func (t *trial) knownValues() Values {
	if t.profile.Follows == nil || !t.adjusted() {
		return t.known.ticks.Value
	}
	return t.profile.Follows.without(t.known.ticks.Value, t.knownControl().Value)
}

// knownControl is what was measured of the control ahead of the change.
func (t *trial) knownControl() Ticks {
	c := t.reading.Control
	return judgedTicks(c.Before).join(judgedTicks(c.Between))
}

// controlMoves is how far the control has moved the signal at each of n after-ticks, the
// running one last. It is nil where the moves are not taken out.
func (t *trial) controlMoves(n int) []float64 {
	if !t.adjusted() {
		return nil
	}
	m := make([]float64, n)
	for j := range m {
		m[j] = math.NaN()
		switch {
		case j < len(t.control.after.Value):
			m[j] = t.profile.Follows.move(t.control.after.Value[j])
		case len(t.control.running.Value) == 1:
			m[j] = t.profile.Follows.move(t.control.running.Value[0])
		}
	}
	return m
}

// withoutControl are the after-ticks that the scan reads, without the control's moves.
func (t *trial) withoutControl() []float64 {
	x := t.values()
	m := t.controlMoves(len(x))
	if m == nil {
		return x
	}
	rest := make([]float64, len(x))
	for j, v := range x {
		rest[j] = v - m[j]
	}
	return rest
}

// withControl is a forecast with the control's moves added: what the signal would have
// shown if it had followed the control.
func (t *trial) withControl(forecast []float64) []float64 {
	m := t.controlMoves(len(forecast))
	if m == nil {
		return forecast
	}
	moved := make([]float64, len(forecast))
	for j, f := range forecast {
		moved[j] = f + m[j]
	}
	return moved
}

// controlDoubt is the part of a control's move, away from its own before window, by which a
// signal may fail to follow: a share learned from noise is a little too small, and a move
// larger than any in the history may not be followed as usual.
const controlDoubt = 0.1

// controlErrors is how far each of n after-ticks may be off because of the control. It is
// nil where the control's moves are not taken out.
func (t *trial) controlErrors(n int) []float64 {
	d := t.controlMoves(n)
	if d == nil {
		return nil
	}
	usual := t.profile.Follows.move(stats.Median(t.control.before.Value, nil))
	for j, m := range d {
		d[j] = controlDoubt * math.Abs(m-usual)
	}
	return d
}
