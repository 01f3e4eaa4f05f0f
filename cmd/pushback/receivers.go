package main

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/pushback/pushback/internal/config"
	"github.com/pushback/pushback/internal/daemon"
	"github.com/pushback/pushback/internal/strictyaml"
	"github.com/pushback/pushback/notify"
)

type receiversCommand struct {
	List receiversListCommand `cmd:"" help:"List the receivers of pushback.yml."`
	Test receiversTestCommand `cmd:"" help:"Send one receiver a message that says it is a test."`
}

// Help shows the way to a receiver that is known to work.
func (receiversCommand) Help() string {
	return `Examples:

  pushback receivers list
  pushback receivers test deploys`
}

type receiversListCommand struct {
	configFlag
	JSON bool `help:"Write JSON, for programs."`
}

// Help says what the columns mean.
func (receiversListCommand) Help() string {
	return `Sends nothing and connects to nobody. COMMANDS: people may approve, reject and hold
from there. DIGEST: it gets a digest. PROBLEM: why it cannot be used as it stands in
pushback.yml.

Examples:

  pushback receivers list -c pushback.yml
  pushback receivers list --json | jq -r '.[].name'`
}

// listedReceiver is one receiver as --json writes it.
type listedReceiver struct {
	Name     string `json:"name"`
	Kind     string `json:"kind"`
	Commands bool   `json:"commands"`
	Digest   bool   `json:"digest"`
	Problem  string `json:"problem,omitempty"` // why it cannot be built
}

// Run lists all receivers. For one that cannot be built it shows the reason.
func (l receiversListCommand) Run(out terminal) error {
	c, err := l.load()
	if err != nil {
		return err
	}
	digests, listed := daemon.DigestReceivers(c), []listedReceiver{}
	for _, name := range slices.Sorted(maps.Keys(c.Receivers)) {
		one := listedReceiver{Name: name, Kind: c.Receivers[name].Kind, Digest: slices.Contains(digests, name)}
		if sender, mistakes := daemon.Adapters().Sender(c, name); len(mistakes) > 0 {
			one.Problem = problemOf(mistakes)
		} else {
			one.Commands = takesCommands(sender)
		}
		listed = append(listed, one)
	}
	if l.JSON {
		return out.printJSON(listed)
	}
	return printReceivers(out, listed)
}

// takesCommands reports whether people give commands there, over its connection or by requests to Pushback.
func takesCommands(s notify.Sender) bool {
	if one, is := s.(notify.WebhookListener); is && one.Commands(nil) != nil {
		return true
	}
	if one, is := s.(interface{ Hears() bool }); is { // which is connected in any case
		return one.Hears()
	}
	one, is := s.(notify.Listener)
	return is && one.Connects()
}

func printReceivers(out terminal, listed []listedReceiver) error {
	if len(listed) == 0 {
		_, err := fmt.Fprintln(out, "pushback.yml has no receivers: verdicts are shown on the page alone.")
		return err
	}
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "NAME\tKIND\tCOMMANDS\tDIGEST\tPROBLEM")
	for _, r := range listed {
		problem := "-"
		if r.Problem != "" {
			problem = out.paint(styleBad, strings.ReplaceAll(r.Problem, "\n", "; "))
		}
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\n", r.Name, r.Kind, yesNo(r.Commands), yesNo(r.Digest), problem)
	}
	return w.Flush()
}

// unknownReceiver is the error for a name that pushback.yml does not have.
func unknownReceiver(c config.Config, name string) error {
	hint := "pushback receivers list"
	if near := strictyaml.Nearest(name, slices.Sorted(maps.Keys(c.Receivers))); near != "" {
		hint = fmt.Sprintf("did you mean %q?", near)
	}
	return fmt.Errorf("there is no receiver %q in %s\n  hint: %s", name, c.File, hint)
}
