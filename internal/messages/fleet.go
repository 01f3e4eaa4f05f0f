package messages

import (
	"fmt"
	"time"

	"github.com/pushback/pushback/notify"
)

// FleetHold is one hold of all automatic rollbacks.
type FleetHold struct {
	ID, Why   string
	At, Until time.Time
}

// Thread is the thread about the hold.
func (h FleetHold) Thread() string { return "fleet/" + h.ID }

// FleetHeld says that all automatic rollbacks are held.
func (c Composer) FleetHeld(h FleetHold) notify.Message {
	return notify.Message{
		Key: h.Thread(), Kind: "fleet", Severity: notify.Critical, At: h.At, Link: c.ExternalURL,
		Title:       "too much turned bad at once: all automatic rollbacks are held",
		SignalLines: []string{h.Why},
		Action:      fmt.Sprintf("Look for what all of it depends on. Nothing is rolled back unasked until %s.", clock(h.Until)),
		Choices:     []notify.Choice{releaseHold("To let rollbacks go on sooner", h.ID)},
	}
}

// FleetReleased says that a person ended the hold.
func (c Composer) FleetReleased(h FleetHold, actor string, at time.Time) notify.Message {
	m := c.FleetHeld(h)
	m.Kind, m.Resolved, m.At, m.EndsAt = "resolved", true, at, at
	m.Title = fmt.Sprintf("automatic rollbacks go on: %s released the hold", actor)
	m.Action = "Rollbacks that waited for it go on, unless a guard refuses."
	m.Choices = []notify.Choice{{When: "To stop all rollbacks again, on the host of Pushback", Shell: "pushback freeze"}}
	return m
}

// Blamed is a message of one change in one line, with who made the change, for a message that speaks for several.
func Blamed(m notify.Message) string {
	if by := m.Field("by"); by != "" {
		return m.Title + " (by " + by + ")"
	}
	return m.Title
}

// maxNamed is how many changes one message about a hold names.
const maxNamed = 10

// FleetPage says what turned bad at once, from the message that the hold began with and
// the titles of the messages that it speaks for.
func (c Composer) FleetPage(m notify.Message, bad []string) notify.Message {
	if len(bad) == 0 {
		return m // only what the breaker counted is known
	}
	m.Title = fmt.Sprintf("%d changes turned bad at once: all automatic rollbacks are held", len(bad))
	lines := bounded(bad)
	for _, why := range m.SignalLines {
		lines = append(lines, "The hold was set when "+why)
	}
	m.SignalLines = lines
	m.Action += " `pushback status` lists the rollbacks that wait for a person."
	return m
}

// FleetNews says what came after the page of a hold, in its thread: what turned bad too,
// and the rollbacks that came to nothing because they were held. It wakes nobody again.
func (c Composer) FleetNews(m notify.Message, bad, ended []string, at time.Time) notify.Message {
	m.Severity, m.At, m.Action, m.Choices = notify.Info, at, "", nil
	m.Title = fmt.Sprintf("%d more changes turned bad with all others", len(bad))
	if len(ended) > 0 {
		m.Title = fmt.Sprintf("%d rollbacks that were held came to nothing", len(ended))
	}
	m.SignalLines = append(bounded(bad), bounded(ended)...)
	return m
}

// bounded are the first lines, and how many more there are.
func bounded(lines []string) []string {
	if len(lines) <= maxNamed {
		return lines
	}
	return append(lines[:maxNamed:maxNamed], fmt.Sprintf("and %d more", len(lines)-maxNamed))
}
