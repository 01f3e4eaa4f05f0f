package messages

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/pushback/pushback/detector"
	"github.com/pushback/pushback/internal/people"
	"github.com/pushback/pushback/internal/report"
	"github.com/pushback/pushback/notify"
	"github.com/pushback/pushback/rollback"
	"github.com/pushback/pushback/sources"
	"github.com/pushback/pushback/watch"
)

// Composer composes messages. Its fields are the same for all of them.
type Composer struct {
	ExternalURL string                      // the base of every link; "" where there are none
	Token       func(rollback.Order) string // the token of an approval link

	// Picture is the path of the picture of a change that began at a time, which anybody may fetch who has it; nil: there
	// are none.
	Picture func(changeKey string, began time.Time, dark bool) string

	People people.List // who is who: whom receivers may mention
}

// Look is what one look at a watch found, for a message about it.
type Look struct {
	Key     string // of the change
	Change  sources.Change
	Watch   watch.Watch              // as it is after the look
	Verdict *detector.Verdict        // nil: nothing was judged
	Others  []rollback.RankedSuspect // overlapping changes that are as likely the cause
	At      time.Time                // when the message is made
}

// Thread is the key of the messages about one change under one rule.
func Thread(changeKey, rule string) string { return changeKey + "/" + rule }

// Link is the page of a change.
func (c Composer) Link(changeKey string) string { return c.ExternalURL + "/changes/" + changeKey }

// Verdict says in numbers what a watch observed.
func (c Composer) Verdict(l Look) notify.Message {
	m := notify.Message{
		Key: Thread(l.Key, l.Watch.Rule), Kind: kindOf(l.Watch), Severity: severity(l.Watch),
		Fields: withRunbook(fields(l.Change, l.Watch.Rule), l.Watch.Runbook), Link: c.Link(l.Key), At: l.At,
		People: c.concerned(l.Change), Choices: corrections(l), Team: l.Watch.Team, Reason: string(l.Watch.Reason),
	}
	m.Fields = withUntil(m.Fields, l)
	if l.Verdict == nil {
		m.Title = fmt.Sprintf("%s: %s", named(l.Change), l.Watch.State)
		if why, known := detector.Reasons[l.Watch.Reason]; known {
			m.SignalLines = []string{why}
		}
		return m
	}
	m.Title, m.SignalLines = report.Headline(l.Change, *l.Verdict), report.Moved(*l.Verdict, l.Watch.Plan.Length())
	m.Reason = cmp.Or(m.Reason, string(l.Verdict.Reason))
	if pictured(*l.Verdict) {
		m.Change = l.Key
	}
	if l.Watch.Reason == detector.Confounded {
		m.SignalLines = append(m.SignalLines, "It could as well be "+rollback.NameSuspects(l.Others))
	}
	return m
}

// Unaddressed adds the words of the rule that are nobody for the service, so that whoever is
// told instead knows why.
func Unaddressed(m notify.Message, words []string) notify.Message {
	if len(words) > 0 {
		m.Fields = append(m.Fields, notify.Field{Name: "nobody is", Value: strings.Join(words, ", ")})
	}
	return m
}

// WithRecord adds how often a rule was wrong of the times that it fired, where it did.
func WithRecord(m notify.Message, wrong, fired int) notify.Message {
	if fired > 0 {
		m.Fields = append(m.Fields, notify.Field{Name: notify.RecordField, Value: fmt.Sprintf("wrong %d of %s", wrong, times(fired))})
	}
	return m
}

func times(n int) string {
	if n == 1 {
		return "1 time"
	}
	return fmt.Sprintf("%d times", n)
}

// Resolved ends the thread of a change: its own, or that of the change it repaired.
func (c Composer) Resolved(l Look, thread string) notify.Message {
	m := c.Verdict(l)
	m.Key, m.Kind, m.Resolved, m.EndsAt = thread, "resolved", true, l.At
	if !l.Watch.After.IsZero() {
		m.Title = ofRecovery(l, "well again since "+l.Change.What()+" was rolled back")
		m.Choices = []notify.Choice{releaseChange("While "+l.Change.What()+" is marked bad, nothing is rolled back to it; to take the mark away", l.Key)}
	}
	return m
}

// RollbackDidNotHelp says that the recovery watch found the service still worse.
func (c Composer) RollbackDidNotHelp(l Look) notify.Message {
	m := c.Verdict(l)
	m.Severity = notify.Critical
	m.Title = ofRecovery(l, "the rollback of "+l.Change.What()+" did not help")
	m.Action = "Pushback does nothing more: the change may not be what made things worse. It is no longer marked bad, and nothing is rolled back further by itself."
	m.Choices = []notify.Choice{falseAlarm("If "+l.Change.What()+" was not to blame", l.Key)}
	return m
}

// RecoveryUnclear says that the recovery watch ended without a verdict.
func (c Composer) RecoveryUnclear(l Look) notify.Message {
	m := c.Verdict(l)
	m.Severity = notify.Error
	m.Title = ofRecovery(l, "cannot tell whether the rollback of "+l.Change.What()+" helped")
	m.Action = "The watch after the rollback ended " + string(l.Watch.State) + ". Somebody has to look."
	m.Choices = []notify.Choice{falseAlarm("If "+l.Change.What()+" was not to blame", l.Key)}
	return m
}

// ofRecovery is the title of a recovery watch: what is said of the service, and the signal
// that decided.
func ofRecovery(l Look, what string) string {
	title := l.Change.Service
	if l.Change.Environment != "" {
		title += " in " + l.Change.Environment
	}
	title += ": " + what
	if l.Verdict != nil {
		if worst := report.Worst(*l.Verdict); worst != "" {
			title += " — " + worst
		}
	}
	return title
}

// WithEarlier puts the numbers that people were told before in front of those of now. A
// receiver that shows only the newest message of a thread shows what it was about to the end.
func WithEarlier(m notify.Message, earlier []string) notify.Message {
	var lines []string
	for _, line := range earlier {
		if !slices.Contains(m.SignalLines, line) {
			lines = append(lines, "was: "+line)
		}
	}
	if len(lines) == 0 {
		return m
	}
	for _, line := range m.SignalLines {
		lines = append(lines, "now: "+line)
	}
	m.SignalLines = lines
	return m
}

// fields are the facts of a change that are known.
func fields(c sources.Change, rule string) []notify.Field {
	all := []notify.Field{
		{Name: "service", Value: c.Service},
		{Name: "environment", Value: c.Environment},
		{Name: "region", Value: c.Region},
		{Name: "kind", Value: string(c.Kind)},
		{Name: "group", Value: c.Slot().Group},
		{Name: "version", Value: c.Version},
		{Name: "rule", Value: rule},
		{Name: "by", Value: c.Actor},
	}
	known := all[:0]
	for _, f := range all {
		if f.Value != "" {
			known = append(known, f)
		}
	}
	return known
}

// withUntil adds until when an open watch goes on: what it says may change until then.
func withUntil(fs []notify.Field, l Look) []notify.Field {
	until := l.Watch.Until
	if !l.Watch.State.Open() || until.IsZero() {
		return fs
	}
	text := clock(until)
	if until.Sub(l.At) > 12*time.Hour {
		text = moment(until)
	}
	return append(fs, notify.Field{Name: "watched until", Value: text})
}

func withRunbook(fs []notify.Field, runbook string) []notify.Field {
	if runbook == "" {
		return fs
	}
	return append(fs, notify.Field{Name: "runbook", Value: runbook})
}

// kindOf is the grade of an open watch, and the state of an ended one.
func kindOf(w watch.Watch) string {
	if w.State.Open() {
		return w.Grade.String()
	}
	return string(w.State)
}

func severity(w watch.Watch) notify.Severity {
	switch {
	case w.State == watch.Healthy:
		return notify.Info
	case w.Grade == detector.Certain:
		return notify.Critical
	case w.Grade == detector.Likely:
		return notify.Error
	}
	return notify.Warning
}
