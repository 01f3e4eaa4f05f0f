package detector

import (
	"math"

	"github.com/pushback/pushback/detector/stats"
)

// Control is what a signal's control showed at the same time: instances that
// the change did not touch, a sibling service, the stable version beside a
// canary, the other arm of an experiment. On the grids of the reading.
type Control struct {
	Supply  Supply `json:"supply"`
	Fault   string `json:"fault,omitempty"`
	Query   string `json:"query"`
	Before  Ticks  `json:"before"`
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

// follows learns how x moves with its control: the robust slope through their
// moves within stretches of followTicks. A share below nothing is none: what
// moves against its control is not its control.
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
			if miss := math.Abs(a[i] - f.Share*c[i]); miss > robustAt*scale && scale > 0 {
				weight = robustAt * scale / miss
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
	m := make([]float64, len(x))
	for i := 0; i < len(x); i += followTicks {
		stretch := x[i:min(i+followTicks, len(x))]
		middle := stats.Median(stretch, nil)
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

// companion finds the control of the trial's signal. Nil where there is none
// to compare with; whatever the reason, a reader is told.
func (t *trial) companion() *arm {
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
	default:
		a := &arm{clean(c.Before), clean(c.After), clean(c.Running)}
		if len(t.after.Value) == 0 || 2*finite(a.after.Value) >= len(t.after.Value) {
			return a
		}
		t.note("The control is missing at most ticks; the signal is compared with the time before alone.")
	}
	return nil
}

// adjusted says whether the control's moves can be taken out: the profile was
// learned without them, and the control's own time before is there.
func (t *trial) adjusted() bool {
	return t.control != nil && t.profile.Follows != nil && len(t.control.before.Value) == len(t.before.Value) && mostly(t.control.before.Value)
}

// stands is the before window as the scan sees it.
func (t *trial) stands() Values {
	if t.profile.Follows == nil || !t.adjusted() {
		return t.before.Value
	}
	return t.profile.Follows.without(t.before.Value, t.control.before.Value)
}

// moved is how far the control has moved the signal at each of n after-ticks,
// the running one at the end; nil where its moves are not taken out.
func (t *trial) moved(n int) []float64 {
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

// remaining are the after-ticks that the scan sees, without the control's
// moves.
func (t *trial) remaining() []float64 {
	x := t.values()
	m := t.moved(len(x))
	if m == nil {
		return x
	}
	rest := make([]float64, len(x))
	for j, v := range x {
		rest[j] = v - m[j]
	}
	return rest
}

// expected is a forecast with the control's moves in it: what the signal would
// have shown had it gone on following.
func (t *trial) expected(forecast []float64) []float64 {
	m := t.moved(len(forecast))
	if m == nil {
		return forecast
	}
	moved := make([]float64, len(forecast))
	for j, f := range forecast {
		moved[j] = f + m[j]
	}
	return moved
}

// doubtful is the part of a control's move, away from its own time before, by
// which a signal may fail to follow: a share learned from noise is a little too
// small, and a move such as the history never saw may not be followed as usual.
const doubtful = 0.1

// doubts are by how much each of n after-ticks may be off for the control's
// sake; nil where its moves are not taken out.
func (t *trial) doubts(n int) []float64 {
	d := t.moved(n)
	if d == nil {
		return nil
	}
	usual := t.profile.Follows.move(stats.Median(t.control.before.Value, nil))
	for j, m := range d {
		d[j] = doubtful * math.Abs(m-usual)
	}
	return d
}
