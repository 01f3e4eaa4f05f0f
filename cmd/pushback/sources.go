package main

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/pushback/pushback/internal/server/api"
)

type sourcesCommand struct {
	Status  sourcesStatusCommand  `cmd:"" help:"List the sources: when each was heard last, what was refused, and why."`
	Try     sourcesTryCommand     `cmd:"" help:"Show what would come of a payload, field by field. Stores nothing."`
	Capture sourcesCaptureCommand `cmd:"" help:"Keep the bodies of a source that are not taken, and show them."`
}

// Help shows the way from a tool that is refused to a mapping that takes it.
func (sourcesCommand) Help() string {
	return `Examples:

  pushback sources status
  pushback sources try builds payload.json
  pushback sources capture builds --on`
}

type sourcesStatusCommand struct {
	serverFlags
}

// Help says what the columns mean.
func (sourcesStatusCommand) Help() string {
	return `ACCEPTED deliveries are stored. IGNORED ones report no change, such as a ping. REFUSED
ones come from the tool, and could not be taken as they were: the last reason is shown.
UNSIGNED requests prove no secret of the source: the tool's secret may be wrong, or a
stranger knocks. Counts are of all replicas and survive restarts.

A source that fetches its changes itself, such as a message bus, also shows what keeps
it from reading.

Example:

  pushback sources status --json`
}

// Run shows every source.
func (s sourcesStatusCommand) Run(ctx context.Context, out terminal) error {
	c, err := s.client()
	if err != nil {
		return err
	}
	var answer api.Sources
	if err := c.call(ctx, http.MethodGet, "/v1/sources", nil, &answer); err != nil {
		return err
	}
	if s.JSON {
		return out.printJSON(answer)
	}
	return printSources(out, answer.Sources)
}

func printSources(out terminal, all []api.Source) error {
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "SOURCE\tKIND\tLAST ACCEPTED\tACCEPTED\tIGNORED\tREFUSED\tUNSIGNED")
	for _, s := range all {
		fmt.Fprintf(w, "%s\t%s\t%s\t%d\t%d\t%d\t%d\n", s.Name, s.Kind, shortTime(s.LastAccepted), s.Accepted, s.Ignored, s.Refused, s.Unsigned)
	}
	if err := w.Flush(); err != nil {
		return err
	}
	for _, s := range all {
		if s.Trouble != "" {
			fmt.Fprintln(out, out.paint(styleBad, s.Name+" cannot read: "+s.Trouble))
		}
		if s.RefusedReason != "" {
			fmt.Fprintf(out, "%s refused at %s: %s\n", s.Name, shortTime(s.LastRefused), s.RefusedReason)
		}
		if s.IgnoredReason != "" {
			fmt.Fprintf(out, "%s ignored at %s: %s\n", s.Name, shortTime(s.LastIgnored), s.IgnoredReason)
		}
		if s.Unsigned > 0 && s.Accepted+s.Ignored+s.Refused == 0 {
			fmt.Fprintf(out, "%s was never sent anything with its secret: is it the same on both sides?\n", s.Name)
		}
	}
	return nil
}

func shortTime(t time.Time) string {
	if t.IsZero() {
		return "never"
	}
	return t.UTC().Format("2006-01-02 15:04:05Z")
}

type sourcesCaptureCommand struct {
	Name  string `arg:"" help:"Name of the source in pushback.yml."`
	What  string `arg:"" optional:"" enum:"show," default:"" help:"show: print the bodies that were kept; also what is done without --on and --off."`
	On    bool   `xor:"switch" help:"Keep bodies from now on."`
	Off   bool   `xor:"switch" help:"Keep no more, and delete those that were kept."`
	Hours int    `default:"24" help:"With --on: for how many hours, at most 168 (default ${default})."`
	Body  string `placeholder:"ID" help:"Print only this body, to write it into a file."`
	As    string `help:"Your name; by default that of your account."`
	serverFlags
}

// Help says what is kept, and how it is used.
func (sourcesCaptureCommand) Help() string {
	return `Keeps the last ten bodies of a source that are refused, and the last ten that are
ignored, so that a mapping can be written from what the tool really sends. It is off by
default, ends by itself, and keeps nothing whose sender did not prove a secret of the
source. Secrets are taken out: the values of keys such as token, and what looks like one
in any text. What else a body holds is stored as it came; everybody with an API token can
read it. --off deletes all of it, and so does the retention.

Examples:

  pushback sources capture builds --on
  pushback sources capture builds show
  pushback sources capture builds --body 1f0c9a3e5b7d2468 > payload.json
  pushback sources try builds payload.json
  pushback sources capture builds --off`
}

// Run switches the capture, or shows it.
func (s sourcesCaptureCommand) Run(ctx context.Context, out terminal) error {
	c, err := s.client()
	if err != nil {
		return err
	}
	var answer api.Capture
	path := "/v1/sources/" + pathSegment(s.Name)
	if s.On || s.Off {
		order := api.CaptureOrder{On: s.On, Actor: deciderFlags{As: s.As}.actor()}
		if s.On {
			order.Hours = s.Hours
		}
		err = c.call(ctx, http.MethodPost, path+"/capture", order, &answer)
	} else {
		err = c.call(ctx, http.MethodGet, path+"/captured", nil, &answer)
	}
	if err != nil {
		return err
	}
	if s.Body != "" {
		return s.printBody(out, answer)
	}
	if s.JSON {
		return out.printJSON(answer)
	}
	printCapture(out, answer)
	return nil
}

// printBody writes one body as it is kept.
func (s sourcesCaptureCommand) printBody(out terminal, c api.Capture) error {
	for _, b := range c.Bodies {
		if strings.HasPrefix(b.ID, s.Body) {
			_, err := fmt.Fprintln(out, b.Body)
			return err
		}
	}
	return fmt.Errorf("no body %s is kept of %s\n  hint: pushback sources capture %s show", s.Body, s.Name, s.Name)
}

func printCapture(out terminal, c api.Capture) {
	if c.On {
		fmt.Fprintf(out, "bodies of %s that are not taken are kept until %s\n", c.Source, shortTime(c.Ends))
	} else {
		fmt.Fprintf(out, "bodies of %s that are not taken are not kept\n", c.Source)
	}
	for _, b := range c.Bodies {
		fmt.Fprintf(out, "\n%s %s at %s, %d bytes: %s\n%s\n", b.ID, b.Outcome, shortTime(b.At), b.Bytes, b.Reason, b.Body)
	}
}
