package messages

import (
	"fmt"
	"strings"
	"time"

	"github.com/pushback/pushback/notify"
	"github.com/pushback/pushback/rollback"
	"github.com/pushback/pushback/rules"
)

// Reasons joins the reasons of refusals for people.
func Reasons(refusals []rollback.Refusal) string {
	why := make([]string, len(refusals))
	for i, r := range refusals {
		why[i] = r.Why
	}
	return strings.Join(why, "; ")
}

// MayNotAct is the action of a watch that may only observe.
const MayNotAct = "Nothing is done: the change is itself a rollback, or the rule only observes."

// Observed says what an observing rule would have done, and what stands against it.
func Observed(r rules.Intent, against string) string {
	s := fmt.Sprintf("Nothing is done: the rule observes. It says %s through hook %s.", r.Written, r.Hook)
	if against != "" {
		s += " Against it: " + against + "."
	}
	return s
}

// Ordered says what is done about a verdict: an automatic rollback, or a proposal.
func (c Composer) Ordered(o rollback.Order) string {
	if o.Automatic {
		return fmt.Sprintf("Rolling back to %s through hook %s.", orUnknown(o.Target), o.Hook)
	}
	return c.approval(o)
}

// approval says how a person lets a proposed order go on: by command, with the API's
// token, or by a link that is valid once and for this order alone.
func (c Composer) approval(o rollback.Order) string {
	s := fmt.Sprintf("To roll back to %s through hook %s: pushback approve %s", orUnknown(o.Target), o.Hook, o.Key)
	if o.Why != "" {
		s = "Against it: " + o.Why + ". " + s
	}
	if c.ExternalURL != "" {
		s += fmt.Sprintf(", or open %s/approve?token=%s", c.Link(o.Key), c.Token(o))
	}
	return s + fmt.Sprintf(" (until %s).", o.ExpiresAt.UTC().Format("15:04 MST"))
}

func orUnknown(version string) string {
	if version == "" {
		return "an unknown version"
	}
	return version
}

// Order says which state an order has reached.
func (c Composer) Order(o rollback.Order, at time.Time) notify.Message {
	m := c.ofOrder(o, at)
	m.Title = fmt.Sprintf("%s %s: %s", o.Change.Service, o.Change.Version, OrderState(o))
	m.Action = o.Why
	if o.Actor != "" {
		m.Fields = append(m.Fields, notify.Field{Name: "decided by", Value: o.Actor})
	}
	if o.State == rollback.Proposed {
		m.Action = c.approval(o)
	}
	if o.State == rollback.Done || o.State == rollback.Approved {
		m.Severity = notify.Error // still a regression, but people need not act
	}
	return m
}

// HookUnreachable says that an order waits for a hook that does not answer.
func (c Composer) HookUnreachable(o rollback.Order, refusals []rollback.Refusal, every time.Duration, at time.Time) notify.Message {
	m := c.ofOrder(o, at)
	m.Title = fmt.Sprintf("%s %s: the rollback to %s is held up", o.Change.Service, o.Change.Version, o.Target)
	m.Action = fmt.Sprintf("Hook %s: %s. It is asked again every %s, until the change is too old to be rolled back.", o.Hook, Reasons(refusals), every)
	m.Fields = append(fields(o.Change, o.Rule), notify.Field{Name: "hook", Value: o.Hook})
	return m
}

// NotRunning says that a hook reported success and its target does not run.
func (c Composer) NotRunning(o rollback.Order, v rollback.Verification, after time.Duration, at time.Time) notify.Message {
	m := c.ofOrder(o, at)
	m.Title = fmt.Sprintf("%s %s: hook %s said done, but %s is not what runs", o.Change.Service, o.Change.Version, o.Hook, o.Target)
	m.Action = fmt.Sprintf("%s after the receipt %s is %s. Look at what is live; Pushback does nothing more.", after, o.Target, v)
	return m
}

func (c Composer) ofOrder(o rollback.Order, at time.Time) notify.Message {
	return notify.Message{
		Key: Thread(o.Key, o.Rule), Kind: "order", Severity: notify.Critical, Link: c.Link(o.Key), At: at,
		Fields: append(fields(o.Change, o.Rule),
			notify.Field{Name: "hook", Value: o.Hook}, notify.Field{Name: "target", Value: o.Target}),
	}
}

// OrderState is the state of an order in words.
func OrderState(o rollback.Order) string {
	switch o.State {
	case rollback.Done:
		return "rolled back to " + o.Target
	case rollback.Failed:
		return "rollback to " + o.Target + " FAILED"
	case rollback.Unknown:
		return "rollback to " + o.Target + ": OUTCOME UNKNOWN, nobody can tell whether the hook ran"
	case rollback.Refused:
		return "not rolled back"
	case rollback.Approved:
		return "rollback to " + o.Target + " approved"
	case rollback.Proposed:
		return "rollback to " + o.Target + " waits for a person"
	}
	return "rollback " + string(o.State)
}
