package rollback

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/pushback/pushback/sources"
)

// Suspect is a change that may be the cause of a regression.
type Suspect struct {
	Change   sources.Change `json:"change"`
	Distance int            `json:"distance"`          // steps along the dependencies from the service that regressed: 0 is the service itself, 1 one it depends on
	BeganAt  time.Time      `json:"began_at,omitzero"` // the earliest time at which it can have reached production; zero: Change.StartedAt
}

// Onset is when the regression began: at some time from From to To, as exactly
// as ticks can tell. The zero Onset means that it is not known.
type Onset = sources.Window

// RankedSuspect is a suspect with a score of how likely it is the cause. Scores
// have no unit: only the ratio of two of them means something. A change with
// score 0 cannot be the cause.
type RankedSuspect struct {
	Suspect
	Score float64
}

// kindWeights say how often a change of one kind breaks something, relative to
// the other kinds. They are chosen, not measured: published reviews of outages
// name code and configuration most often, then flags, then experiments.
var kindWeights = map[sources.Kind]float64{sources.Deploy: 1, sources.Config: 1, sources.Flag: 0.9, sources.Experiment: 0.6}

// The other factors of a score.
const (
	distanceFactor  = 0.7 // weight of each further step along the dependencies
	riderWeight     = 0.1 // added for each rider, because more commits break more
	maxRiders       = 5
	onsetErrorTicks = 2 // the onset is known to within this many ticks
	suddenTicks     = 3 // what is sudden has an onset that is known to within this many
)

// Rank scores suspects and orders them, the likeliest cause first. The score
// depends on when the change began and ended relative to the onset, on its
// distance along the dependencies, its kind, and its number of riders.
func Rank(suspects []Suspect, onset Onset, tick time.Duration) []RankedSuspect {
	tick = max(tick, time.Second)
	ranked := make([]RankedSuspect, 0, len(suspects))
	for _, s := range suspects {
		ranked = append(ranked, RankedSuspect{s, s.timingScore(onset, tick) * s.weight()})
	}
	slices.SortStableFunc(ranked, func(a, b RankedSuspect) int {
		return cmp.Or(cmp.Compare(b.Score, a.Score), cmp.Compare(a.Distance, b.Distance), strings.Compare(a.Change.ID, b.Change.ID))
	})
	return ranked
}

// beganAt returns the earliest time at which the change can have reached production.
func (s Suspect) beganAt() time.Time {
	if s.BeganAt.IsZero() {
		return s.Change.StartedAt
	}
	return s.BeganAt
}

// timingScore is 1 for a change that was rolling out at the onset, falls with
// every tick between its end and the onset, and is 0 for a change that began
// after the onset.
func (s Suspect) timingScore(onset Onset, tick time.Duration) float64 {
	if onset.To.IsZero() {
		return 1
	}
	if s.beganAt().After(onset.To.Add(onsetErrorTicks * tick)) {
		return 0
	}
	gap := mayHaveBegun(onset, tick).Sub(s.Change.FinishedAt)
	if s.Change.FinishedAt.IsZero() || gap <= 0 {
		return 1
	}
	return 1 / (1 + float64(gap)/float64(onsetErrorTicks*tick))
}

// mayHaveBegun is the earliest moment at which something may have begun that grew until the first bad
// tick. The span of an onset begins where half of the rise may have been reached: what takes long from
// there to the first bad tick has taken as long until there.
//
// See adr/0085.
func mayHaveBegun(o Onset, tick time.Duration) time.Time {
	return o.From.Add(-max(o.To.Sub(o.From)-suddenTicks*tick, 0))
}

func (s Suspect) weight() float64 {
	w, known := kindWeights[s.Change.Kind]
	if !known {
		w = 1
	}
	for range s.Distance {
		w *= distanceFactor
	}
	return w * (1 + riderWeight*float64(min(len(s.Change.Riders), maxRiders)))
}

// StandsOut returns the suspect whose score is at least ratio times that of any
// other. It returns false if there is none, or if no suspect can be the cause.
// ranked is in the order of Rank.
//
// See adr/0038.
func StandsOut(ranked []RankedSuspect, ratio float64) (RankedSuspect, bool) {
	if len(ranked) == 0 || ranked[0].Score <= 0 {
		return RankedSuspect{}, false
	}
	if len(ranked) > 1 && ranked[0].Score < ratio*ranked[1].Score {
		return RankedSuspect{}, false
	}
	return ranked[0], true
}

// String names the suspect for people, as in "payments v7 (deploy at 12:00:00
// UTC, a direct dependency)".
func (r RankedSuspect) String() string {
	dependency := ""
	switch {
	case r.Distance == 1:
		dependency = ", a direct dependency"
	case r.Distance > 1:
		dependency = fmt.Sprintf(", a dependency at %d steps", r.Distance)
	}
	which := strings.TrimSpace(r.Change.Slot().Group + " " + r.Change.Version)
	return fmt.Sprintf("%s %s (%s at %s UTC%s)", r.Change.Service, which, r.Change.Kind,
		r.Change.StartedAt.UTC().Format(time.TimeOnly), dependency)
}
