package rollback

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/pushback/pushback/detector"
)

// The two guards of this file ask whether the change did it: whether things
// were bad before it came, and whether another change is as likely a cause.

// early is how many ticks before a change an onset must lie to count as
// before it: where a noisy series breaks is not known to the tick.
const early = 3

// enoughMoved is the least share of what was expected by which a signal that
// merely lies beyond its limit must have moved, to be this change's doing.
const enoughMoved = 0.1

// fresh asks whether it was well before. One certain signal that was is enough:
// the others may have had a reason of their own.
func fresh(_ Order, s Situation) string {
	if s.Approved {
		return ""
	}
	var stale []string
	for _, e := range s.Verdict.Signals {
		if e.Grade != detector.Certain {
			continue
		}
		why := s.badBefore(e)
		if why == "" {
			return ""
		}
		stale = append(stale, why)
	}
	if len(stale) == 0 {
		return "" // what is not certain is GuardEvidence's to refuse
	}
	return "it was bad before the change: " + strings.Join(stale, ", ")
}

// badBefore says in what a signal was bad before the change; "" where it was not.
func (s Situation) badBefore(e detector.Evidence) string {
	began := s.self().began()
	if !s.BaseAt.IsZero() && s.BaseAt.Before(began) {
		began = s.BaseAt // what lies between was not measured
	}
	switch {
	case e.Reason == detector.BaselineUnhealthy:
		return e.Signal + " was outside its usual range already"
	case !e.Onset.IsZero() && e.Onset.Before(began.Add(-early*s.Tick)):
		return fmt.Sprintf("%s broke at %s, and the time before the change ends at %s", e.Signal,
			e.Onset.UTC().Format(time.TimeOnly), began.UTC().Format(time.TimeOnly))
	case slices.Equal(e.Tests, []detector.Test{detector.ByLimit}) && !moved(e):
		return fmt.Sprintf("%s is beyond its limit, and was expected to be: %.4g against %.4g", e.Signal, e.Effect.After, e.Effect.Forecast)
	}
	return ""
}

// moved says whether a signal is worse than was expected of it. Where nothing
// was expected, it is.
func moved(e detector.Evidence) bool {
	if e.Effect.Forecast == 0 {
		return true
	}
	by := e.Effect.Difference / math.Abs(e.Effect.Forecast)
	switch e.Worse {
	case detector.Lower:
		by = -by
	case detector.Either:
		by = math.Abs(by)
	}
	return by >= enoughMoved
}

// self is the change of the order among the suspects.
func (s Situation) self() Suspect { return Suspect{Change: s.Change, BeganAt: s.BeganAt} }

// single asks whether the change stands out among all that could have done it.
func single(_ Order, s Situation) string {
	own, rivals := s.Rivals()
	if s.Approved || len(rivals) == 0 {
		return ""
	}
	return fmt.Sprintf("%s: this change (%.2f) does not clearly stand out beside %s; a person may tell which it was, and approve",
		detector.Confounded, own, Named(rivals))
}

// Rivals are the other changes that could have done it as well, the likeliest
// first, beside the change's own score. There are none where it stands out, nor
// where nobody else can have done it: whether this one did, the guard before asks.
func (s Situation) Rivals() (own float64, rivals []Ranked) {
	ranked := Rank(append([]Suspect{s.self()}, s.Suspects...), s.Onset, s.Tick)
	if first, ok := StandsOut(ranked, s.Limits.StandsOut); ok && first.Change.Key() == s.Change.Key() {
		return first.Score, nil
	}
	for _, r := range ranked {
		switch {
		case r.Change.Key() == s.Change.Key():
			own = r.Score
		case r.Score > 0:
			rivals = append(rivals, r)
		}
	}
	return own, rivals
}

// Named names the likeliest of some changes for people.
func Named(ranked []Ranked) string {
	names := make([]string, min(len(ranked), mostNamed))
	for i := range names {
		names[i] = ranked[i].String()
	}
	return strings.Join(names, ", ")
}

// mostNamed bounds how many other suspects a message names.
const mostNamed = 3
