package main

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/pushback/pushback/internal/daemon"
	"github.com/pushback/pushback/internal/outbound"
	"github.com/pushback/pushback/notify"
)

type receiversTestCommand struct {
	configFlag
	Name    string        `arg:"" help:"Name of the receiver in pushback.yml."`
	Timeout time.Duration `default:"30s" help:"How long sending may take (default ${default})."`
	JSON    bool          `help:"Write JSON, for programs."`
}

// Help says what people see, and shows examples.
func (receiversTestCommand) Help() string {
	return `Sends one message through the receiver as pushback.yml configures it, marked as a
test, and says what the other side answered. People read it. With a pager (alertmanager,
incidentio, opsgenie, pagerduty) the alert is ended again by a second message.

It needs neither the daemon nor the database. Secrets are read from the daemon's files;
run it as the daemon's user. None is printed.

Exit code 0: the receiver took it. 1: it did not, or could not be reached. 2: there is
no such receiver, or pushback.yml has a mistake.

Examples:

  pushback receivers test deploys
  pushback receivers test pager -c /etc/pushback/pushback.yml --timeout 10s
  pushback receivers test deploys --json | jq -e .ok`
}

// receiverTest is the result of receivers test, and what --json writes.
type receiverTest struct {
	Name    string   `json:"name"`
	Kind    string   `json:"kind"`
	OK      bool     `json:"ok"`
	Sent    string   `json:"sent"`              // the first line of the message
	Answers []string `json:"answers"`           // to each HTTP request; none from an IRC or mail server
	Ended   bool     `json:"ended,omitempty"`   // the alert that the test made was ended
	Problem string   `json:"problem,omitempty"` // what went wrong, in the receiver's words
}

// Run tests one receiver. Other receivers of the file may have mistakes.
func (t receiversTestCommand) Run(ctx context.Context, out terminal) error {
	c, err := t.load()
	if err != nil {
		return err
	}
	adapter, known := c.Receivers[t.Name]
	if !known {
		return usageError(unknownReceiver(c, t.Name))
	}
	sender, mistakes := daemon.Adapters().Sender(c, t.Name)
	if len(mistakes) > 0 {
		return wrongConfig(mistakes)
	}
	m := testMessage(time.Now(), "pushback receivers test "+t.Name)
	m.Link = notify.WebLink(c.ExternalURL)
	r := receiverTest{Name: t.Name, Kind: adapter.Kind, Sent: m.Title, Answers: []string{}}
	t.send(ctx, sender, m, &r)
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if t.JSON {
		err = out.printJSON(r)
	} else {
		err = printReceiverTest(out, r)
	}
	if err == nil && !r.OK {
		return &exitError{code: exitFailure}
	}
	return err
}

// alerting are the kinds of receivers that keep an alert open until it is ended.
var alerting = map[string]bool{"alertmanager": true, "incidentio": true, "opsgenie": true, "pagerduty": true}

func (t receiversTestCommand) send(ctx context.Context, s notify.Sender, m notify.Message, r *receiverTest) {
	ctx, cancel := context.WithTimeout(ctx, t.Timeout)
	defer cancel()
	ctx = outbound.Observe(ctx, func(answer string) { r.Answers = append(r.Answers, answer) })
	err := s.Send(ctx, m)
	if err == nil && alerting[r.Kind] {
		m.Resolved, m.EndsAt = true, m.At
		if err = s.Send(ctx, m); err != nil {
			err = fmt.Errorf("the alert that this test made could not be ended, end it by hand: %w", err)
		}
		r.Ended = err == nil
	}
	r.OK = err == nil
	if err != nil {
		r.Problem = err.Error()
	}
}

// testMessage is a message that nobody can take for a real one; command is what somebody has run.
func testMessage(now time.Time, command string) notify.Message {
	return notify.Message{
		Key: fmt.Sprintf("pushback-test-%d", now.UnixNano()), Kind: "test", Severity: notify.Info,
		Title: "Test of Pushback: this receiver works", Action: "Nothing has to be done. Somebody ran " + command + ".", At: now,
	}
}

func printReceiverTest(out terminal, r receiverTest) error {
	var b strings.Builder
	fmt.Fprintf(&b, "%s: kind %s\n", out.paint(styleStrong, r.Name), r.Kind)
	for _, answer := range r.Answers {
		fmt.Fprintf(&b, "  answered %s\n", answer)
	}
	if r.OK {
		fmt.Fprintf(&b, "  %s    it took the message %q\n", out.paint(styleGood, "ok"), r.Sent)
	} else {
		fmt.Fprintf(&b, "  %s  %s\n", out.paint(styleBad, "FAIL"), clean(r.Problem))
	}
	if r.Ended {
		b.WriteString("        and the end of the alert that it made\n")
	}
	_, err := fmt.Fprint(out, b.String())
	return err
}
