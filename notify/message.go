package notify

import (
	"context"
	"time"
)

// Severity is how loud a message is.
type Severity string

// From a line in a channel to a page at 3 a.m.
const (
	Info     Severity = "info"
	Warning  Severity = "warning"
	Error    Severity = "error"
	Critical Severity = "critical"
)

// Message is one thing to tell. Key joins the messages of one matter: a later
// message with the same Key updates the earlier one, and Resolved ends it.
// Messages of one Key carry equal fields service, environment, region and
// rule: there are receivers that know a matter by these. Every text is plain;
// senders bound it and escape it for their medium.
type Message struct {
	Key         string    `json:"key"`  // dedup key, at most 200 characters
	Kind        string    `json:"kind"` // regression, blind, lost, healthy, order, resolved, …
	Severity    Severity  `json:"severity"`
	Resolved    bool      `json:"resolved,omitempty"`
	Title       string    `json:"title"`            // one line: service, version, what happened
	SignalLines []string  `json:"moved,omitempty"`  // what moved from what to what, how sure: a line a signal
	Action      string    `json:"action,omitempty"` // what was, or would be, or must be done
	Fields      []Field   `json:"fields,omitempty"` // service, environment, version, rule, …
	Link        string    `json:"link,omitempty"`   // the page of the change
	At          time.Time `json:"at"`
	EndsAt      time.Time `json:"ends_at,omitzero"` // when a receiver that forgets should forget
}

// Field is one named fact.
type Field struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

// Sender delivers a message. An error that wraps ErrPermanent is not worth
// trying again; a *RetryAfter says when to. No error holds a secret.
type Sender interface {
	Send(ctx context.Context, m Message) error
}

// RepeatSender is a Sender whose receiver forgets a message at its EndsAt: while
// the matter is open, the message is sent again every Remind.
type RepeatSender interface {
	Sender
	RepeatEvery() time.Duration
}
