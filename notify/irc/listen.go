package irc

import (
	"context"
	"math/rand/v2"
	"slices"
	"strings"
	"time"

	"github.com/pushback/pushback/notify"
	"github.com/pushback/pushback/sources"
)

const (
	retryFirst  = time.Second
	retryMost   = 5 * time.Minute
	stable      = time.Minute // a connection that held so long was a good one
	answerFor   = 20 * time.Second
	maxWaiting  = 16  // commands that wait to be answered; more are dropped
	maxWords    = 60  // of one command
	maxArgument = 400 // bytes of a command
	sign        = "!" // before a command
	helpName    = "help"
)

// commandNames are the commands that are heard in a channel, where other programs may have commands of their own.
var commandNames = []string{"status", "hold", "release", "approve", "reject", "false-alarm", "missed", "mine", helpName}

// Connects is true: messages, too, need the connection.
func (*Sender) Connects() bool { return true }

// Hears reports whether the settings have commands heard.
func (s *Sender) Hears() bool { return s.config.Commands == nil || *s.config.Commands }

// Listening reports whether this process is the one that is connected.
func (s *Sender) Listening() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.listening
}

// Trouble says why the sender is not in its channels, "" while all is well or it does not listen.
func (s *Sender) Trouble() string {
	s.mu.Lock()
	current, listening, trouble := s.current, s.listening, s.trouble
	s.mu.Unlock()
	switch {
	case !listening:
		return ""
	case current != nil:
		trouble = current.joinedAll()
	}
	if trouble == nil {
		return ""
	}
	return sources.OneLine(trouble.Error(), maxText)
}

// KeepTopic has the channels' topic say a text from now on, where the settings want that.
func (s *Sender) KeepTopic(text string) {
	if !s.config.Topic {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.topic = text
	if s.current != nil {
		s.current.wantTopic(text)
	}
}

func (s *session) wantTopic(text string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.topic = text
}

// Listen stays connected until ctx ends, and answers commands.
func (s *Sender) Listen(ctx context.Context, answer notify.Answering) error {
	s.listens(true)
	defer s.listens(false)
	wait := retryFirst
	for ctx.Err() == nil {
		began := time.Now()
		err := s.listenOnce(ctx, answer)
		if time.Since(began) > stable {
			wait = retryFirst
		}
		s.lost(err)
		t := time.NewTimer(wait/2 + rand.N(wait/2))
		select {
		case <-ctx.Done():
		case <-t.C:
		}
		t.Stop()
		wait = min(2*wait, retryMost)
	}
	return ctx.Err()
}

func (s *Sender) listens(is bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.listening, s.trouble = is, nil
}

func (s *Sender) lost(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.current, s.trouble = nil, err
}

// listenOnce is one connection, from its beginning to its end.
func (s *Sender) listenOnce(ctx context.Context, answer notify.Answering) error {
	waiting := make(chan heard, maxWaiting)
	x, err := s.open(ctx, func(h heard) {
		if !s.wants(h) {
			return
		}
		select {
		case waiting <- h:
		default: // whoever floods us gets no answer
		}
	})
	if err != nil {
		return err
	}
	s.mu.Lock()
	s.current = x
	x.wantTopic(s.topic)
	s.mu.Unlock()
	ctx, cancel := context.WithCancel(ctx)
	answered := make(chan struct{})
	go func() {
		defer close(answered)
		s.answerAll(ctx, x, waiting, answer)
	}()
	err = x.run(ctx)
	cancel()
	<-answered
	return err
}

// wants reports whether something that was heard is a command for us.
func (s *Sender) wants(h heard) bool {
	if !s.Hears() {
		return false
	}
	name, _ := words(h.text)
	return h.target == "" && name != "" || strings.HasPrefix(h.text, sign) && slices.Contains(commandNames, name)
}

// words splits a command into its name and its words.
func words(text string) (name string, args []string) {
	all := strings.Fields(sources.OneLine(text, maxArgument))
	if len(all) == 0 || strings.HasPrefix(text, "\x01") { // of a client to a client
		return "", nil
	}
	return strings.ToLower(strings.TrimPrefix(all[0], sign)), all[1:min(len(all), maxWords)]
}

func (s *Sender) answerAll(ctx context.Context, x *session, waiting <-chan heard, answer notify.Answering) {
	for {
		select {
		case <-ctx.Done():
			return
		case h := <-waiting:
			s.answerOne(ctx, x, h, answer)
		}
	}
}

// answerOne answers a command where it was given. In private, only who is in one of our channels gets an answer:
// what goes on is no stranger's business.
func (s *Sender) answerOne(ctx context.Context, x *session, h heard, answer notify.Answering) {
	ctx, cancel := context.WithTimeout(ctx, answerFor)
	defer cancel()
	nick, to, before := h.from.nick(), h.from.nick(), ""
	if h.target != "" {
		to, before = h.target, nick+": "
	}
	if h.target == "" && !x.shares(nick) {
		if x.strangers.Allow() {
			_ = x.reply(ctx, to, []string{"Join " + strings.Join(s.config.Channels, " or ") + " first: only who is there gets answers."})
		}
		return
	}
	name, args := words(h.text)
	caller := notify.Caller{Kind: kind, ID: x.account(ctx, h.from), Name: sources.OneLine(nick, sources.MaxName)}
	text := answer(ctx, notify.Command{Name: name, Args: args, From: caller})
	var texts []string
	for one := range strings.Lines(text) {
		texts = append(texts, before+strings.TrimRight(one, "\n"))
		before = ""
	}
	_ = x.reply(ctx, to, texts) // without a connection there is nobody left to answer
}

const kind = "irc"
