package notify

import (
	"context"
	"time"
)

// Severity is how urgent a message is.
type Severity string

// The severities, from a note for a channel to a page that wakes somebody.
const (
	Info     Severity = "info"
	Warning  Severity = "warning"
	Error    Severity = "error"
	Critical Severity = "critical"
)

// Message is one message to a receiver. Messages with the same Key form a thread:
// a later one updates the earlier one, and one that is Resolved ends the thread.
// The fields service, environment, region and rule are equal in all messages of a
// thread, because some receivers identify a thread by them. Every text is plain
// text; senders truncate it and escape it for their receiver.
type Message struct {
	Key         string    `json:"key"`  // identifies the thread; at most 200 characters
	Kind        string    `json:"kind"` // regression, blind, lost, healthy, order, resolved, …
	Severity    Severity  `json:"severity"`
	Resolved    bool      `json:"resolved,omitempty"`
	Title       string    `json:"title"`            // one line: service, version, what happened
	SignalLines []string  `json:"moved,omitempty"`  // one line for each signal: its values before and after, and the evidence
	Action      string    `json:"action,omitempty"` // what was done, would be done, or must be done
	Fields      []Field   `json:"fields,omitempty"` // service, environment, version, rule, …
	Link        string    `json:"link,omitempty"`   // the page of the change
	At          time.Time `json:"at"`
	EndsAt      time.Time `json:"ends_at,omitzero"`    // when a receiver that drops old messages may drop it
	Change      string    `json:"change,omitempty"`    // key of the change of which a picture can be shown
	Ask         *Ask      `json:"ask,omitempty"`       // what people are asked to decide; nil: nothing, or no longer
	Choices     []Choice  `json:"choices,omitempty"`   // what else people can do about it, by a command
	TakenBy     string    `json:"taken_by,omitempty"`  // who has decided what people were asked: pagers need not look for somebody any more
	People      []Person  `json:"people,omitempty"`    // whom to mention: who pushed, and who was on board
	Sections    []Section `json:"sections,omitempty"`  // of a digest: what it lists, under headings
	Team        string    `json:"team,omitempty"`      // whose rule it is
	Reason      string    `json:"reason,omitempty"`    // of the verdict, as the documents name it
	NotBefore   time.Time `json:"not_before,omitzero"` // when it is sent at the earliest, and only if what it asks is still open
}

// Section is a list with a heading, in a digest.
type Section struct {
	Title string `json:"title"`
	Items []Item `json:"items,omitempty"`
	More  int    `json:"more,omitempty"` // how many items are left out
}

// Item is one line of a list, and the page that it is about.
type Item struct {
	Text string `json:"text"`
	Link string `json:"link,omitempty"`
}

// Ask is a rollback that waits for somebody's decision.
type Ask struct {
	Order     string    `json:"order"`               // the key of its change, by which it is approved or rejected
	Target    string    `json:"target,omitempty"`    // the version to go back to
	ExpiresAt time.Time `json:"expires_at,omitzero"` // when the question ends by itself
}

// Person is somebody whom receivers may know under names of their own.
type Person struct {
	Name    string            `json:"name"`              // as the deploy tool calls them
	Handles map[string]string `json:"handles,omitempty"` // by kind of receiver, as in pushback.yml: slack, irc, email, …
}

// RecordField is the name of the field that says how often the rule was wrong.
const RecordField = "rule so far"

// Field returns the value of the field of a name, "" where there is none.
func (m Message) Field(name string) string {
	for _, f := range m.Fields {
		if f.Name == name {
			return f.Value
		}
	}
	return ""
}

// Field is one fact with its name.
type Field struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

// Sender delivers messages to one receiver. After an error that wraps
// ErrPermanent there is no further attempt; a *RetryAfter says how long to wait
// for it. No error contains a secret.
type Sender interface {
	Send(ctx context.Context, m Message) error
}

// PictureSender is a Sender that can show a picture beside a message.
type PictureSender interface {
	Sender
	// SendPicture is Send, with a PNG of what moved.
	SendPicture(ctx context.Context, m Message, png []byte) error
}

// RepeatSender is a Sender whose receiver drops a message at its EndsAt. While the
// thread is open, the engine sends the message again every RepeatEvery.
type RepeatSender interface {
	Sender
	RepeatEvery() time.Duration
}
