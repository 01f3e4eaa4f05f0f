//go:build integration

package main_test

import (
	"bufio"
	"fmt"
	"net"
	"net/http"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/pushback/pushback/internal/proof/servertest"
)

// ircNetwork is a scripted IRC server with accounts, which Debian's ngircd has not: it tags what people say with
// their account.
type ircNetwork struct {
	net.Listener
	mu    sync.Mutex
	conns []net.Conn
	lines []string // of all clients
}

func newIRCNetwork(t *testing.T) *ircNetwork {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	n := &ircNetwork{Listener: l}
	t.Cleanup(func() { l.Close() })
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			go n.serve(conn)
		}
	}()
	return n
}

func (n *ircNetwork) serve(conn net.Conn) {
	defer conn.Close()
	for in := bufio.NewScanner(conn); in.Scan(); {
		command, rest, _ := strings.Cut(in.Text(), " ")
		n.mu.Lock()
		n.lines = append(n.lines, in.Text())
		n.mu.Unlock()
		answer := map[string]string{
			"CAP LS": ":irc.example CAP * LS :account-tag echo-message", "CAP REQ": ":irc.example CAP * ACK :account-tag echo-message",
			"CAP END": ":irc.example 001 pushback :Welcome", "PING": ":irc.example PONG irc.example " + rest,
			"JOIN": ":pushback!p@h JOIN #ops", "MODE": ":irc.example 324 pushback #ops +n", "TOPIC": ":pushback!p@h " + in.Text(), "PRIVMSG": ":pushback!p@h " + in.Text(),
		}
		word, _, _ := strings.Cut(rest, " ")
		if command == "JOIN" {
			n.mu.Lock()
			n.conns = append(n.conns, conn)
			n.mu.Unlock()
		}
		if says := answer[command+" "+word] + answer[command]; says != "" {
			fmt.Fprintf(conn, "%s\r\n", says)
		}
	}
}

// said says a line as somebody with an account.
func (n *ircNetwork) said(account, text string) {
	n.mu.Lock()
	defer n.mu.Unlock()
	tag := ""
	if account != "" {
		tag = "@account=" + account + " "
	}
	fmt.Fprintf(n.conns[len(n.conns)-1], "%s:somebody!s@h PRIVMSG #ops :%s\r\n", tag, text)
}

// find returns the first line of a client with a text, "" for none.
func (n *ircNetwork) find(text string) string {
	n.mu.Lock()
	defer n.mu.Unlock()
	for _, line := range n.lines {
		if strings.Contains(line, text) {
			return line
		}
	}
	return ""
}

// A person is asked in an IRC channel and approves there: not without an account, not with one that nobody has, and
// not of another team's service. Of two replicas one is in the channel, and another takes its place.
func TestApprovedInIRC(t *testing.T) {
	cart, network, database, alerts := newTarget(t), newIRCNetwork(t), servertest.PostgreSQL(t), servertest.Alertmanager(t)
	silenced := make(chan string, 1)
	tool := newDeployTool(t, func(int) { // the rollback runs until the silence is there
		var says string
		for end := time.Now().Add(30 * time.Second); !strings.Contains(says, `"state":"active"`) && time.Now().Before(end); {
			says = silenceOf(t, alerts.URL)
		}
		silenced <- says
	})
	text := strings.Replace(settings(metricStore(t, servertest.Prometheus, cart), tool, map[string]*target{"cart": cart}), "receivers:\n", fmt.Sprintf(
		"receivers:\n  ops: {kind: irc, address: %q, plain: true, channels: [\"#ops\"], topic: true, every: 10ms}\n  alerts: {kind: alertmanager, url: %q, silence: {service: $service}}\n",
		network.Addr(), alerts.URL), 1)
	text = strings.Replace(text, "{name: cart,", "{name: cart, owner: shop,", 1) +
		"people: {ada: {role: responder, teams: [shop], irc: ada}, bob: {role: responder, teams: [pay], irc: bob}}\n" +
		fmt.Sprintf("store: {url: %q}\n", database.URL)
	rules := strings.NewReplacer("mode: act", "mode: ask", "tell: chat}", "tell: [chat, ops]}").Replace(rule("once"))
	first, second := serve(t, "replica: a\n"+text, rules), serve(t, "replica: b\n"+text, rules)
	await(t, "the channel", 30*time.Second, func() bool { return network.find("JOIN #ops") != "" })

	key := first.reportEvent("cart", "succeeded", nil)
	cart.fails.Store(bad)
	await(t, "the question", 60*time.Second, func() bool {
		return network.find("waits for a person") != "" || network.find("The rule asks a person") != ""
	})
	await(t, "the topic", 60*time.Second, func() bool { return network.find("TOPIC #ops :Pushback: cart v2 watched") != "" })
	network.said("", "!status")
	await(t, "the state", 10*time.Second, func() bool { return network.find("!approve "+key[:10]+" or") != "" })
	refused := func(account, why string) {
		t.Helper()
		network.said(account, "!approve "+key[:8])
		await(t, why, 10*time.Second, func() bool { return network.find(why) != "" })
		if e := first.explain(key); e.Order.State != "proposed" {
			t.Fatalf("%s: the order is %s", account, e.Order.State)
		}
	}
	refused("", "Only somebody who is signed in")
	refused("mallory", "has irc: mallory")
	refused("bob", "cart belongs to shop, and you answer for pay")
	network.said("ada", "!approve "+key[:8]+" looks bad to me")
	await(t, "the answer", 10*time.Second, func() bool { return network.find("cart v2 in production: rollback to v1 approved.") != "" })
	first.await(key, "a rollback", 45*time.Second, ordered("done"))
	if e := first.explain(key); e.Order.Actor != "ada (by irc)" {
		t.Errorf("decided by %q", e.Order.Actor)
	}
	await(t, "the outcome", 30*time.Second, func() bool { return network.find("rolled back to v1") != "" })
	if silence := <-silenced; !strings.Contains(silence, "(rollback "+key+")") {
		t.Errorf("while it ran: %s", silence)
	}
	await(t, "the end of the silence", 30*time.Second, func() bool { return strings.Contains(silenceOf(t, alerts.URL), `"state":"expired"`) })
	for _, line := range network.lines {
		t.Log(line)
	}
	if link := network.find("token="); link != "" {
		t.Errorf("a link by which anybody may approve: %s", link)
	}
	checkOneJoined(t, network, first, second)
}

// checkOneJoined kills the replica that is in the channel: the other one joins, and nobody has joined twice.
func checkOneJoined(t *testing.T, network *ircNetwork, replicas ...*process) {
	t.Helper()
	joins := func() (n int) {
		network.mu.Lock()
		defer network.mu.Unlock()
		for _, line := range network.lines {
			if line == "JOIN #ops" {
				n++
			}
		}
		return n
	}
	if n := joins(); n != 1 {
		t.Errorf("%d joined", n)
	}
	replicas[0].kill() // the first to start has the seat
	await(t, "the other replica", 60*time.Second, func() bool { return joins() == 2 })
	network.said("", "!help")
	await(t, "its answer", 10*time.Second, func() bool { return network.find("!mine [NAME]") != "" })
}

var whole = regexp.MustCompile(`\s+`)

func silenceOf(t *testing.T, url string) string {
	t.Helper()
	answer, err := http.Get(url + "/api/v2/silences")
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	var b strings.Builder
	in := bufio.NewScanner(answer.Body)
	for in.Scan() {
		b.WriteString(in.Text())
	}
	return whole.ReplaceAllString(b.String(), " ")
}
