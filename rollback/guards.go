package rollback

import (
	"fmt"
	"strings"
	"time"

	"github.com/pushback/pushback/detector"
	"github.com/pushback/pushback/sources"
)

// Guard names one condition that must hold before a rollback. The names are
// stored in the journal and shown in metrics and in the API.
type Guard string

// All guards, in the order in which Permit asks them.
const (
	GuardOrder      Guard = "order"      // the order is complete, open, not expired, and about this change
	GuardFrozen     Guard = "frozen"     // there is no freeze file
	GuardWindow     Guard = "window"     // no freeze window of the operators is in force
	GuardFleet      Guard = "fleet"      // automatic rollbacks are not held because too much is bad at once
	GuardMode       Guard = "mode"       // the rule may act, or a person approved
	GuardHook       Guard = "hook"       // pushback.yml has the hook
	GuardBound      Guard = "bound"      // the hook may be used by the rule's team and for the service
	GuardEvidence   Guard = "evidence"   // the order was made of a verdict that found harm
	GuardWeak       Guard = "weak"       // the verdict is certain, by a limit, by counts or by two signals
	GuardPresent    Guard = "present"    // by the newest look the harm is still there
	GuardBefore     Guard = "before"     // the service was not bad before the change
	GuardConfounded Guard = "confounded" // no other change is as likely the cause
	GuardSuperseded Guard = "superseded" // no newer change of the slot has succeeded
	GuardSuspended  Guard = "suspended"  // no newer change of the slot is rolling out
	GuardEpoch      Guard = "epoch"      // the slot's epoch is still that of the order
	GuardEcho       Guard = "echo"       // the change is not itself a rollback
	GuardRollout    Guard = "rollout"    // the rollout did not fail
	GuardPartial    Guard = "partial"    // the rollout has ended, or the hook can abort one
	GuardAge        Guard = "age"        // the rollout ended at most Limits.MaxAge ago
	GuardReversible Guard = "reversible" // the change is not declared irreversible
	GuardFirst      Guard = "first"      // there is an earlier change in the slot
	GuardTarget     Guard = "target"     // the target is known, and not known to be bad
	GuardCooldown   Guard = "recent"     // no other automatic rollback within Limits.Cooldown
	GuardRestored   Guard = "restored"   // no restore of the database hides what has happened
	GuardReach      Guard = "reach"      // the hook's preflight reached the deploy tool
	GuardPreflight  Guard = "preflight"  // the hook's preflight found nothing that prevents the rollback
)

// guards holds each guard with its check. A check returns why it refuses, or ""
// if it does not. Some guards need a judgement and not a fact; a person's
// approval answers those: see Refusal.Waivable.
var guards = []struct {
	name  Guard
	check func(Order, Situation) string
}{
	{GuardOrder, checkOrder},
	{GuardFrozen, checkFrozen},
	{GuardWindow, checkWindow},
	{GuardFleet, checkFleet},
	{GuardMode, checkMode},
	{GuardHook, checkHook},
	{GuardBound, checkBound},

	{GuardEvidence, checkEvidence},
	{GuardWeak, checkWeak},
	{GuardPresent, checkPresent},
	{GuardBefore, checkBefore},
	{GuardConfounded, checkConfounded},
	{GuardSuperseded, checkSuperseded},
	{GuardSuspended, checkSuspended},
	{GuardEpoch, checkEpoch},
	{GuardEcho, checkEcho},
	{GuardRollout, checkRollout},
	{GuardPartial, checkPartial},
	{GuardAge, checkAge},
	{GuardReversible, checkReversible},
	{GuardFirst, checkFirst},
	{GuardTarget, checkTarget},
	{GuardCooldown, checkCooldown},
	{GuardRestored, checkRestored},
	{GuardReach, checkReach},
	{GuardPreflight, checkPreflight},
}

// Guards returns the names of all guards, in the order in which they are asked.
func Guards() (names []Guard) {
	for _, g := range guards {
		names = append(names, g.name)
	}
	return names
}

func checkOrder(o Order, s Situation) string {
	switch {
	case o.Key == "" || o.Key != s.Change.Key():
		return "the order is about another change"
	case o.State.Final():
		return fmt.Sprintf("the order is already %s", o.State)
	case !o.ExpiresAt.IsZero() && s.Now.After(o.ExpiresAt):
		return fmt.Sprintf("the order expired at %s", o.ExpiresAt.UTC().Format("15:04:05 MST"))
	}
	return ""
}

func checkFrozen(_ Order, s Situation) string {
	if !s.Frozen {
		return ""
	}
	if s.FrozenWhy == "" {
		return "all rollbacks are frozen"
	}
	return "all rollbacks are frozen: " + s.FrozenWhy
}

func checkWindow(_ Order, s Situation) string {
	if s.Window == "" || s.Approved {
		return ""
	}
	return fmt.Sprintf("the freeze window %q is in force; a person may approve", s.Window)
}

func checkFleet(_ Order, s Situation) string {
	if s.Fleet == "" || s.Approved {
		return ""
	}
	return "all automatic rollbacks are held: " + s.Fleet
}

func checkMode(o Order, s Situation) string {
	if s.RuleActs || s.Approved {
		return ""
	}
	return fmt.Sprintf("rule %q may not act by itself, and nobody has approved the rollback", o.Rule)
}

func checkHook(o Order, s Situation) string {
	if s.HookKnown && o.Hook != "" {
		return ""
	}
	if o.Hook == "" {
		return "the order names no hook"
	}
	return fmt.Sprintf("pushback.yml has no hook %q", o.Hook)
}

// checkBound asks about the change as it is stored now: its service is what the hook will
// roll back, whatever the order says.
func checkBound(o Order, s Situation) string {
	return s.HookBinding.Refuses(o.Hook, o.Team, s.Change.Service)
}

// checkEvidence refuses a verdict that found nothing, or could not see. It also
// checks what else no order is made of, because it is the last place at which a
// mistake in other code can be caught.
func checkEvidence(_ Order, s Situation) string {
	switch v, p := s.Verdict, s.Present; {
	case p != nil && p.Final && p.Reason == detector.Transient:
		return p.words()
	case v.Outcome == detector.Blind:
		return "the metric store could not be read, so that nothing is known about the change"
	case v.Reason == detector.Transient:
		return PresentOf(v).words()
	case v.Outcome != detector.Regressed:
		return fmt.Sprintf("the verdict is %s, and only harm is rolled back", v.Outcome)
	}
	return ""
}

// checkWeak refuses every verdict but a certain one, of which one scan alone is not enough; and one after which nobody
// has looked for long, or nobody will look again, because an order may wait for longer than its watch goes on. A person
// who was asked has read how sure it is, and since when. What is being sent was sure enough.
func checkWeak(o Order, s Situation) string {
	switch v, p := s.Verdict, s.Present; {
	case s.Approved || o.State == Sending:
		return ""
	case v.Grade != detector.Certain:
		return fmt.Sprintf("the evidence is %s, and only certain evidence acts by itself", v.Grade)
	case !v.MayAct:
		return "only a scan of one signal found the regression, and no limit, count test or second signal confirms it"
	case p != nil && p.Final && !p.acts():
		return "nobody looks at it any more, and " + p.words()
	case s.stale(s.seenBad()):
		return fmt.Sprintf("it was last seen to be bad at %s, and nothing has been looked at since", s.seenBad().UTC().Format("15:04 MST"))
	}
	return ""
}

// checkPresent refuses while the harm is gone; and, as long as no person has approved, while it is no longer as sure
// as it was, or out of sight. An order that waits acts on what is, not on what was. Where nobody looks any more it leaves
// the question to checkWeak.
func checkPresent(_ Order, s Situation) string {
	p := s.Present
	if p == nil || p.acts() {
		return ""
	}
	if p.Reason != detector.Transient && (s.Approved || p.Final || s.stale(p.At)) {
		return ""
	}
	return p.words()
}

func checkSuperseded(_ Order, s Situation) string {
	if s.Superseded {
		return "a newer change has replaced it"
	}
	return ""
}

func checkSuspended(o Order, s Situation) string {
	if s.SuspendedBy != "" {
		return fmt.Sprintf("a newer change is rolling out: %s", s.SuspendedBy)
	}
	if o.SuspendedUntil.After(s.Now) {
		return fmt.Sprintf("a newer change may be rolling out until %s", o.SuspendedUntil.UTC().Format("15:04:05 MST"))
	}
	return ""
}

func checkEpoch(o Order, s Situation) string {
	if o.Epoch == s.Epoch {
		return ""
	}
	return fmt.Sprintf("a newer change came after the order was made: the order is of epoch %d, and the epoch is now %d", o.Epoch, s.Epoch)
}

func checkEcho(_ Order, s Situation) string {
	if s.Change.RollbackOf == "" {
		return ""
	}
	return fmt.Sprintf("the change is itself a rollback, of %s", s.Change.RollbackOf)
}

func checkRollout(_ Order, s Situation) string {
	if s.Change.Status == sources.Failed {
		return "the rollout failed, and only the deploy tool knows which version is live now"
	}
	return ""
}

// checkPartial refuses while the rollout is under way: both versions are live, and
// the deploy tool and Pushback would work against each other. A hook that
// declares `abort` makes the deploy tool abort the rollout, and may go on.
func checkPartial(_ Order, s Situation) string {
	if s.HookAborts || !s.Change.FinishedAt.IsZero() {
		return ""
	}
	return "the change is still rolling out, and the hook cannot abort a rollout"
}

// checkAge counts from the end of the rollout, or from its start while it is under
// way.
func checkAge(_ Order, s Situation) string {
	since := s.Change.FinishedAt
	if since.IsZero() {
		since = s.Change.StartedAt
	}
	if age := s.Now.Sub(since); age > s.Limits.MaxAge {
		return fmt.Sprintf("the change was rolled out %s ago; a rollback is allowed for %s", age.Round(time.Second), s.Limits.MaxAge)
	}
	return ""
}

func checkReversible(_ Order, s Situation) string {
	if s.Change.Reversible {
		return ""
	}
	return "the change is declared not reversible"
}

func checkFirst(_ Order, s Situation) string {
	c := s.Change
	switch {
	case !s.FirstEver:
		return ""
	case !c.Slot().HoldsOneThing():
		return fmt.Sprintf("the change does not say which %s it is, so that no earlier version is known to be its own: let the tool send `group`, or `previous`", c.Kind)
	case c.Kind == sources.Flag || c.Kind == sources.Experiment:
		return fmt.Sprintf("this is the first change known of %s %s: there is no earlier version to go back to, and only a hook that turns it off can undo it", c.Kind, c.Group)
	}
	return "this is the first change known here: there is no earlier version to go back to"
}

// checkTarget refuses if the target is no longer the one that the order names. A
// person may have approved that one; nobody has approved the new one.
func checkTarget(o Order, s Situation) string {
	if refusals := checkStanding(s.Target); len(refusals) > 0 {
		return refusals[0].Why
	}
	switch {
	case o.Target == "":
		return "the order names no version to go back to"
	case o.Target != s.Target.Version:
		return fmt.Sprintf("the order goes back to version %q, but the version to go back to is now %q", o.Target, s.Target.Version)
	case o.Target == s.Change.Version:
		return fmt.Sprintf("version %q is the version of the change itself", o.Target)
	}
	return ""
}

func checkCooldown(_ Order, s Situation) string {
	if s.RecentRollbacks == 0 || s.Approved {
		return ""
	}
	return fmt.Sprintf("this service was rolled back automatically %d time(s) here within %s; a person may approve another rollback", s.RecentRollbacks, s.Limits.Cooldown)
}

// checkReach refuses if the hook's preflight could not reach the deploy tool.
func checkReach(_ Order, s Situation) string { return describeProblems(s.HookChecks, true) }

// checkPreflight refuses if the hook's preflight found a lasting problem.
func checkPreflight(_ Order, s Situation) string { return describeProblems(s.HookChecks, false) }

// describeProblems describes the problems among the checks that are temporary, or
// those that are not. It returns "" if there are none.
func describeProblems(checks []Check, temporary bool) string {
	var found []string
	for _, c := range Problems(checks) {
		if c.Temporary == temporary {
			found = append(found, c.String())
		}
	}
	if len(found) == 0 {
		return ""
	}
	return "the hook cannot act: " + strings.Join(found, "; ")
}
