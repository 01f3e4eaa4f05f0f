package irc

import (
	"context"
	"errors"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pushback/pushback/notify"
	"github.com/pushback/pushback/notify/sendertest"
)

var update = flag.Bool("update", false, "write the golden files anew")

const password = "correct horse battery staple"

// newSender is a sender whose server is the network.
func newSender(t *testing.T, n *network, edit func(*Config)) *Sender {
	t.Helper()
	n.t = t
	c := Config{Address: "127.0.0.1:6667", Plain: true, Channels: []string{"#ops"}}
	if edit != nil {
		edit(&c)
	}
	s, err := New(c)
	if err != nil {
		t.Fatal(err)
	}
	s.dial = n.dial
	return s
}

// listen has the sender listen until the test ends, and waits until it is in its channels.
func listen(t *testing.T, s *Sender, answer notify.Answering) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		_ = s.Listen(ctx, answer)
	}()
	t.Cleanup(func() { cancel(); <-ended })
	rest(time.Second)
}

// rest passes time of the fake clock, and waits until all is done that it leads to.
func rest(d time.Duration) {
	time.Sleep(d)
	synctest.Wait()
}

func nobody(context.Context, notify.Command) string { return "" }

func TestSend(t *testing.T) {
	f := func(name string, n *network, edit func(*Config), want string) {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := newSender(t, n, edit)
				listen(t, s, nobody)
				ctx, cancel := context.WithTimeout(t.Context(), 15*time.Second)
				defer cancel()
				err := s.Send(ctx, sendertest.Message())
				if want == "" && err != nil || want != "" && (err == nil || !strings.Contains(err.Error(), want)) {
					t.Errorf("got %v, want %q", err, want)
				}
				if err != nil && (strings.Contains(err.Error(), password) || errors.Is(err, notify.ErrPermanent)) {
					t.Errorf("a secret, or no other attempt: %v", err)
				}
				if said := n.seen(); want == "" && (len(said) < 3 || !strings.HasPrefix(said[0], "[critical] cart v2 in production: errors rose https://")) {
					t.Errorf("said %q", said)
				}
			})
		})
	}
	withPassword := func(c *Config) { c.Account, c.PasswordFile = "bot", sendertest.SecretFile(t, password) }
	f("plain", &network{}, nil, "")
	f("confirmed by echo", &network{caps: "echo-message"}, nil, "")
	f("echo that never comes", &network{caps: "echo-message", swallow: true}, nil, "only 0 of 3 lines came back")
	f("no PONG", &network{mute: true}, nil, "not confirmed")
	f("refused", &network{refuse: "404"}, nil, "Cannot send to channel (404)")
	f("account", &network{caps: "sasl=PLAIN,EXTERNAL", passwords: map[string]string{"bot": password}}, withPassword, "")
	f("wrong password", &network{caps: "sasl=PLAIN", passwords: map[string]string{"bot": "other"}}, withPassword, "refuses the account or its password")
	f("no SASL", &network{}, withPassword, "offers no SASL PLAIN")
	f("no PLAIN", &network{caps: "sasl=EXTERNAL"}, withPassword, "offers no SASL PLAIN")
	f("nick in use", &network{taken: []string{"pushback", "pushback_"}}, nil, "")
	f("every nick in use", &network{taken: []string{"pushback", "pushback_", "pushback__", "pushback___", "pushback____"}}, nil, "in use")
	f("within the flood limit", &network{burst: 12}, nil, "")
}

// What is said alone, without listening before, connects and leaves.
func TestSendOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := &network{}
		s := newSender(t, n, nil)
		if err := s.Send(t.Context(), sendertest.Message()); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		if s.Listening() || n.sent("QUIT") != 1 || len(n.seen()) < 3 {
			t.Errorf("listening %v, sent %q", s.Listening(), n.lines)
		}
	})
}

// said is what people see of a message.
func said(t *testing.T, m notify.Message) (texts []string, err error) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		n := &network{caps: "echo-message"}
		s := newSender(t, n, nil)
		listen(t, s, nobody)
		err = s.Send(t.Context(), m)
		texts = n.seen()
	})
	return texts, err
}

func TestTexts(t *testing.T) {
	sendertest.RunText(t, sendertest.Text{Send: said, Max: maxLines * maxLine, NoToken: true})
}

// The messages that matter most, as a channel shows them.
func TestFormats(t *testing.T) {
	got, golden := sendertest.CheckTexts(t, said), filepath.Join("testdata", "messages.golden")
	if *update {
		if err := os.WriteFile(golden, []byte(got), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil || string(want) != got {
		t.Errorf("%s is another now (%v): run with -update, and read the difference. Got:\n%s", golden, err, got)
	}
}

// A message that cannot be written in the time there is says when to try again, and nothing of it is written.
func TestFloodLimit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := &network{burst: 11}
		s := newSender(t, n, func(c *Config) { c.Burst = 4 })
		listen(t, s, nobody)
		var later *notify.RetryAfter
		for range 20 {
			before := n.written()
			ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
			err := s.Send(ctx, sendertest.Message())
			cancel()
			synctest.Wait()
			if errors.As(err, &later) {
				if now := n.written(); now != before {
					t.Errorf("%d lines of a message that is put off", now-before)
				}
				rest(later.After)
			} else if err != nil {
				t.Fatal(err)
			}
		}
		if later == nil {
			t.Error("nothing was put off")
		}
	})
}

// The connection is made again when it is lost, later and later, and says meanwhile what is wrong.
func TestReconnects(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := &network{}
		s := newSender(t, n, nil)
		listen(t, s, nobody)
		n.tell("ERROR :Closing link: go away")
		synctest.Wait()
		if err := s.Send(t.Context(), sendertest.Message()); err == nil || !strings.Contains(err.Error(), "go away") {
			t.Errorf("got %v while not connected", err)
		}
		if !strings.Contains(s.Trouble(), "go away") {
			t.Errorf("trouble %q", s.Trouble())
		}
		rest(5 * time.Second)
		if err := s.Send(t.Context(), sendertest.Message()); err != nil || s.Trouble() != "" || n.dials() != 2 {
			t.Errorf("%v after %d connections, trouble %q", err, n.dials(), s.Trouble())
		}
		s.config.PasswordFile = sendertest.SecretFile(t, password) // from now on every connection fails
		n.tell("ERROR :again")
		before := n.dials()
		rest(time.Hour)
		if tries := n.dials() - before; tries < 10 || tries > 35 {
			t.Errorf("%d connections in an hour", tries)
		}
	})
}

// A server that says nothing any more is left.
func TestSilence(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := &network{}
		s := newSender(t, n, nil)
		listen(t, s, nobody)
		n.set(func() { n.mute = true })
		rest(4 * time.Minute)
		if n.dials() < 2 {
			t.Error("the connection was held on to")
		}
	})
}

// After a kick and a refusal the sender says where it is not, and comes back.
func TestKicked(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := &network{}
		s := newSender(t, n, nil)
		listen(t, s, nobody)
		n.tell(":op!o@h KICK #ops pushback :too loud")
		synctest.Wait()
		if err := s.Send(t.Context(), sendertest.Message()); err == nil || !strings.Contains(err.Error(), "too loud") {
			t.Errorf("got %v out of the channel", err)
		}
		rest(2 * time.Minute)
		if err := s.Send(t.Context(), sendertest.Message()); err != nil {
			t.Error(err)
		}
	})
}

func TestTopic(t *testing.T) {
	f := func(name string, n *network, before, want string) {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := newSender(t, n, func(c *Config) { c.Topic = true })
				listen(t, s, nobody)
				n.tell(":irc.example 332 pushback #ops :%s", before)
				synctest.Wait()
				for _, text := range []string{"cart v1 watched", "cart v2 watched · frozen · 2 wait"} {
					s.KeepTopic(text)
					rest(time.Minute)
				}
				if n.topic != want {
					t.Errorf("topic %q, want %q", n.topic, want)
				}
				if tries := n.sent("TOPIC"); want == "" && tries > 1 || want != "" && tries != 2 {
					t.Errorf("%d tries", tries)
				}
			})
		})
	}
	f("open to all", &network{modes: "+n"}, "", "Pushback: cart v2 watched · frozen · 2 wait")
	f("operator", &network{members: "@ops-bot"}, "", "") // somebody else is
	f("what people wrote stays", &network{modes: "+n"}, "be nice | Pushback: old", "be nice | Pushback: cart v2 watched · frozen · 2 wait")
	f("no room", &network{modes: "+n"}, strings.Repeat("x", 110), "")
	f("not allowed", &network{}, "", "")
}

// An operator sets a protected topic; one whose topic is undone leaves people in peace for a while.
func TestTopicOperator(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := &network{members: "ops-bot"}
		s := newSender(t, n, func(c *Config) { c.Topic = true })
		listen(t, s, nobody)
		s.KeepTopic("one")
		rest(time.Minute)
		if n.sent("TOPIC") != 0 {
			t.Error("the topic was set by somebody who may not")
		}
		n.tell(":op!o@h MODE #ops +vo ada pushback")
		rest(time.Minute)
		if n.topic != "Pushback: one" {
			t.Errorf("topic %q", n.topic)
		}
		n.tell(":ada!a@h TOPIC #ops :party at eight")
		rest(5 * time.Minute)
		if n.sent("TOPIC") != 1 {
			t.Error("a topic that people have set was overwritten at once")
		}
		rest(6 * time.Minute)
		if n.topic != "party at eight | Pushback: one" {
			t.Errorf("topic %q", n.topic)
		}
	})
}
