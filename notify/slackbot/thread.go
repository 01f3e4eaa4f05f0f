package slackbot

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/slack-go/slack"
)

const (
	// event is the type of the metadata by which our messages are found again.
	event = "pushback_message"

	// searchBack is how far back the parent of a thread is looked for. A thread that is older begins again.
	searchBack = 7 * 24 * time.Hour
	// overlap is how much of what was read is read again, because the clocks of Slack and of this host differ.
	overlap = 2 * time.Minute
	// pageSize is what Slack recommends, and maxPages bounds one search.
	pageSize = 200
	maxPages = 10
)

// mark is the metadata of a message.
type mark struct {
	Thread   string // stands for Message.Key
	Message  string // stands for the whole message, which this one shows
	At       int64  // Message.At, in microseconds
	Resolved bool
}

func (m mark) metadata() slack.SlackMetadata {
	return slack.SlackMetadata{EventType: event, EventPayload: map[string]any{
		"thread": m.Thread, "message": m.Message, "at": strconv.FormatInt(m.At, 10), "resolved": m.Resolved,
	}}
}

// markOf is the mark of a message, false for one that has none.
func markOf(m slack.Message) (mark, bool) {
	p := m.Metadata.EventPayload
	if m.Metadata.EventType != event {
		return mark{}, false
	}
	text := func(name string) string { s, _ := p[name].(string); return s }
	at, err := strconv.ParseInt(text("at"), 10, 64)
	resolved, _ := p["resolved"].(bool)
	return mark{text("thread"), text("message"), at, resolved}, err == nil && text("thread") != ""
}

// thread is one in the channel.
type thread struct {
	ts       string
	parent   mark     // what the parent shows
	messages []string // the marks of the messages in it, the parent's included
	files    []string // the names of the files in it
}

// ended reports whether the thread is over, so that a message of the same key begins a new one: its parent says
// so, and the message is none of the thread's own.
func (t thread) ended(m mark) bool {
	if !t.parent.Resolved {
		return false
	}
	for _, one := range t.messages {
		if one == m.Message {
			return false
		}
	}
	return true
}

// threads knows where the threads of the channel are. What it does not know is read from the channel, from where
// it has read up to.
type threads struct {
	mu   sync.Mutex
	bot  string            // the ID of the app's bot
	ts   map[string]string // by mark.Thread
	read time.Time         // up to when the channel was read; zero: never
}

func (t *threads) note(key, ts string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.add(key, ts)
}

// add keeps the newest thread of a key.
func (t *threads) add(key, ts string) {
	if t.ts == nil {
		t.ts = map[string]string{}
	}
	if t.ts[key] < ts {
		t.ts[key] = ts
	}
}

// find returns the newest thread of a key, false if there is none.
func (s *Sender) find(ctx context.Context, c call, key string) (thread, bool, error) {
	ts, err := s.locate(ctx, c, key)
	if err != nil || ts == "" {
		return thread{}, false, err
	}
	t, err := s.readThread(ctx, c, ts)
	if errors.Is(err, errGone) {
		s.threads.forget(key)
		return thread{}, false, nil
	}
	return t, err == nil, err
}

func (t *threads) forget(key string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	delete(t.ts, key)
}

// locate returns the timestamp of the parent, "" if there is none. Only one search goes on at once.
func (s *Sender) locate(ctx context.Context, c call, key string) (string, error) {
	t := &s.threads
	t.mu.Lock()
	defer t.mu.Unlock()
	if ts := t.ts[key]; ts != "" {
		return ts, nil
	}
	if err := s.readChannel(ctx, c); err != nil {
		return "", err
	}
	return t.ts[key], nil
}

// readChannel notes the threads that were begun since the channel was read last. The caller holds the lock.
func (s *Sender) readChannel(ctx context.Context, c call) error {
	t, now := &s.threads, s.now()
	if err := s.learnBot(ctx, c); err != nil {
		return err
	}
	since := now.Add(-searchBack)
	if from := t.read.Add(-overlap); from.After(since) {
		since = from
	}
	q := slack.GetConversationHistoryParameters{ChannelID: s.config.Channel, Oldest: timestamp(since), Limit: pageSize, IncludeAllMetadata: true}
	for range maxPages {
		page, err := c.GetConversationHistoryContext(ctx, &q)
		if err != nil {
			return c.failure("looking for the thread", err)
		}
		for _, m := range page.Messages {
			if k, is := markOf(m); is && m.BotID == t.bot && (m.ThreadTimestamp == "" || m.ThreadTimestamp == m.Timestamp) {
				t.add(k.Thread, m.Timestamp)
			}
		}
		if q.Cursor = page.ResponseMetaData.NextCursor; q.Cursor == "" {
			break
		}
	}
	t.read = now
	t.drop(timestamp(now.Add(-searchBack)))
	return nil
}

// drop forgets the threads that are older than a search looks for.
func (t *threads) drop(before string) {
	maps.DeleteFunc(t.ts, func(_, ts string) bool { return ts < before })
}

// learnBot asks once who we are: only our own messages count, whatever metadata others write.
func (s *Sender) learnBot(ctx context.Context, c call) error {
	if s.threads.bot != "" {
		return nil
	}
	who, err := c.AuthTestContext(ctx)
	if err != nil {
		return c.failure("asking who the bot is", err)
	}
	if who.BotID == "" {
		return errors.New("asking who the bot is in slack: the token is no bot's")
	}
	s.threads.bot = who.BotID
	return nil
}

// errGone is that somebody has deleted the thread.
var errGone = errors.New("the thread is gone")

// readThread reads what is in a thread.
func (s *Sender) readThread(ctx context.Context, c call, ts string) (thread, error) {
	t, q := thread{ts: ts}, slack.GetConversationRepliesParameters{ChannelID: s.config.Channel, Timestamp: ts, Limit: pageSize, IncludeAllMetadata: true}
	for range maxPages {
		page, _, next, err := c.GetConversationRepliesContext(ctx, &q)
		var refused slack.SlackErrorResponse
		switch {
		case errors.As(err, &refused) && (refused.Err == "thread_not_found" || refused.Err == "message_not_found"):
			return t, errGone
		case err != nil:
			return t, c.failure("reading the thread", err)
		}
		t.take(page, s.bot())
		if q.Cursor = next; next == "" {
			break
		}
	}
	if t.parent.Thread == "" {
		return t, errGone
	}
	return t, nil
}

func (s *Sender) bot() string {
	s.threads.mu.Lock()
	defer s.threads.mu.Unlock()
	return s.threads.bot
}

// take notes the messages of one page that are our own.
func (t *thread) take(page []slack.Message, bot string) {
	for _, m := range page {
		for _, f := range m.Files {
			t.files = append(t.files, f.Name)
		}
		k, is := markOf(m)
		if !is || bot != "" && m.BotID != bot {
			continue
		}
		t.messages = append(t.messages, k.Message)
		if m.Timestamp == t.ts {
			t.parent = k
		}
	}
}

// timestamp is a time as Slack writes it.
func timestamp(at time.Time) string {
	whole, micros := at.Unix(), at.Nanosecond()/1000
	return strings.TrimLeft(fmt.Sprintf("%010d.%06d", whole, micros), "-")
}
