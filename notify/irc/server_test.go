package irc

import (
	"bufio"
	"context"
	"encoding/base64"
	"fmt"
	"net"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
	"unicode/utf8"
)

// network is a scripted IRC server: it enforces the length of lines and, where told so, what a flood is, and it has
// accounts, which Debian's ngircd has not. The clients beside ours are lines that a test injects.
type network struct {
	t         *testing.T
	caps      string            // what CAP LS offers
	passwords map[string]string // account → password, for SASL
	accounts  map[string]string // nick → account
	masks     map[string]string // nick → user@host, for WHOIS
	taken     []string          // nicks in use
	members   string            // who is in the channel besides us
	modes     string            // of the channel; "" is +nt
	refuse    string            // a numeric that answers every PRIVMSG
	mute      bool              // answers no PING of ours
	swallow   bool              // echoes nothing
	burst     int               // more lines than this within ten seconds are a flood; 0: no limit

	mu       sync.Mutex
	lines    []string // what our client has sent, after its registration
	said     []string // texts of PRIVMSG
	replies  []string // texts of NOTICE, with their targets
	topic    string
	times    []time.Time
	conn     net.Conn
	nick     string
	mask     string
	account  string
	wanted   []string
	connects int
	onWhois  func(n *network, nick string) // runs before WHOIS is answered
}

// dial connects a client to the network.
func (n *network) dial(context.Context, string, string) (net.Conn, error) {
	client, server := net.Pipe()
	n.mu.Lock()
	n.conn, n.mask, n.connects, n.wanted = server, "pushback@host.example", n.connects+1, nil
	n.mu.Unlock()
	go n.serve(server)
	return client, nil
}

// tell sends a line to the client.
func (n *network) tell(format string, args ...any) {
	n.mu.Lock()
	conn := n.conn
	n.mu.Unlock()
	_, _ = fmt.Fprintf(conn, format+"\r\n", args...)
}

func (n *network) serve(conn net.Conn) {
	defer conn.Close()
	in := bufio.NewReader(conn)
	for {
		text, err := in.ReadString('\n')
		if err != nil {
			return
		}
		if len(text) > maxLine || !strings.HasSuffix(text, "\r\n") || strings.ContainsAny(text[:len(text)-2], "\r\n\x00") || !utf8.ValidString(text) {
			n.t.Errorf("the client sent %d bytes, or what is no line: %q", len(text), text)
			return
		}
		l, err := parse(text[:len(text)-2])
		if err != nil {
			n.t.Errorf("the client sent %q", text)
			return
		}
		if n.has("welcomed") && n.floods() {
			n.t.Errorf("Excess Flood: %q", text)
			return
		}
		n.handle(l)
	}
}

// floods counts a line.
func (n *network) floods() bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	now := time.Now()
	n.times = slices.DeleteFunc(n.times, func(t time.Time) bool { return now.Sub(t) > 10*time.Second })
	n.times = append(n.times, now)
	return n.burst > 0 && len(n.times) > n.burst
}

func (n *network) handle(l line) {
	n.mu.Lock()
	nick := n.nick
	n.lines = append(n.lines, l.command+" "+strings.Join(l.params, " "))
	n.mu.Unlock()
	switch l.command {
	case "CAP":
		n.negotiate(l)
	case "AUTHENTICATE":
		n.authenticate(l)
	case "NICK":
		n.rename(l.param(0))
	case "USER":
		n.wants("USER")
	case "PING":
		if !n.is(&n.mute) {
			n.tell(":irc.example PONG irc.example :%s", l.param(0))
		}
	case "JOIN":
		n.tell(":%s!%s JOIN %s", nick, n.mask, l.param(0))
		n.tell(":irc.example 353 %s = %s :%s %s", nick, l.param(0), nick, n.members)
		n.tell(":irc.example 366 %s %s :End of /NAMES list", nick, l.param(0))
	case "MODE":
		modes := n.modes
		if modes == "" {
			modes = "+nt"
		}
		n.tell(":irc.example 324 %s %s %s", nick, l.param(0), modes)
	case "PRIVMSG":
		n.privmsg(l)
	case "NOTICE":
		n.mu.Lock()
		n.replies = append(n.replies, l.param(0)+" "+l.param(1))
		n.mu.Unlock()
	case "WHOIS":
		n.whois(l.param(0))
	case "TOPIC":
		n.setTopic(l)
	}
}

func (n *network) negotiate(l line) {
	switch l.param(0) {
	case "LS":
		n.tell(":irc.example CAP * LS * :multi-prefix")
		n.tell(":irc.example CAP * LS :%s", n.caps)
	case "REQ":
		n.tell(":irc.example CAP * ACK :%s", l.param(1))
	case "END":
		n.wants("END")
	}
}

func (n *network) authenticate(l line) {
	if l.param(0) == "PLAIN" {
		n.tell("AUTHENTICATE +")
		return
	}
	text, _ := base64.StdEncoding.DecodeString(l.param(0))
	parts := strings.Split(string(text), "\x00")
	if len(parts) != 3 || n.passwords[parts[1]] != parts[2] {
		n.tell(":irc.example 904 * :SASL authentication failed")
		return
	}
	n.account = parts[1]
	n.tell(":irc.example 900 * pushback!u@h %s :You are now logged in", parts[1])
	n.tell(":irc.example 903 * :SASL authentication successful")
}

func (n *network) rename(nick string) {
	if slices.Contains(n.taken, nick) {
		n.tell(":irc.example 433 * %s :Nickname is already in use", nick)
		return
	}
	n.mu.Lock()
	before := n.nick
	n.nick = nick
	n.mu.Unlock()
	if n.has("welcomed") {
		n.tell(":%s!%s NICK %s", before, n.mask, nick)
		return
	}
	n.wants("NICK")
}

// wants welcomes the client when it has sent all that registration takes.
func (n *network) wants(step string) {
	n.set(func() { n.wanted = append(n.wanted, step) })
	if !n.has("NICK") || !n.has("USER") || !n.has("END") || n.has("welcomed") {
		return
	}
	n.set(func() { n.wanted = append(n.wanted, "welcomed") })
	n.tell(":irc.example 001 %s :Welcome", n.nick)
	n.tell(":irc.example 005 %s TOPICLEN=120 CHANTYPES=# :are supported", n.nick)
}

func (n *network) privmsg(l line) {
	full := fmt.Sprintf(":%s!%s PRIVMSG %s :%s\r\n", n.nick, n.mask, l.param(0), l.param(1))
	if len(full) > maxLine {
		n.t.Errorf("others would get %d bytes: %q", len(full), full)
	}
	if n.refuse != "" {
		n.tell(":irc.example %s %s %s :Cannot send to channel", n.refuse, n.nick, l.param(0))
		return
	}
	n.mu.Lock()
	n.said = append(n.said, l.param(1))
	n.mu.Unlock()
	if strings.Contains(n.caps, "echo-message") && !n.swallow {
		n.tell("%s", strings.TrimRight(full, "\r\n"))
	}
}

func (n *network) whois(nick string) {
	if n.onWhois != nil {
		n.onWhois(n, nick)
	}
	user, host, _ := strings.Cut(n.masks[nick], "@")
	n.tell(":irc.example 311 %s %s %s %s * :real name", n.nick, nick, user, host)
	if account := n.accounts[nick]; account != "" {
		n.tell(":irc.example 330 %s %s %s :is logged in as", n.nick, nick, account)
	}
	n.tell(":irc.example 318 %s %s :End of /WHOIS list", n.nick, nick)
}

func (n *network) setTopic(l line) {
	if len(l.param(1)) > 120 {
		n.t.Errorf("a topic of %d bytes: %q", len(l.param(1)), l.param(1))
	}
	if n.modes == "" && !strings.Contains(n.members, "ops-bot") {
		n.tell(":irc.example 482 %s %s :You're not channel operator", n.nick, l.param(0))
		return
	}
	n.mu.Lock()
	n.topic = l.param(1)
	n.mu.Unlock()
	n.tell(":%s!%s TOPIC %s :%s", n.nick, n.mask, l.param(0), l.param(1))
}

// has reports whether the client has taken a step of its registration.
func (n *network) has(step string) bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	return slices.Contains(n.wanted, step)
}

func (n *network) set(alter func()) {
	n.mu.Lock()
	defer n.mu.Unlock()
	alter()
}

func (n *network) is(flag *bool) bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	return *flag
}

// written is how many lines the client has sent.
func (n *network) written() int {
	n.mu.Lock()
	defer n.mu.Unlock()
	return len(n.lines)
}

// seen are the texts that were said so far, and forgets them.
func (n *network) seen() []string {
	n.mu.Lock()
	defer n.mu.Unlock()
	said := n.said
	n.said = nil
	return said
}

func (n *network) answered() []string {
	n.mu.Lock()
	defer n.mu.Unlock()
	replies := n.replies
	n.replies = nil
	return replies
}

func (n *network) sent(command string) (count int) {
	n.mu.Lock()
	defer n.mu.Unlock()
	for _, l := range n.lines {
		if strings.HasPrefix(l, command+" ") {
			count++
		}
	}
	return count
}

// dials is how often a client has connected.
func (n *network) dials() int {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.connects
}
