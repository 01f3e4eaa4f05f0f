package rollback

import (
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
}

// PresentOf is a verdict as far as guards ask.
func PresentOf(v detector.Verdict) *Present {
	return &Present{At: v.At, Outcome: v.Outcome, Grade: v.Grade, Reason: v.Reason, MayAct: v.MayAct}
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
