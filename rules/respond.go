package rules

import (
	"slices"
	"strings"
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
	Now      time.Time       // for the record; no condition can ask for it
	Freezes  map[string]bool // which windows hold now, by name
	Business bool            // whether it is within business hours
	Trust    Mode            // what this rule's hash has earned
	Cap      Mode            // the operator's: no rule goes further
	Answered []int           // lines of `respond` already answered in this watch
}

// Action is one line of `respond` that fired.
type Action struct {
	Line     int      // index in Rule.Respond, for Moment.Answered
	Tell     []string // names of receivers
	Untold   []string // words such as $owner.pager that this service has no receiver for
	Rollback *Intent
}

// Intent is the wish to roll the change back. rollback.Permit has the last
// say.
type Intent struct {
	Hook    string // the hook's name; "" where $service.hook is asked for and the service has none
	Mode    Mode   // min(written, earned, cap)
	Written Mode
}

// Respond says what the rule's lines want done now. It is pure. A line
// answers once in a watch; one whose `when` does not hold yet may still
// answer later. At most one action holds an Intent: that of the highest mode,
// and of these the first.
//
// A line written `mode: act` waits until the evidence may act — certain, by
// limit, counts, or two signals agreeing — so that it is not spent on a lone
// scan; at the end of the bake it is put to people instead. A rule of
// scope site, a failed change and a rollback never give an Intent.
func (b Bound) Respond(m Moment) []Action {
	var actions []Action
	for i, r := range b.rule.Respond {
		if slices.Contains(m.Answered, i) || !r.reached(m) || b.sleeps(r, m) || !b.allowed(r, m) {
			continue
		}
		a := Action{Line: i}
		a.Tell, a.Untold = b.receivers(r.Tell)
		if r.Rollback != nil && b.mayRollBack(m) {
			a.Rollback = b.intent(*r.Rollback, m)
		}
		actions = append(actions, a)
	}
	return keepOneIntent(actions)
}

// reached says whether the grade or the event of the line has come.
func (r Response) reached(m Moment) bool {
	if m.State == watch.Superseded {
		return false
	}
	switch {
	case r.On == "":
		return judged(m) && m.Grade >= r.AtLeast && !r.waits(m)
	case slices.Contains(endings, r.On):
		return string(m.State) == r.On
	case slices.Contains(atOnce, r.On) || m.Final:
		return bears(m.Verdict, detector.Reason(r.On)) && !r.waits(m)
	}
	return false
}

// atOnce are the reasons that need no waiting for. The others may pass while
// the bake goes on, and answer at its end.
var atOnce = []string{onSignalLost, string(detector.LimitBreached), string(detector.Transient), string(detector.FailedRollout)}

// sleeps holds back, within the rule's quiet hours, what can wait: a line that
// rolls nothing back and is not about certainty, blindness or loss.
func (b Bound) sleeps(r Response, m Moment) bool {
	if b.rule.Quiet == "" || !m.Freezes[b.rule.Quiet] || r.Rollback != nil {
		return false
	}
	if r.On == "" {
		return r.AtLeast < detector.Certain
	}
	return r.On != string(watch.Blind) && !slices.Contains(atOnce, r.On)
}

// judged says whether grades mean anything now: not once all is well, and
// not while the store fails us.
func judged(m Moment) bool {
	return m.State != watch.Healthy && m.State != watch.Blind && m.Verdict.Outcome != detector.Blind
}

// waits holds a line back that would roll back: while the present verdict is
// below its grade, whatever the grade once was; and, of mode act, until the
// evidence may act or the bake is over.
func (r Response) waits(m Moment) bool {
	if r.Rollback == nil {
		return false
	}
	return m.Verdict.Grade < r.AtLeast || r.Rollback.Mode == Act && !m.Verdict.MayAct && !m.Final
}

// bears says whether the verdict, or any of its signals, gives the reason.
func bears(v detector.Verdict, reason detector.Reason) bool {
	return v.Reason == reason || slices.ContainsFunc(v.Signals, func(e detector.Evidence) bool {
		return e.Reason == reason
	})
}

// allowed evaluates `when`. A condition that fails to evaluate does not hold:
// it was checked at load, so what is left is a bound of time or memory.
func (b Bound) allowed(r Response, m Moment) bool {
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
	mode := min(r.Mode, m.Trust, m.Cap, b.policy(m.Verdict))
	if mode == Act && !m.Verdict.MayAct {
		mode = Ask
	}
	hook := r.Hook
	if hook == serviceHook {
		hook = b.service.Hook
	}
	return &Intent{Hook: hook, Mode: mode, Written: r.Mode}
}

// policy is how far the rule lets evidence go that bears these reasons: the
// verdict's, and those of the signals that speak against the change.
func (b Bound) policy(v detector.Verdict) Mode {
	mode := Act
	for word, most := range b.rule.Policies {
		reason := detector.Reason(word)
		speaks := slices.ContainsFunc(v.Signals, func(e detector.Evidence) bool {
			return e.Reason == reason && e.Grade >= detector.Suspect
		})
		if v.Reason == reason || speaks {
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

// receivers resolves $owner.chat and the like. What the service has no
// receiver for is returned apart, so that somebody can be told of the gap.
func (b Bound) receivers(words []string) (names, gaps []string) {
	known := map[string]string{
		ownerChat: b.service.Chat, ownerPager: b.service.Pager, serviceOwner: b.service.Owner,
	}
	for _, w := range words {
		name := w
		if strings.HasPrefix(w, "$") {
			name = known[w]
		}
		switch {
		case name == "":
			gaps = append(gaps, w)
		case !slices.Contains(names, name):
			names = append(names, name)
		}
	}
	return names, gaps
}
