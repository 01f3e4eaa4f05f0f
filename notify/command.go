package notify

import (
	"context"
	"net/http"
)

// Command is what somebody typed or pressed in a chat. All of it comes from outside; the receiver's adapter has
// verified who it is from, and nothing else.
type Command struct {
	Name string   // approve, reject, hold, release, false-alarm, missed, status, mine, help
	Args []string // the order or service that it is about, and words for the journal
	From Caller
}

// Caller is who gave a command.
type Caller struct {
	Receiver string // its name in pushback.yml
	Kind     string // whose ID it is, as the section people names it: slack, irc, …
	ID       string // what the receiver knows them by and nobody can choose: a user id, the account that they signed in to
	Name     string // what others see, for the journal
}

// Answering carries out a command, if the caller may give it, and returns what to answer: plain text, of which the
// lines are short.
type Answering func(ctx context.Context, c Command) string

// Listener is a Sender that hears commands over a connection of its own.
type Listener interface {
	Sender
	// Connects reports whether the settings want such a connection.
	Connects() bool
	// Listen hears commands until ctx ends, and connects again when the connection is lost. An error is one that
	// connecting again does not cure.
	Listen(ctx context.Context, answer Answering) error
}

// WebhookListener is a Sender to which its receiver posts what people press. The handler verifies each
// request over the raw body before it parses it.
type WebhookListener interface {
	Sender
	Commands(answer Answering) http.Handler
}

// Resident is a Listener that sends over the connection on which it listens. Of several replicas only the one that
// listens may send: the others leave its messages alone.
type Resident interface {
	Listener
	Listening() bool
}

// TopicKeeper is a Listener whose receiver shows a line of its own beside the messages: what goes on now.
type TopicKeeper interface {
	Listener
	KeepTopic(text string)
}

// Troubled is a Listener that says why it does not hear anybody, "" while it does.
type Troubled interface {
	Listener
	Trouble() string
}
