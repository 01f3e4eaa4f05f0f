package messages

import (
	"regexp"

	"github.com/pushback/pushback/detector"
	"github.com/pushback/pushback/notify"
	"github.com/pushback/pushback/rollback"
	"github.com/pushback/pushback/watch"
)

// The choices name commands that change what Pushback believes or does. A command is offered only where it would be
// taken: one that answers "conflict" at night costs more than it helps.

// falseAlarm says that the rules which fired for a change were wrong. It also takes the mark off a bad version.
func falseAlarm(when, changeKey string) notify.Choice {
	return notify.Choice{When: when, Shell: "pushback " + falseAlarmName + " " + changeKey, Chat: falseAlarmName, About: changeKey}
}

// missed says that a change was bad which no rule found.
func missed(when, changeKey string) notify.Choice {
	return notify.Choice{When: when, Shell: "pushback missed " + changeKey, Chat: "missed", About: changeKey}
}

// reject ends an order that was not sent.
func reject(when, changeKey string) notify.Choice {
	return notify.Choice{When: when, Shell: "pushback reject " + changeKey, Chat: "reject", About: changeKey}
}

// releaseChange takes the mark off a bad version. Chats release holds alone.
func releaseChange(when, changeKey string) notify.Choice {
	return notify.Choice{When: when, Shell: "pushback release " + changeKey}
}

// releaseHold ends a hold.
func releaseHold(when, id string) notify.Choice {
	return notify.Choice{When: when, Shell: "pushback release " + id, Chat: "release", About: id}
}

const falseAlarmName = "false-alarm"

const ifFalse = "If it is a false alarm"

// corrections say that what a watch came to is wrong.
func corrections(l Look) []notify.Choice {
	switch {
	case l.Watch.Fired() && l.Watch.State == watch.Healthy:
		return []notify.Choice{falseAlarm("If it was a false alarm", l.Key)}
	case l.Watch.Fired():
		return []notify.Choice{falseAlarm(ifFalse, l.Key)}
	case l.Watch.State == watch.Inconclusive || l.Watch.State == watch.Blind:
		return []notify.Choice{missed("If the change is bad", l.Key)}
	}
	return nil
}

// choicesOf are those of an order in its state. While a hook is called there is nothing to choose; a proposal is what
// the message asks; what a person cancelled counts as a false alarm already.
func choicesOf(o rollback.Order, v detector.Verdict) []notify.Choice {
	when := ifFalse
	switch o.State {
	case rollback.Proposed, rollback.Approved, rollback.Sending:
		return nil
	case rollback.Done:
		when = "If " + o.Change.What() + " was not bad, before it is deployed again"
	case rollback.Failed, rollback.Unknown:
	default:
		// A rule that was only suspicious when it asked may never have fired. What was sent needed a certain verdict.
		if v.Grade < detector.Likely || o.State == rollback.Cancelled && o.Actor != "" {
			return nil
		}
	}
	return []notify.Choice{falseAlarm(when, o.Key)}
}

// WithAsk adds what people are asked, nil for nothing. The answer to that says what they think of the verdict.
func WithAsk(m notify.Message, ask *notify.Ask) notify.Message {
	if m.Ask = ask; ask != nil {
		m.Choices = nil
	}
	return m
}

// plainWord matches what every shell and every chat leaves as it is.
var plainWord = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9_-]*$`)

// BesideOrder says of a correction, in the message of a verdict from which a rollback follows by itself, that it does not
// stop the rollback: whoever reads it at night must not take it for that. order is nil where none follows.
func BesideOrder(m notify.Message, order *rollback.Order) notify.Message {
	if order == nil || !order.Automatic {
		return m
	}
	for i, c := range m.Choices {
		if c.Chat != falseAlarmName {
			continue
		}
		m.Choices[i].When = "To count it as a false alarm, which does not stop the rollback"
	}
	return m
}

// trustChoices give a rule what it has earned, and take it back. The name of a service comes from outside: one that a
// shell or a chat could take for something else is not put into a command.
func trustChoices(rule, service string) []notify.Choice {
	if !plainWord.MatchString(service) || !plainWord.MatchString(rule) {
		return []notify.Choice{{When: "To see what it has earned, and the command for it", Shell: "pushback rules status --proposed"}}
	}
	of := rule + " --service " + service
	return []notify.Choice{
		{When: "To let it", Shell: "pushback rules promote " + of},
		{When: "To take that back later", Shell: "pushback rules demote " + of},
	}
}
