package rollback

import (
	"fmt"
	"time"

	"github.com/pushback/pushback/detector"
)

// Present is what the newest look of an order's rule has found since the order was made.
type Present struct {
	At      time.Time        `json:"at"`
	Outcome detector.Outcome `json:"outcome"`
	Grade   detector.Grade   `json:"grade"`
	Reason  detector.Reason  `json:"reason,omitzero"`
	MayAct  bool             `json:"may_act"`
	Final   bool             `json:"final,omitzero"` // the watch has ended: nobody looks again
}

// PresentOf is a verdict as far as guards ask.
func PresentOf(v detector.Verdict) *Present {
	return &Present{At: v.At, Outcome: v.Outcome, Grade: v.Grade, Reason: v.Reason, MayAct: v.MayAct}
}

// acts says that the look finds what may act by itself.
func (p Present) acts() bool {
	return p.Outcome == detector.Regressed && p.Reason != detector.Transient && p.Grade == detector.Certain && p.MayAct
}

// words say what the look found, where that may not act.
func (p Present) words() string {
	switch {
	case p.Reason == detector.Transient:
		return "the regression has ended by itself"
	case p.Outcome == detector.Blind:
		return "the metric store cannot be read, so that nobody knows whether the harm is still there"
	case p.Outcome != detector.Regressed:
		return fmt.Sprintf("by the newest look the change is %s", p.Outcome)
	}
	return fmt.Sprintf("by the newest look the evidence is %s, and not enough to act by itself", p.Grade)
}

// freshFor is how old a look may be of which an order acts by itself.
const freshFor = 15 * time.Minute

func (s Situation) stale(look time.Time) bool { return s.Now.Sub(look) > freshFor }

// seenBad is when a look last found harm.
func (s Situation) seenBad() time.Time {
	if p := s.Present; p != nil && p.Outcome == detector.Regressed {
		return p.At
	}
	return s.Verdict.At
}
