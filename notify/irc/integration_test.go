//go:build integration

package irc

import (
	"bufio"
	"context"
	"fmt"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/pushback/pushback/internal/proof/servertest"
	"github.com/pushback/pushback/notify"
	"github.com/pushback/pushback/notify/sendertest"
)

// person is a client beside ours, by hand.
type person struct {
	t    *testing.T
	conn net.Conn
	in   *bufio.Reader
}

func join(t *testing.T, address, nick string) *person {
	t.Helper()
	conn, err := net.Dial("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	p := &person{t, conn, bufio.NewReader(conn)}
	p.say("NICK " + nick)
	p.say("USER " + nick + " 0 * :" + nick)
	p.hears(" 001 ")
	p.say("JOIN #ops")
	p.hears(" 366 ")
	return p
}

func (p *person) say(line string) {
	p.t.Helper()
	if _, err := fmt.Fprintf(p.conn, "%s\r\n", line); err != nil {
		p.t.Fatal(err)
	}
}

// hears waits for a line that holds a text.
func (p *person) hears(text string) string {
	p.t.Helper()
	_ = p.conn.SetReadDeadline(time.Now().Add(20 * time.Second))
	for {
		line, err := p.in.ReadString('\n')
		if err != nil {
			p.t.Fatalf("no line with %q: %v", text, err)
		}
		if len(line) > 512 {
			p.t.Errorf("a line of %d bytes: %q", len(line), line)
		}
		if strings.HasPrefix(line, "PING") {
			p.say("PONG" + line[4:len(line)-2])
		}
		if strings.Contains(line, text) {
			return line
		}
	}
}

// What people see on a real server: messages whole, the topic once we may set it, answers to commands in the channel
// and in private, by whom without an account; and that everything comes back after a kick and a kill.
func TestAgainstNgircd(t *testing.T) {
	server := servertest.IRC(t)
	address := strings.TrimPrefix(server.URL, "irc://")
	ada := join(t, address, "ada")
	ada.say("MODE #ops +t")
	s, err := New(Config{Address: address, Plain: true, Channels: []string{"#ops"}, Topic: true, Every: 10 * time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	heard := make(chan notify.Command, 10)
	listening, stop := context.WithCancel(t.Context())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		_ = s.Listen(listening, func(_ context.Context, c notify.Command) string {
			heard <- c
			return "nothing is watched"
		})
	}()
	defer func() { stop(); <-ended }()
	ada.hears(" JOIN ")
	send := func(m notify.Message) {
		t.Helper()
		for end := time.Now().Add(90 * time.Second); ; {
			if err = s.Send(t.Context(), m); err == nil {
				return
			}
			if time.Now().After(end) {
				t.Fatal(err)
			}
			<-time.After(100 * time.Millisecond)
		}
	}
	long := sendertest.Message()
	long.SignalLines = append(long.SignalLines, strings.Repeat("日本語 é ", 35)+"end-of-it")
	send(long)
	ada.hears("[critical] cart v2 in production: errors rose https://pushback.example/changes/k3y")
	ada.hears("end-of-it")
	ada.hears("Rolling back to v1")

	s.KeepTopic("cart v2 watched · 1 wait")
	ada.say("MODE #ops +o pushback")
	ada.hears("TOPIC #ops :Pushback: cart v2 watched · 1 wait")

	ada.say("PRIVMSG #ops :!status")
	ada.hears("NOTICE #ops :ada: nothing is watched")
	ada.say("PRIVMSG pushback :hold cart why not")
	ada.hears("NOTICE ada :nothing is watched")
	if c := <-heard; c.Name != "status" || c.From.ID != "" || c.From.Name != "ada" {
		t.Errorf("heard %+v", c)
	}
	if c := <-heard; c.Name != "hold" || strings.Join(c.Args, " ") != "cart why not" || c.From.ID != "" {
		t.Errorf("heard %+v", c)
	}

	ada.say("OPER root a-password-of-the-tests")
	ada.hears(" 381 ")
	ada.say("KILL pushback :test")
	ada.hears(" QUIT ")
	again := sendertest.Message()
	again.Title = "after the kill"
	send(again)
	ada.hears("after the kill")
}

// A nick that is in use leads to another one, and a channel that is closed to an error that says so.
func TestRefusedByNgircd(t *testing.T) {
	server := servertest.IRC(t)
	address := strings.TrimPrefix(server.URL, "irc://")
	somebody := join(t, address, "pushback")
	c := Config{Address: address, Plain: true, Channels: []string{"#ops"}, Every: 10 * time.Millisecond}
	s, err := New(c)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Send(t.Context(), sendertest.Message()); err != nil {
		t.Fatal(err)
	}
	somebody.hears(":pushback_!")
	somebody.say("MODE #ops +i")
	somebody.hears("MODE")
	short, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	if err := s.Send(short, sendertest.Message()); err == nil || !strings.Contains(err.Error(), "(473)") {
		t.Errorf("got %v, want the refusal", err)
	}
	c.PasswordFile = sendertest.SecretFile(t, password)
	if s, err = New(c); err != nil {
		t.Fatal(err)
	}
	if err := s.Send(t.Context(), sendertest.Message()); err == nil || !strings.Contains(err.Error(), "SASL") {
		t.Errorf("got %v: ngircd has no SASL", err)
	}
}
