package messages

import (
	"fmt"
	"time"

	"github.com/pushback/pushback/notify"
	"github.com/pushback/pushback/rules"
	"github.com/pushback/pushback/sources"
	"github.com/pushback/pushback/watch"
)

// OutageThread is the thread about one metric store.
func OutageThread(name string) string { return "metrics/" + name }

// Outage says that a metric store cannot be read.
func (c Composer) Outage(name, fault string, since, at time.Time) notify.Message {
	return notify.Message{
		Key: OutageThread(name), Kind: string(watch.Blind), Severity: notify.Error, At: at, Link: c.ExternalURL,
		Title:       fmt.Sprintf("metric store %s cannot be read since %s: changes are watched blind", name, since.UTC().Format("15:04:05 MST")),
		SignalLines: []string{fault},
		Action:      "Nothing is rolled back on it, and nothing is called healthy.",
	}
}

// OutageEnded says that a metric store can be read again.
func (c Composer) OutageEnded(name string, since, at time.Time) notify.Message {
	return notify.Message{
		Key: OutageThread(name), Kind: "resolved", Severity: notify.Info, Resolved: true, At: at, EndsAt: at, Link: c.ExternalURL,
		Title: fmt.Sprintf("metric store %s answers again after %s", name, at.Sub(since).Round(time.Second)),
	}
}

// SourceThread is the thread about one change source.
func SourceThread(name string) string { return "sources/" + name }

// maxMissed is how many lost deliveries one message lists.
const maxMissed = 10

// Missed says that a source has lost deliveries, and what they would have reported.
func (c Composer) Missed(source string, lost []sources.Event, at time.Time) notify.Message {
	m := notify.Message{
		Key: SourceThread(source), Kind: "missed", Severity: notify.Warning, At: at, Link: c.ExternalURL,
		Title:  fmt.Sprintf("change source %s has lost deliveries (events: %d): they were found by asking its tool", source, len(lost)),
		Action: "Their changes are watched from now on, later than they should be. See in the tool's settings why its webhook fails.",
	}
	for _, e := range lost[:min(len(lost), maxMissed)] {
		line := fmt.Sprintf("%s %s in %s %s at %s", e.Service, e.Version, e.Environment, e.Status, e.At.UTC().Format(time.RFC3339))
		if e.Actor != "" {
			line += " by " + e.Actor
		}
		m.SignalLines = append(m.SignalLines, line)
	}
	if more := len(lost) - maxMissed; more > 0 {
		m.SignalLines = append(m.SignalLines, fmt.Sprintf("and %d more", more))
	}
	return m
}

// RulesThread is the thread about the rules folder.
const RulesThread = "rules"

// maxMistakes is how many mistakes one message lists.
const maxMistakes = 10

// RulesBroken says that an edit of the rules is not in force.
func (c Composer) RulesBroken(broken []rules.Diagnostic, at time.Time) notify.Message {
	m := notify.Message{
		Key: RulesThread, Kind: "rules", Severity: notify.Warning, At: at, Link: c.ExternalURL,
		Title:  fmt.Sprintf("the rules are broken (mistakes: %d): what was edited is not in force", len(broken)),
		Action: "The last good rules go on. `pushback rules check` shows every mistake.",
	}
	for _, d := range broken[:min(len(broken), maxMistakes)] {
		m.SignalLines = append(m.SignalLines, d.String())
	}
	return m
}

// RulesMended says that the rules are in force again.
func (c Composer) RulesMended(n int, at time.Time) notify.Message {
	return notify.Message{
		Key: RulesThread, Kind: "resolved", Severity: notify.Info, Resolved: true, At: at, EndsAt: at, Link: c.ExternalURL,
		Title: fmt.Sprintf("the rules are well again and in force: %d", n),
	}
}

// Step is what a rule has earned and a person has to accept.
type Step struct {
	Thread  string
	Rule    string
	Mode    rules.Mode
	Service string // as `pushback rules promote` takes it
	Named   string // the service, or all of them, in words
	Why     string // how it was earned
}

// TrustStep says that a rule has earned its next step, which waits for a person.
func (c Composer) TrustStep(s Step, at time.Time) notify.Message {
	return notify.Message{
		Key: s.Thread, Kind: "trust", Severity: notify.Info, At: at, Link: c.ExternalURL,
		Title:       fmt.Sprintf("rule %s has earned to %s for %s", s.Rule, s.Mode, s.Named),
		SignalLines: []string{s.Why},
		Choices:     trustChoices(s.Rule, s.Service),
		Fields:      []notify.Field{{Name: "rule", Value: s.Rule}},
	}
}
