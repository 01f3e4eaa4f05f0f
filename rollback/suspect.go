package rollback

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/pushback/pushback/sources"
)

// Suspect is a change that could have done what a verdict shows.
type Suspect struct {
	Change   sources.Change `json:"change"`
	Distance int            `json:"distance"`          // 0: of the service itself; 1: of one it depends on; 2: of one that depends on; …
	BeganAt  time.Time      `json:"began_at,omitzero"` // the earliest moment it can have touched production; zero: its StartedAt
}

// Onset is when things got worse, as far as the ticks tell: at some moment
// from From to To. The zero Onset says nothing, and speaks for nobody.
type Onset = sources.Window

// Ranked is a suspect with how likely it is to be the cause, next to others.
// Score has no unit: only the quotient of two of them means something. At 0
// the change cannot have done it.
type Ranked struct {
	Suspect
	Score float64
}

// weights are how much more often a change of one kind breaks something than
// one of another. They are chosen, not measured: published reviews of outages
// put code and configuration first, and a flag in front of an experiment.
var weights = map[sources.Kind]float64{sources.Deploy: 1, sources.Config: 1, sources.Flag: 0.9, sources.Experiment: 0.6}

// What else a score is made of.
const (
	nearness   = 0.7 // a change one step further up the dependencies weighs this much
	riderShare = 0.1 // each rider adds this much: more commits, more to break
	mostRiders = 5
	slackTicks = 2 // an onset is known to so many ticks
)

// Rank orders suspects by how likely each is to be the cause, the likeliest
// first: by when it began and ended against the onset, how near it is, of what
// kind, and how many people's commits rode on it.
func Rank(suspects []Suspect, onset Onset, tick time.Duration) []Ranked {
	tick = max(tick, time.Second)
	ranked := make([]Ranked, 0, len(suspects))
	for _, s := range suspects {
		ranked = append(ranked, Ranked{s, s.timing(onset, tick) * s.weight()})
	}
	slices.SortStableFunc(ranked, func(a, b Ranked) int {
		return cmp.Or(cmp.Compare(b.Score, a.Score), cmp.Compare(a.Distance, b.Distance), strings.Compare(a.Change.ID, b.Change.ID))
	})
	return ranked
}

// began is when the change can first have touched production.
func (s Suspect) began() time.Time {
	if s.BeganAt.IsZero() {
		return s.Change.StartedAt
	}
	return s.BeganAt
}

// timing is 1 for a change that was under way when things got worse, falls
// with every tick that lies between its end and that, and is 0 where it began
// only afterwards.
func (s Suspect) timing(onset Onset, tick time.Duration) float64 {
	if onset.To.IsZero() {
		return 1
	}
	if s.began().After(onset.To.Add(slackTicks * tick)) {
		return 0
	}
	if s.Change.FinishedAt.IsZero() || !onset.From.After(s.Change.FinishedAt) {
		return 1
	}
	gap := onset.From.Sub(s.Change.FinishedAt)
	return 1 / (1 + float64(gap)/float64(slackTicks*tick))
}

func (s Suspect) weight() float64 {
	w, known := weights[s.Change.Kind]
	if !known {
		w = 1
	}
	for range s.Distance {
		w *= nearness
	}
	return w * (1 + riderShare*float64(min(len(s.Change.Riders), mostRiders)))
}

// StandsOut gives the one suspect that is ratio times likelier than any other.
// False: none is, or none can have done it.
//
// See adr/0038.
func StandsOut(ranked []Ranked, ratio float64) (Ranked, bool) {
	if len(ranked) == 0 || ranked[0].Score <= 0 {
		return Ranked{}, false
	}
	if len(ranked) > 1 && ranked[0].Score < ratio*ranked[1].Score {
		return Ranked{}, false
	}
	return ranked[0], true
}

// String names the suspect for people.
func (r Ranked) String() string {
	where := ""
	switch {
	case r.Distance == 1:
		where = ", which it depends on"
	case r.Distance > 1:
		where = fmt.Sprintf(", %d steps up its dependencies", r.Distance)
	}
	return fmt.Sprintf("%s %s %s at %s%s (%.2f)", r.Change.Service, r.Change.Kind, r.Change.Version,
		r.Change.StartedAt.UTC().Format(time.TimeOnly), where, r.Score)
}
