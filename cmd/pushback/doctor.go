package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/pushback/pushback/internal/doctor"
	"github.com/pushback/pushback/internal/readiness"
)

// doctorCommand looks at everything that an installation stands on.
type doctorCommand struct {
	configFlag
	Server      string        `env:"PUSHBACK_SERVER" placeholder:"URL" help:"Address of the daemon; by default that of listen in pushback.yml (${env})."`
	TokenFile   string        `env:"PUSHBACK_TOKEN_FILE" type:"path" placeholder:"FILE" help:"File with the API token; by default that of pushback.yml (${env})."`
	Environment string        `default:"production" placeholder:"NAME" help:"Environment of the assumed change (default ${default})."`
	SendTest    bool          `help:"Send a test message to every receiver. People read it."`
	Timeout     time.Duration `default:"20s" help:"How long each part may take (default ${default})."`
	JSON        bool          `help:"Write JSON, for programs."`
}

// Help says what is looked at.
func (doctorCommand) Help() string {
	return `Looks at pushback.yml, the database, the metric stores, the clocks, the service
catalogue, the rules, which signals have data and from when on they can be judged,
hooks, receivers, files that others may read, the disk, and the running daemon. Ends
in what to do next, in order, each with the command or the line of YAML. Changes
nothing, and works whether or not the daemon runs; run it as the daemon's user.

A line is ok only where something was looked at; what could not be looked at says
why. No message is sent without --send-test.

Exit code 0: nothing fails; warnings change no exit code. 1: something fails. 2: the
command line has a mistake.

Examples:

  pushback doctor
  pushback doctor -c /etc/pushback/pushback.yml --send-test
  pushback doctor --json | jq '.next'`
}

// doctorAnswer is what --json writes.
type doctorAnswer struct {
	doctor.Report
	Signals []readiness.Signal `json:"signals"` // from when on each can be judged
}

// Run looks at one area after the other, and shows all of them.
func (d doctorCommand) Run(ctx context.Context, out terminal) error {
	x := &examination{command: d, now: time.Now()}
	defer x.close()
	x.run(ctx, os.Stderr)
	if err := ctx.Err(); err != nil {
		return err
	}
	answer := doctorAnswer{doctor.NewReport(x.checks), append([]readiness.Signal{}, x.ready...)}
	var err error
	if d.JSON {
		err = out.printJSON(answer)
	} else {
		err = printReport(out, answer.Report)
	}
	if err == nil && answer.Failed() {
		return &exitError{code: exitFailure}
	}
	return err
}

// statusWords are the statuses as people read them.
var statusWords = map[doctor.Status]struct{ word, style string }{
	doctor.OK: {"ok", styleGood}, doctor.Warn: {"warn", styleDoubt}, doctor.Fail: {"FAIL", styleBad}, doctor.NotChecked: {"not checked", styleDoubt},
}

func printReport(out terminal, r doctor.Report) error {
	var b strings.Builder
	for _, c := range r.Checks {
		s := statusWords[c.Status]
		fmt.Fprintf(&b, "%s%s  %-12s %s\n", out.paint(s.style, s.word), strings.Repeat(" ", len("not checked")-len(s.word)), c.Area, clean(c.Line()))
	}
	fmt.Fprintf(&b, "\n%s\n", r.Summary())
	if len(r.Next) > 0 {
		fmt.Fprintf(&b, "\n%s\n", out.paint(styleStrong, "next:"))
	}
	for i, s := range r.Next {
		fmt.Fprintf(&b, "%3d. %s\n       %s\n", i+1, clean(s.Why), clean(s.Do))
	}
	_, err := io.WriteString(out, b.String())
	return err
}
