package rules

import (
	"slices"
	"time"

	"github.com/pushback/pushback/detector"
	"github.com/pushback/pushback/sources"
	"github.com/pushback/pushback/watch"
)

// Moment is everything a response may depend on. Equal moments give equal
// actions.
type Moment struct {
	Change   sources.Change
	State    watch.State    // after this look
	Grade    detector.Grade // after this look, the highest so far
	Verdict  detector.Verdict
	Final    bool            // the bake is over
	Now      time.Time       // for the record; conditions cannot use it
	Freezes  map[string]bool // by name: whether the freeze window is open
	Business bool            // within business hours
	Earned   Mode            // what this rule's hash has earned
	Cap      Mode            // the operator's: no rule goes further
	Answered []int           // lines of `respond` already answered in this watch
}

// Action is one line of `respond` that fired.
type Action struct {
	Line       int      // index in Rule.Respond, for Moment.Answered
	Tell       []string // names of receivers
	NoReceiver []string // words such as $owner.pager that are nobody for this service: Tell has the operators' default receiver instead
	Rollback   *Intent
}

// Intent asks for a rollback of the change. The engine makes a draft order of it,
// about which rollback.Permit decides.
type Intent struct {
	Hook    string // the hook's name; "" where $service.hook is asked for and the service has none
	Mode    Mode   // min(written, earned, cap)
	Written Mode
}

// Respond gives the actions of the rule's lines that are due now. It is pure. A
// line answers once in a watch; one whose `when` is false may answer at a later
// look. At most one action has an Intent: the one with the highest mode, and of
// these the first.
//
// A line with `mode: act` waits until the evidence may act: certain, by a limit,
// by counts, or by two signals that agree. A single signal's scan is not enough.
// At the end of the bake people are asked instead. A rule of scope site, a failed
// change and a rollback never give an Intent.
func (b Bound) Respond(m Moment) []Action {
	var actions []Action
	for i, r := range b.rule.Respond {
		if slices.Contains(m.Answered, i) || !r.isDue(m) || b.heldByQuietHours(r, m) || !b.conditionHolds(r, m) {
			continue
		}
		if r.On == string(watch.Inconclusive) && b.isAboutOthers(m) {
			continue
		}
		a := Action{Line: i}
		a.Tell, a.NoReceiver = b.resolveReceivers(r.Tell)
		if r.Rollback != nil && b.mayRollBack(m) {
			a.Rollback = b.intent(*r.Rollback, m)
		}
		actions = append(actions, a)
	}
	return keepOneIntent(actions)
}

// isAboutOthers reports whether the rule has nothing to look at in this service, and says with
// if_unmatched that this is as it should be. It is the same as watch.Watch.SawNothing.
func (b Bound) isAboutOthers(m Moment) bool {
	return m.Verdict.Reason == detector.UnmatchedSeries && len(b.rule.Needs) == 0 &&
		!slices.ContainsFunc(b.rule.Signals, func(s Signal) bool { return !s.SkipUnmatched })
}

// isDue says whether the grade or the occasion of the line is reached.
func (r Response) isDue(m Moment) bool {
	if m.State == watch.Superseded {
		return false
	}
	switch {
	case r.On == "":
		return gradesCount(m) && m.Grade >= r.AtLeast && !r.awaitsEvidence(m)
	case slices.Contains(endings, r.On):
		return string(m.State) == r.On
	case slices.Contains(immediateReasons, r.On) || m.Final:
		return givesReason(m.Verdict, detector.Reason(r.On)) && !r.awaitsEvidence(m)
	}
	return false
}

// immediateReasons are answered at once. Other reasons may disappear during the bake,
// and are answered at its end.
var immediateReasons = []string{onSignalLost, string(detector.LimitBreached), string(detector.Transient), string(detector.FailedRollout)}

// heldByQuietHours says whether a line must wait for the end of the rule's quiet
// hours. A line with a rollback, with certain evidence, or about a metric store or
// a signal that is lost does not wait.
func (b Bound) heldByQuietHours(r Response, m Moment) bool {
	if b.rule.Quiet == "" || !m.Freezes[b.rule.Quiet] || r.Rollback != nil {
		return false
	}
	if r.On == "" {
		return r.AtLeast < detector.Certain
	}
	return r.On != string(watch.Blind) && !slices.Contains(immediateReasons, r.On)
}

// gradesCount says whether grades count now. They do not once the watch is healthy,
// nor while the metric store cannot be read.
func gradesCount(m Moment) bool {
	return m.State != watch.Healthy && m.State != watch.Blind && m.Verdict.Outcome != detector.Blind
}

// awaitsEvidence says whether a line with a rollback must wait: while the verdict of
// this look is below its grade, even if the watch's grade is higher; and with mode
// act until the evidence may act or the bake is over.
func (r Response) awaitsEvidence(m Moment) bool {
	if r.Rollback == nil {
		return false
	}
	return m.Verdict.Grade < r.AtLeast || r.Rollback.Mode == Act && !m.Verdict.MayAct && !m.Final
}

// givesReason says whether the verdict, or any of its signals, gives the reason.
func givesReason(v detector.Verdict, reason detector.Reason) bool {
	return v.Reason == reason || slices.ContainsFunc(v.Signals, func(e detector.Evidence) bool {
		return e.Reason == reason
	})
}

// conditionHolds evaluates `when`. A condition that cannot be evaluated does not
// hold. It was checked when the rule was loaded, so it has run out of memory.
func (b Bound) conditionHolds(r Response, m Moment) bool {
	if r.When == "" {
		return true
	}
	holds, err := evaluate(r.When, environment(m, b.service))
	return err == nil && holds
}

func (b Bound) mayRollBack(m Moment) bool {
	return !b.rule.Site && m.Change.Status != sources.Failed && m.Change.RollbackOf == ""
}

func (b Bound) intent(r Rollback, m Moment) *Intent {
	mode := min(r.Mode, m.Earned, m.Cap, b.policyMode(m.Verdict))
	if mode == Act && (!m.Verdict.MayAct || m.Verdict.UnknownBefore()) {
		mode = Ask
	}
	hook := r.Hook
	if hook == serviceHook {
		hook = b.service.Hook
	}
	return &Intent{Hook: hook, Mode: mode, Written: r.Mode}
}

// policyMode is the furthest mode that the rule's policies allow for this verdict, by
// its reason and by those of the signals that give evidence against the change.
func (b Bound) policyMode(v detector.Verdict) Mode {
	mode := Act
	for word, most := range b.rule.Policies {
		reason := detector.Reason(word)
		against := slices.ContainsFunc(v.Signals, func(e detector.Evidence) bool {
			return e.Reason == reason && e.Grade >= detector.Suspect
		})
		if v.Reason == reason || against {
			mode = min(mode, most)
		}
	}
	return mode
}

func keepOneIntent(actions []Action) []Action {
	best := -1
	for i, a := range actions {
		if a.Rollback != nil && (best < 0 || a.Rollback.Mode > actions[best].Rollback.Mode) {
			best = i
		}
	}
	for i := range actions {
		if i != best {
			actions[i].Rollback = nil
		}
	}
	return actions
}

// resolveReceivers replaces $owner.chat and the like by receivers. Words that are nobody
// for the service are returned separately, so that this can be reported, and stand for the
// operators' default receiver.
func (b Bound) resolveReceivers(words []string) (names, missing []string) {
	for _, w := range words {
		name := b.service.Receiver(w)
		if name == "" {
			missing = append(missing, w)
			name = b.service.Default
		}
		if name != "" && !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	return names, missing
}
