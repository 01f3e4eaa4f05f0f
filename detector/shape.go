package detector

import (
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/pushback/pushback/sources"
)

// GoodChange is a change of the past that ended healthy: an example of what a change of this
// service does to a signal by itself.
type GoodChange struct {
	BaseAt     time.Time `json:"base_at"`     // where its before window ends
	FinishedAt time.Time `json:"finished_at"` // where its rollout ends
}

// Shape is what the good changes of a service did to a signal in the first ticks after their
// rollouts: cold caches, warm-up, reconnects. As much is expected of the next change. All
// numbers are extras over the forecast in the direction that is worse, by tick since the end
// of the rollout. After the last of them nothing more is expected, so that no lasting shift
// can become a part of a shape.
//
// See adr/0058.
type Shape struct {
	Changes  int       `json:"changes"`            // good changes it was learned from
	Relative bool      `json:"relative,omitempty"` // extras are shares of the forecast; otherwise in the signal's unit
	Usual    []float64 `json:"usual"`              // the median of the good changes
	Most     []float64 `json:"most"`               // up to here, an extra is no evidence
	Spread   []float64 `json:"spread"`             // by how much more the next change may differ by chance

	variation float64 // of the examples' peaks, before it has a floor
}

// allowance is what a shape allows one after-tick of a change, in the signal's unit.
type allowance struct{ usual, most, spread float64 }

// allowances are those of the first ticks of a forecast that begins so long after the end of
// the rollout. Between two ticks of the shape, the larger one holds.
func (s *Shape) allowances(forecast []float64, settled, tick time.Duration) []allowance {
	if !s.covers(0, settled, tick) {
		return nil
	}
	first := int(settled / tick)
	between := settled%tick != 0
	var all []allowance
	for i := first; i < len(s.Most) && len(all) < len(forecast); i++ {
		a := allowance{s.Usual[i], s.Most[i], s.Spread[i]}
		if between && i+1 < len(s.Most) {
			a = allowance{(a.usual + s.Usual[i+1]) / 2, max(a.most, s.Most[i+1]), max(a.spread, s.Spread[i+1])}
		}
		if s.Relative {
			f := math.Abs(forecast[len(all)])
			a = allowance{a.usual * f, a.most * f, a.spread * f}
		}
		all = append(all, a)
	}
	return all
}

// covers reports whether the shape allows something of after-tick n. A shape that was not
// read whole from a store allows nothing.
func (s *Shape) covers(n int, settled, tick time.Duration) bool {
	return s != nil && tick > 0 && settled >= 0 && len(s.Usual) == len(s.Most) && len(s.Spread) == len(s.Most) &&
		int(settled/tick)+n < len(s.Most)
}

// unexpected is the value v without the extra that is allowed.
func (a allowance) unexpected(v, forecast float64, d direction) float64 {
	switch extra := d.worse(v - forecast); {
	case !(extra > 0):
		return v
	case extra <= a.most:
		return forecast
	}
	return v - float64(d)*a.most
}

// countSpreads is how many spreads more the count test allows. It has no σ that could be
// wider at some ticks, and a scan is certain of a single tick at about as many σ.
const countSpreads = 4

// forCounts allows as much more as the next change may differ by chance.
func (a allowance) forCounts() allowance {
	a.most += countSpreads * a.spread
	return a
}

// shape is what is expected of the trial's change in direction d at after-tick n, nil for
// nothing. The shape of deploys is not expected of a flag, which restarts nothing.
func (t *trial) shape(d direction, n int) *Shape {
	s := t.profile.HigherShape
	if d < 0 {
		s = t.profile.LowerShape
	}
	restarts := t.look.Kind == "" || t.look.Kind == sources.Deploy
	if restarts && !t.reading.Rolling && s.covers(n, t.look.Settled, t.plan.Tick) {
		return s
	}
	return nil
}

// allowances are those of the trial's change in direction d; nil where nothing is expected.
func (t *trial) allowances(forecast []float64, d direction) []allowance {
	return t.shape(d, 0).allowances(forecast, t.look.Settled, t.plan.Tick)
}

// noteShape says what was expected of the change's first ticks.
func (t *trial) noteShape() {
	s, verb := t.shape(t.finding.d, 0), "raise"
	if s == nil {
		return
	}
	if t.finding.d < 0 {
		verb = "lower"
	}
	size, ticks := s.describe(t.signal.Unit)
	t.note(fmt.Sprintf("This service's deploys usually %s %s by %s for %s (learned from %d good changes); that much was expected.",
		verb, t.signal.Name, size, spanWords(time.Duration(ticks)*t.plan.Tick), s.Changes))
}

// describe is the largest usual extra as people write it, and for how many ticks one is
// usual.
func (s *Shape) describe(unit string) (size string, ticks int) {
	largest := 0.0
	for i, v := range s.Usual {
		if v > 0 {
			largest, ticks = max(largest, v), i+1
		}
	}
	switch {
	case s.Relative:
		return fmt.Sprintf("%.0f %%", 100*largest), ticks
	case unit == "fraction":
		return fmt.Sprintf("%.2g points", 100*largest), ticks
	case unit != "":
		return fmt.Sprintf("%.3g %s", largest, unit), ticks
	}
	return fmt.Sprintf("%.3g", largest), ticks
}

// withUsual is a forecast with the usual extras.
func withUsual(forecast []float64, allowed []allowance, d direction) []float64 {
	if len(allowed) == 0 {
		return forecast
	}
	expected := slices.Clone(forecast)
	for j, a := range allowed {
		expected[j] += float64(d) * a.usual
	}
	return expected
}
