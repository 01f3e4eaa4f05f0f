package rollback

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/pushback/pushback/detector"
)

// The two guards of this file ask whether the change is the cause: whether the
// service was already bad before the change, and whether another change is as
// likely the cause.

// onsetMarginTicks is how many ticks before a change an onset must lie to count
// as before it. The onset of a noisy series is not known more exactly.
const onsetMarginTicks = 3

// minRelativeMove is the least relative difference from the forecast that a
// signal needs if only its limit found the regression. A signal that was
// expected to exceed its limit anyway says nothing about the change.
const minRelativeMove = 0.1

// checkBefore refuses if every certain signal was already bad before the change, or
// if nobody knows because too little was measured then. One certain signal that was
// good before is enough to pass: the others may have had another cause.
func checkBefore(_ Order, s Situation) string {
	if s.Approved {
		return ""
	}
	var bad, unknown []string
	for _, e := range s.Verdict.Signals {
		if e.Grade != detector.Certain {
			continue
		}
		switch why := s.whyBadBefore(e); {
		case why != "":
			bad = append(bad, why)
		case e.UnknownBefore:
			unknown = append(unknown, e.Signal)
		default:
			return ""
		}
	}
	switch {
	case len(bad) > 0:
		return "the service was bad before the change: " + strings.Join(bad, ", ")
	case len(unknown) > 0:
		return "too little was measured before the change to tell whether the service was bad already: " + strings.Join(unknown, ", ")
	}
	return "" // without a certain signal, checkEvidence refuses
}

// whyBadBefore returns in what way a signal was bad before the change, "" if it
// was not.
func (s Situation) whyBadBefore(e detector.Evidence) string {
	began := s.ownSuspect().beganAt()
	switch {
	case e.Reason == detector.BaselineUnhealthy:
		return e.Signal + " was already outside its usual range"
	case !e.Onset.IsZero() && e.Onset.Before(began.Add(-onsetMarginTicks*s.Tick)):
		return fmt.Sprintf("%s turned bad at %s, and the change began at %s", e.Signal,
			e.Onset.UTC().Format(time.TimeOnly), began.UTC().Format(time.TimeOnly))
	case slices.Equal(e.Tests, []detector.Test{detector.ByLimit}) && !movedEnough(e):
		return fmt.Sprintf("%s is beyond its limit at %.4g, and %.4g was expected without the change", e.Signal, e.Effect.After, e.Effect.Forecast)
	}
	return ""
}

// movedEnough reports whether a signal is worse than its forecast by at least
// minRelativeMove. It is true for a forecast of 0, to which no relative
// difference exists.
func movedEnough(e detector.Evidence) bool {
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
	return by >= minRelativeMove
}

// ownSuspect returns the change of the order as one of the suspects.
func (s Situation) ownSuspect() Suspect { return Suspect{Change: s.Change, BeganAt: s.BeganAt} }

// checkConfounded refuses if another change is as likely the cause.
func checkConfounded(_ Order, s Situation) string {
	others := s.OtherSuspects()
	if s.Approved || len(others) == 0 {
		return ""
	}
	return fmt.Sprintf("cannot tell this change apart from %s; a person who knows which one is the cause may approve", NameSuspects(others))
}

// OtherSuspects returns the other changes that may as well be the cause, the
// likeliest first. It returns none if the change stands out from all others, or
// if no other change can be the cause. A change whose regression shows late, or may have begun
// plainly before it, does not stand out: it may as well be that of another change, which shows
// later still, or has grown since.
func (s Situation) OtherSuspects() []RankedSuspect {
	ranked := Rank(append([]Suspect{s.ownSuspect()}, s.Suspects...), s.Onset, s.Tick)
	if first, ok := StandsOut(ranked, s.Limits.StandsOut); ok && first.Change.Key() == s.Change.Key() && !s.showsLate() && !s.mayBeEarlier() {
		return nil
	}
	var others []RankedSuspect
	for _, r := range ranked {
		if r.Change.Key() != s.Change.Key() && r.Score > 0 {
			others = append(others, r)
		}
	}
	return others
}

// showsLate reports whether the first bad tick came plainly after the change had settled.
func (s Situation) showsLate() bool {
	settled := s.Change.FinishedAt
	if s.JudgedFrom.After(settled) {
		settled = s.JudgedFrom
	}
	return !settled.IsZero() && s.Onset.To.After(settled.Add(onsetErrorTicks*s.Tick))
}

// mayBeEarlier reports whether nobody knows that the regression was not there plainly before the
// change began.
func (s Situation) mayBeEarlier() bool {
	return !s.Onset.From.IsZero() && s.Onset.From.Before(s.ownSuspect().beganAt().Add(-onsetMarginTicks*s.Tick))
}

// NameSuspects names the first suspects for people, at most three.
func NameSuspects(ranked []RankedSuspect) string {
	names := make([]string, min(len(ranked), maxNamed))
	for i := range names {
		names[i] = ranked[i].String()
	}
	return strings.Join(names, ", ")
}

// maxNamed bounds how many suspects a message names.
const maxNamed = 3
