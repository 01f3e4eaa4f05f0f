package messages

import (
	"fmt"
	"strings"
	"time"

	"github.com/pushback/pushback/internal/report"
	"github.com/pushback/pushback/notify"
	"github.com/pushback/pushback/rollback"
	"github.com/pushback/pushback/rules"
	"github.com/pushback/pushback/sources"
)

// Reasons joins the reasons of refusals for people.
func Reasons(refusals []rollback.Refusal) string {
	why := make([]string, len(refusals))
	for i, r := range refusals {
		why[i] = r.Why
	}
	return strings.Join(why, "; ")
}

// MayNotAct is the action of a watch that may only observe: of a rollback, or of a rule that
// covers the whole site.
func MayNotAct(c sources.Change) string {
	if c.RollbackOf != "" {
		return fmt.Sprintf("Nothing is done: the change is itself a rollback, of %s. Pushback goes back no further.", c.RollbackOf)
	}
	return "Nothing is done: this watch only observes."
}

// NoHook says that nothing can roll a service back.
func NoHook(service, hook string) string {
	if hook == "" {
		return fmt.Sprintf("No hook is known for service %s; nothing is rolled back. Name one in pushback.yml, under services.", service)
	}
	return fmt.Sprintf("Hook %s of service %s is not in pushback.yml; nothing is rolled back.", hook, service)
}

// BoundHook says that the operators have not given a hook to the rule or to the service.
func BoundHook(why string) string {
	return fmt.Sprintf("Nothing is rolled back: %s. Operators bind hooks in pushback.yml, by teams and services of the hook.", why)
}

// Observed says what an observing rule would have done, and what stands against it.
func Observed(r rules.Intent, against string) string {
	s := fmt.Sprintf("Nothing is done: the rule observes. It says %s through hook %s.", r.Written, r.Hook)
	if against != "" {
		s += " Against it: " + against + "."
	}
	return s
}

// Ordered is what the message of a verdict says about the order that follows from it. The
// guards of an automatic order have not been asked yet, so that it announces no outcome:
// the order's own messages do. A proposal waits for a person whatever the guards say.
//
// See adr/0079.
func (c Composer) Ordered(o rollback.Order) string {
	if o.Automatic {
		return fmt.Sprintf("A rollback%s through hook %s is ordered. The next message says whether the guards let it go on.", to(o), o.Hook)
	}
	return c.approval(o)
}

// OrderedBefore is what the message of a verdict says where an earlier rule has ordered
// the rollback already: a change has one order, whose messages come from that rule.
func OrderedBefore(o rollback.Order) string {
	return fmt.Sprintf("Rule %s asked for the rollback before: %s.", o.Rule, OrderState(o))
}

// approval says how a person lets a proposed order go on: by command, with the API's
// token, or by a link that is valid once and for this order alone; and how a person ends it.
func (c Composer) approval(o rollback.Order) string {
	s := fmt.Sprintf("%sTo roll back%s through hook %s: pushback approve %s", question(o), to(o), o.Hook, o.Key)
	if c.ExternalURL != "" {
		s += fmt.Sprintf(", or open %s/approve?token=%s", c.Link(o.Key), c.Token(o))
	}
	return s + fmt.Sprintf(" (until %s). To reject it: pushback reject %s.", clock(o.ExpiresAt), o.Key)
}

// question says why a person is asked: because of the guards, or because the rule says so.
func question(o rollback.Order) string {
	switch {
	case !o.DecidedAt.IsZero():
		return "A person must decide: " + o.Why + ". "
	case o.Why != "":
		return "The rule asks a person. Against it: " + o.Why + ". "
	}
	return "The rule asks a person. "
}

// to is " to v1", and nothing where the order names no version: some hooks need none.
func to(o rollback.Order) string {
	if o.Target == "" {
		return ""
	}
	return " to " + o.Target
}

func clock(t time.Time) string { return t.UTC().Format("15:04 MST") }

// Order says which state an order has reached, why, and what follows.
func (c Composer) Order(o rollback.Order, at time.Time) notify.Message {
	m := c.ofOrder(o, OrderState(o), at)
	m.Action, m.Ask = c.outcome(o), Asked(o)
	if o.State == rollback.Done || o.State == rollback.Approved || o.State == rollback.Cancelled {
		m.Severity = notify.Error // still a regression, but people need not act
	}
	if o.State == rollback.Approved || o.State == rollback.Cancelled {
		m.TakenBy = o.Actor
	}
	return m
}

// outcome is the reason of an order's state and what people can do now.
func (c Composer) outcome(o rollback.Order) string {
	switch o.State {
	case rollback.Proposed:
		return c.approval(o)
	case rollback.Approved:
		return "The guards are asked next; another message says whether they let it go on."
	case rollback.Done:
		return answered(o) + "What is live now is watched" + during(o) + " to see whether that helped."
	case rollback.Failed:
		return because("It failed: ", o.Why) + "Pushback does nothing more: roll back by hand if it is still needed."
	case rollback.Unknown:
		return because("Nobody can tell: ", o.Why) + "Find out which version is live. The hook is not called again."
	case rollback.Refused:
		return because("Refused: ", o.Why) + "Pushback does nothing more: roll back by hand if it is needed."
	case rollback.Expired:
		return because("It expired: ", o.Why) + "Nothing was rolled back: roll back by hand if it is needed."
	}
	return strings.TrimSpace(because("Why: ", o.Why))
}

// during is for how long a rollback is watched, nothing where that is not known.
func during(o rollback.Order) string {
	if o.Watched <= 0 {
		return ""
	}
	return " for " + report.Span(o.Watched)
}

// answered is what the hook said, nothing where it said nothing.
func answered(o rollback.Order) string {
	if o.Receipt == nil {
		return ""
	}
	return because("Hook "+o.Hook+" answered: ", o.Receipt.Status)
}

// because is a sentence that begins with words, nothing where there is no reason.
func because(words, why string) string {
	if why == "" {
		return ""
	}
	return words + strings.TrimSuffix(why, ".") + ". "
}

// Sending says that the guards let an order go on, and that its hook is called now.
func (c Composer) Sending(o rollback.Order, timeout time.Duration, at time.Time) notify.Message {
	o.State = rollback.Sending
	m := c.ofOrder(o, "rolling back"+to(o), at)
	m.Severity = notify.Error
	m.Action = fmt.Sprintf("No guard refuses. Hook %s is called now and has until %s; it cannot be stopped any more.", o.Hook, at.Add(timeout).UTC().Format("15:04:05 MST"))
	return m
}

// StillRolling says that a hook has called its tool, and follows a rollout that takes long.
func (c Composer) StillRolling(o rollback.Order, progress string, until, at time.Time) notify.Message {
	m := c.ofOrder(o, "rolling back"+to(o)+", "+progress, at)
	m.Severity = notify.Error
	m.Action = fmt.Sprintf("Hook %s was called %s ago and follows the rollout until %s; if it has not ended then, its outcome is unknown.",
		o.Hook, at.Sub(o.SentAt).Round(time.Second), until.UTC().Format("15:04:05 MST"))
	return m
}

// NotRunning says that a hook reported success and its target does not run.
func (c Composer) NotRunning(o rollback.Order, v rollback.Verification, after time.Duration, at time.Time) notify.Message {
	m := c.ofOrder(o, fmt.Sprintf("hook %s said done, but %s is not what runs", o.Hook, o.Target), at)
	m.Action = fmt.Sprintf("%s after the receipt %s is %s. Look at what is live; Pushback does nothing more.", after, o.Target, v)
	for i := range m.Choices {
		m.Choices[i].When = ifFalse // what was judged bad may still run
	}
	return m
}

// OrderState is the state of an order in words.
func OrderState(o rollback.Order) string {
	switch o.State {
	case rollback.Done:
		return "rolled back" + to(o)
	case rollback.Failed:
		return "rollback" + to(o) + " FAILED"
	case rollback.Unknown:
		return "rollback" + to(o) + ": OUTCOME UNKNOWN"
	case rollback.Refused:
		return "not rolled back" + to(o)
	case rollback.Approved:
		return "rollback" + to(o) + " approved" + by(o)
	case rollback.Proposed:
		return "rollback" + to(o) + " waits for a person"
	case rollback.Sending:
		return "rolling back" + to(o)
	case rollback.Decided:
		return "rollback" + to(o) + " ordered"
	case rollback.Cancelled:
		return "rollback" + to(o) + " cancelled" + by(o)
	}
	return "rollback" + to(o) + " " + string(o.State)
}

// by is " by amy", nothing where no person decided.
func by(o rollback.Order) string {
	if o.Actor == "" {
		return ""
	}
	return " by " + o.Actor
}
