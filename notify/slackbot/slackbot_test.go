package slackbot

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/pushback/pushback/notify"
	"github.com/pushback/pushback/notify/sendertest"
)

var update = flag.Bool("update", false, "write the golden files anew")

func subject() sendertest.Subject {
	return sendertest.Subject{
		New:     func(t *testing.T, url string) notify.Sender { return newSender(t, url) },
		Secrets: []string{botToken},
		IsRead: func(q *http.Request) bool {
			return q.URL.Path == "/auth.test" || strings.HasPrefix(q.URL.Path, "/conversations.")
		},
		Reads: func(w http.ResponseWriter, q *http.Request) {
			if q.URL.Path == "/conversations.replies" {
				fmt.Fprint(w, `{"ok": false, "error": "thread_not_found"}`)
				return
			}
			fmt.Fprintf(w, `{"ok": true, "bot_id": %q, "messages": []}`, ownBot)
		},
		Takes: func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, `{"ok": true, "ts": "1795000000.000100"}`) },
		Only:  http.StatusOK, JSON: asJSON,
	}
}

func TestContract(t *testing.T) { sendertest.Run(t, subject()) }

// The messages that matter most, in this receiver's format.
func TestFormats(t *testing.T) {
	s := subject()
	r := s.Receiver(t)
	sendertest.CheckFormats(t, freshSender{t, r.URL}, r, *update)
}

// freshSender begins a thread with every message.
type freshSender struct {
	t   *testing.T
	url string
}

func (f freshSender) Send(_ context.Context, m notify.Message) error {
	return newSender(f.t, f.url).Send(f.t.Context(), m)
}

// sequence is what a thread is told: it looks bad, people are asked, it is decided, it is over.
func sequence() []notify.Message {
	var all []notify.Message
	for i, title := range []string{"cart v2: errors rose", "cart v2: rollback to v1 waits for a person", "cart v2: rolled back", "cart v2: well again"} {
		m := sendertest.Message()
		m.Title, m.At = title, m.At.Add(time.Duration(i)*time.Minute)
		m.People = []notify.Person{{Name: "amy", Handles: map[string]string{"slack": "U0AMY"}}, {Name: "bob", Handles: map[string]string{"slack": "<!channel>"}}}
		if i == 1 {
			m.Ask = &notify.Ask{Order: "k3y", Target: "v1"}
		}
		m.Resolved = i == 3
		all = append(all, m)
	}
	return all
}

func send(t *testing.T, s *Sender, m notify.Message) {
	t.Helper()
	if err := s.Send(t.Context(), m); err != nil {
		t.Fatal(err)
	}
}

func TestThread(t *testing.T) {
	w := newWorkspace(t)
	s := newSender(t, w.URL)
	for i, m := range sequence() {
		send(t, s, m)
		parents, replies := w.shown()
		if len(parents) != 1 || len(replies[parents[0].TS]) != i || parents[0].edits != i {
			t.Fatalf("after %q: %d parents, %d replies, %d edits", m.Title, len(parents), len(replies[parents[0].TS]), parents[0].edits)
		}
		blocks := string(parents[0].Blocks)
		if !strings.Contains(blocks, m.Title) || strings.Contains(blocks, "pushback_approve") != (m.Ask != nil) {
			t.Errorf("after %q the parent is %s", m.Title, blocks)
		}
		if !strings.Contains(blocks, `{"type":"user","user_id":"U0AMY"}`) || strings.Contains(blocks, "channel>") {
			t.Errorf("the parent mentions the wrong people: %s", blocks)
		}
	}
	parents, replies := w.shown()
	for i, r := range replies[parents[0].TS] {
		asks := i == 0
		if r.broadcast != asks || strings.Contains(string(r.Blocks), `"user_id"`) != asks || strings.Contains(string(r.Blocks), "pushback_approve") {
			t.Errorf("reply %d, in the channel too: %v: %s", i, r.broadcast, r.Blocks)
		}
	}
	again := sequence()[0]
	again.At = again.At.Add(time.Hour)
	send(t, s, again)
	if parents, _ := w.shown(); len(parents) != 2 {
		t.Errorf("%d parents after the thread has ended, want another one", len(parents))
	}
}

// Every message is sent twice, each time by a process that has just started: the first time its answers are lost
// somewhere, as in a crash before the delivery is recorded.
func TestNothingTwice(t *testing.T) {
	for _, lost := range []string{"chat.postMessage", "chat.update", "none"} {
		w := newWorkspace(t)
		for _, m := range sequence() {
			w.set(func() { w.lose = func(method string) bool { return method == lost } })
			_ = newSender(t, w.URL).Send(t.Context(), m)
			w.set(func() { w.lose = nil })
			send(t, newSender(t, w.URL), m)
		}
		parents, replies := w.shown()
		if len(parents) != 1 || len(replies[parents[0].TS]) != 3 || !strings.Contains(string(parents[0].Blocks), "well again") {
			t.Errorf("%s lost: %d parents, %d replies, the parent %s", lost, len(parents), len(replies[parents[0].TS]), parents[0].Blocks)
		}
	}
}

// Two replicas, each with what it has read of the channel so far, share the threads, also behind two pages of other messages.
func TestReplicas(t *testing.T) {
	w := newWorkspace(t)
	a, b := newSender(t, w.URL), newSender(t, w.URL)
	other := sendertest.Message()
	other.Key = "other/red"
	send(t, b, other)
	for i, m := range sequence() {
		send(t, []*Sender{a, b}[i%2], m)
		w.mu.Lock()
		w.messages = append(w.messages, &message{TS: w.next(), BotID: "BOTHER", Text: "hello"}, &message{TS: w.next(), Text: "hello"})
		w.mu.Unlock()
	}
	parents, replies := w.shown()
	if len(replies) != 1 || len(parents) != 2+8 || len(replies[parents[1].TS]) != 3 {
		t.Errorf("%d parents, replies %d", len(parents), len(replies[parents[1].TS]))
	}
	if n := w.called("auth.test"); n != 2 {
		t.Errorf("asked %d times who the bot is", n)
	}
}

// A message that another app has marked like ours is no thread of ours.
func TestForgedThread(t *testing.T) {
	w := newWorkspace(t)
	m := sendertest.Message()
	p := newPost(m, true)
	meta := fmt.Sprintf(`{"event_type": %q, "event_payload": {"thread": %q, "message": %q, "at": "1", "resolved": false}}`, event, p.mark.Thread, p.mark.Message)
	w.messages = append(w.messages, &message{TS: w.next(), BotID: "BOTHER", Metadata: []byte(meta)})
	send(t, newSender(t, w.URL), m)
	if parents, _ := w.shown(); len(parents) != 2 || parents[0].edits != 0 {
		t.Errorf("%d messages, the other's has %d edits", len(parents), parents[0].edits)
	}
}

// A thread that somebody has deleted begins again, and a late message does not take the parent back.
func TestDeletedAndLate(t *testing.T) {
	w := newWorkspace(t)
	s, all := newSender(t, w.URL), sequence()
	send(t, s, all[0])
	w.mu.Lock()
	w.messages = nil
	w.mu.Unlock()
	send(t, s, all[2])
	send(t, s, all[1])
	parents, replies := w.shown()
	if len(parents) != 1 || len(replies[parents[0].TS]) != 1 || !strings.Contains(string(parents[0].Blocks), "rolled back") {
		t.Errorf("%d parents, the first %s", len(parents), parents[0].Blocks)
	}
}

func TestPicture(t *testing.T) {
	w := newWorkspace(t)
	m := sendertest.Message()
	for _, lost := range []string{"files.completeUploadExternal", "none"} {
		w.set(func() { w.lose = func(method string) bool { return method == lost } })
		_ = newSender(t, w.URL).SendPicture(t.Context(), m, []byte("png"))
	}
	parents, replies := w.shown()
	if len(parents) != 1 || len(replies[parents[0].TS]) != 1 || len(replies[parents[0].TS][0].Files) != 1 {
		t.Errorf("%d parents, replies %v", len(parents), replies)
	}
	w.set(func() { w.lose = nil })
	w.set(func() {
		w.refuse = func(method string) string {
			return map[string]string{"files.getUploadURLExternal": "missing_scope"}[method]
		}
	})
	m.At = m.At.Add(time.Minute)
	err := newSender(t, w.URL).SendPicture(t.Context(), m, []byte("png"))
	if !errors.Is(err, notify.ErrPermanent) || !strings.Contains(err.Error(), "the message is posted") || !strings.Contains(err.Error(), "missing_scope") {
		t.Errorf("a picture that is refused: %v", err)
	}
}

func TestRefusals(t *testing.T) {
	w := newWorkspace(t)
	for why, permanent := range map[string]bool{"msg_too_long": true, "invalid_blocks": true, "not_in_channel": false, "invalid_auth": false, "internal_error": false} {
		w.set(func() { w.refuse = func(string) string { return why } })
		err := newSender(t, w.URL).Send(t.Context(), sendertest.Message())
		if err == nil || errors.Is(err, notify.ErrPermanent) != permanent || !strings.Contains(err.Error(), why) {
			t.Errorf("%s: %v", why, err)
		}
	}
}

func TestNew(t *testing.T) {
	f := func(want string, edit func(*Config)) {
		t.Helper()
		c := settings(t, "https://slack.example/api")
		edit(&c)
		if _, err := New(c); (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %q", err, want)
		}
	}
	f("", func(*Config) {})
	f("channel must be the ID", func(c *Config) { c.Channel = "#general" })
	f("token_file is missing", func(c *Config) { c.TokenFile = "" })
	f("begins with xoxb-", func(c *Config) { c.TokenFile = sendertest.SecretFile(t, appToken) })
	f("begins with xapp-", func(c *Config) { c.SecretFiles, c.AppTokenFile = nil, sendertest.SecretFile(t, botToken) })
	f("never by both", func(c *Config) { c.AppTokenFile = sendertest.SecretFile(t, appToken) })
	f("secret_files[0]", func(c *Config) { c.SecretFiles = []string{sendertest.SecretFile(t, "short")} })
	f("metadata", func(c *Config) { c.URL = "http://169.254.169.254" })
}
