package rules

import (
	"slices"
	"strings"
	"time"

	"github.com/pushback/pushback/detector"
	"github.com/pushback/pushback/internal/watch"
	"github.com/pushback/pushback/sources"
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
		if slices.Contains(m.Answered, i) || !r.reached(m) || !b.allowed(r, m) {
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
	switch r.On {
	case "":
		return judged(m) && m.Grade >= r.AtLeast && !r.waits(m)
	case onSignalLost:
		return lost(m.Verdict) && !r.waits(m)
	default:
		return string(m.State) == r.On
	}
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

func lost(v detector.Verdict) bool {
	return v.Reason == detector.SignalLost || slices.ContainsFunc(v.Signals, func(e detector.Evidence) bool {
		return e.Reason == detector.SignalLost
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
	mode := min(r.Mode, m.Trust, m.Cap)
	if mode == Act && !m.Verdict.MayAct {
		mode = Ask
	}
	hook := r.Hook
	if hook == serviceHook {
		hook = b.service.Hook
	}
	return &Intent{Hook: hook, Mode: mode, Written: r.Mode}
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
