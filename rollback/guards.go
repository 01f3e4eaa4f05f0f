package rollback

import (
	"fmt"
	"strings"
	"time"

	"github.com/pushback/pushback/detector"
	"github.com/pushback/pushback/sources"
)

// Guard names one condition of acting.
type Guard string

// Every guard there is, in the order in which Permit asks.
const (
	GuardOrder      Guard = "order"      // the order is whole, open, not expired, and about this change
	GuardFrozen     Guard = "frozen"     // nobody has frozen acting
	GuardWindow     Guard = "window"     // none of the operators' freeze windows holds
	GuardFleet      Guard = "fleet"      // not so much is bad at once that no change can be the cause
	GuardMode       Guard = "mode"       // the rule may act, or a person approved
	GuardHook       Guard = "hook"       // the hook exists
	GuardEvidence   Guard = "evidence"   // certain, and by limit, counts or two signals agreeing
	GuardBefore     Guard = "before"     // it was well before the change
	GuardConfounded Guard = "confounded" // no other change is as likely the cause
	GuardSuperseded Guard = "superseded" // no newer change of the slot has succeeded
	GuardSuspended  Guard = "suspended"  // no newer change of the slot is rolling
	GuardEpoch      Guard = "epoch"      // the slot has not moved on since the order was made
	GuardEcho       Guard = "echo"       // the change is not itself a rollback
	GuardRollout    Guard = "rollout"    // the rollout did not fail
	GuardPartial    Guard = "partial"    // the rollout is through, or the hook can abort one
	GuardAge        Guard = "age"        // it ended at most Limits.MaxAge ago
	GuardReversible Guard = "reversible" // nobody said that it cannot be undone
	GuardFirst      Guard = "first"      // something was live before
	GuardTarget     Guard = "target"     // the version to go back to is known and not known to be bad
	GuardRecent     Guard = "recent"     // no other automatic rollback in Limits.RollbacksPer
	GuardReach      Guard = "reach"      // the hook's other side answers
	GuardPreflight  Guard = "preflight"  // and says that the target is there and can be gone back to
)

// guards holds each guard with the question it asks; "" is leave. Some ask for
// judgement rather than facts, and those a person's approval answers: see
// Refusal.Waivable.
var guards = []struct {
	name Guard
	ask  func(Order, Situation) string
}{
	{GuardOrder, whole},
	{GuardFrozen, frozen},
	{GuardWindow, windowed},
	{GuardFleet, alone},
	{GuardMode, trusted},
	{GuardHook, hooked},
	{GuardEvidence, proven},
	{GuardBefore, fresh},
	{GuardConfounded, single},
	{GuardSuperseded, newest},
	{GuardSuspended, unhindered},
	{GuardEpoch, current},
	{GuardEcho, original},
	{GuardRollout, rolledOut},
	{GuardPartial, through},
	{GuardAge, young},
	{GuardReversible, reversible},
	{GuardFirst, succeeds},
	{GuardTarget, targeted},
	{GuardRecent, rare},
	{GuardReach, reachable},
	{GuardPreflight, ready},
}

func whole(o Order, s Situation) string {
	switch {
	case o.Key == "" || o.Key != s.Change.Key():
		return "the order does not belong to this change"
	case o.State.Final():
		return fmt.Sprintf("the order is already %s", o.State)
	case !o.ExpiresAt.IsZero() && s.Now.After(o.ExpiresAt):
		return fmt.Sprintf("the order expired at %s", o.ExpiresAt.UTC().Format("15:04:05 MST"))
	}
	return ""
}

func frozen(_ Order, s Situation) string {
	if !s.Frozen {
		return ""
	}
	if s.FrozenWhy == "" {
		return "acting is frozen"
	}
	return "acting is frozen: " + s.FrozenWhy
}

func windowed(_ Order, s Situation) string {
	if s.Window == "" || s.Approved {
		return ""
	}
	return fmt.Sprintf("the freeze window %q holds; a person may approve", s.Window)
}

func alone(_ Order, s Situation) string {
	if s.Fleet == "" || s.Approved {
		return ""
	}
	return "all automatic rollbacks are held: " + s.Fleet
}

func trusted(_ Order, s Situation) string {
	if s.Acts || s.Approved {
		return ""
	}
	return "the rule is not trusted to act, and nobody has approved"
}

func hooked(o Order, s Situation) string {
	if s.HookKnown && o.Hook != "" {
		return ""
	}
	return fmt.Sprintf("no hook %q in pushback.yml", o.Hook)
}

// proven holds section 5 of the design: one lone scan never rolls back, and
// blind or inconclusive never do. The parts that MayAct implies are asked too,
// because this is the last place where a mistake elsewhere can be caught.
func proven(_ Order, s Situation) string {
	switch v := s.Verdict; {
	case v.Outcome == detector.Blind:
		return "the metric store could not be read, which says nothing about the change"
	case v.Reason == detector.Transient:
		return "the effect has gone by itself"
	case v.Outcome != detector.Regressed || v.Grade != detector.Certain:
		return "the evidence is not certain"
	case !v.MayAct:
		return "the evidence is one scan alone: a limit, a count test or a second signal must agree"
	}
	return ""
}

func newest(_ Order, s Situation) string {
	if s.Superseded {
		return "a newer change has taken its place"
	}
	return ""
}

func unhindered(o Order, s Situation) string {
	if s.SuspendedBy != "" {
		return fmt.Sprintf("a newer change is rolling: %s", s.SuspendedBy)
	}
	if o.SuspendedUntil.After(s.Now) {
		return fmt.Sprintf("suspended until %s", o.SuspendedUntil.UTC().Format("15:04:05 MST"))
	}
	return ""
}

func current(o Order, s Situation) string {
	if o.Epoch == s.Epoch {
		return ""
	}
	return fmt.Sprintf("the slot has moved on: the order is of epoch %d, now it is %d", o.Epoch, s.Epoch)
}

func original(_ Order, s Situation) string {
	if s.Change.RollbackOf == "" {
		return ""
	}
	return fmt.Sprintf("the change is itself a rollback, of %s", s.Change.RollbackOf)
}

func rolledOut(_ Order, s Situation) string {
	if s.Change.Status == sources.Failed {
		return "the rollout failed: what is live now is for the deploy tool to say"
	}
	return ""
}

// through keeps off a rollout that is half-way: the old version and the new
// one are both live, the deploy tool is at work, and two hands on one wheel
// are worse than one. A hook that declares `abort` stops the tool itself.
func through(_ Order, s Situation) string {
	if s.Aborts || !s.Change.FinishedAt.IsZero() {
		return ""
	}
	return "the change is still rolling out, and the hook cannot abort a rollout"
}

// young counts from the end of the rollout, or from its start while it rolls.
func young(_ Order, s Situation) string {
	since := s.Change.FinishedAt
	if since.IsZero() {
		since = s.Change.StartedAt
	}
	if age := s.Now.Sub(since); age > s.Limits.MaxAge {
		return fmt.Sprintf("too long ago: %s, and %s is the most", age.Round(time.Second), s.Limits.MaxAge)
	}
	return ""
}

func reversible(_ Order, s Situation) string {
	if s.Change.Reversible {
		return ""
	}
	return "the change was declared not reversible"
}

func succeeds(_ Order, s Situation) string {
	if s.FirstEver {
		return "the first change ever seen here: nothing to go back to"
	}
	return ""
}

// targeted asks about the target the order names, which people may have
// approved: where the facts now give another one, nobody has.
func targeted(o Order, s Situation) string {
	if refusals := standing(s.Target); len(refusals) > 0 {
		return refusals[0].Why
	}
	switch {
	case o.Target == "" || o.Target != s.Target.Version:
		return fmt.Sprintf("the order names version %q, but the one to go back to is now %q", o.Target, s.Target.Version)
	case o.Target == s.Change.Version:
		return fmt.Sprintf("version %q is what the change brought", o.Target)
	}
	return ""
}

func rare(_ Order, s Situation) string {
	if s.Recent == 0 || s.Approved {
		return ""
	}
	return fmt.Sprintf("%d automatic rollback(s) of this service here within %s; a person may approve another", s.Recent, s.Limits.RollbacksPer)
}

// reachable and ready hand on what the hook found when it looked, if it can.
func reachable(_ Order, s Situation) string { return problems(s.Checks, true) }

func ready(_ Order, s Situation) string { return problems(s.Checks, false) }

func problems(checks []Check, passing bool) string {
	var found []string
	for _, c := range Problems(checks) {
		if c.Passing == passing {
			found = append(found, c.String())
		}
	}
	if len(found) == 0 {
		return ""
	}
	return "the hook cannot act: " + strings.Join(found, "; ")
}
