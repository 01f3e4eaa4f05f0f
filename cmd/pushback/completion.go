package main

import (
	"context"
	"embed"
	"fmt"
	"os"
	"strings"

	"github.com/alecthomas/kong"

	"github.com/pushback/pushback/internal/usage"
	"github.com/pushback/pushback/sources"
)

//go:embed completion/pushback.*
var completionScripts embed.FS

// completionCommand prints the script that a shell loads.
type completionCommand struct {
	Shell string `arg:"" enum:"bash,zsh,fish" help:"Shell: bash, zsh or fish."`
}

// Help says where the script belongs.
func (completionCommand) Help() string {
	return `Commands, flags and their values are completed, and services, changes, rules,
orders, holds and incidents as the daemon knows them, within half a second and
silently if it does not answer. It is asked at --server and with --token-file, or
PUSHBACK_SERVER and PUSHBACK_TOKEN_FILE.

Examples:

  source <(pushback completion bash)                 # in ~/.bashrc
  source <(pushback completion zsh)                  # in ~/.zshrc, after compinit
  pushback completion fish | source                  # in config.fish
  pushback completion bash > /usr/share/bash-completion/completions/pushback`
}

// Run prints the script.
func (c completionCommand) Run(out terminal) error {
	script, err := completionScripts.ReadFile("completion/pushback." + c.Shell)
	if err != nil {
		return err
	}
	_, err = out.Write(script)
	return err
}

// completeCommand is what the scripts run at every press of the tab key. It writes one
// candidate a line, a tab and what it is, if that is known. It never fails: a message would stand in the
// middle of what somebody types.
type completeCommand struct {
	Line  string   `help:"What was typed, up to the cursor."`
	Words []string `arg:"" optional:"" help:"What was typed, as words, without the program's name."`
}

// Help says who calls it.
func (completeCommand) Help() string {
	return `Is called by the scripts of "pushback completion". Example:

  pushback __complete -- deploy --kind ""`
}

// Run writes the candidates.
func (c completeCommand) Run(ctx context.Context, out terminal, app *kong.Kong) error {
	words := c.Words
	if c.Line != "" {
		split, whole := usage.Split(c.Line)
		if !whole {
			return nil
		}
		words = split[1:]
	}
	for _, found := range usage.Complete(app.Model, words, newValues(ctx).of) {
		text, _, _ := strings.Cut(sources.OneLine(found.Text, maxCandidateText), ". ")
		fmt.Fprintln(out, strings.TrimSuffix(found.Value+"\t"+strings.TrimSuffix(text, "."), "\t"))
	}
	return nil
}

// maxCandidateText is how much is said of a candidate, in bytes.
const maxCandidateText = 80

// expandHome does what the shell does when the line is run.
func expandHome(path string) string { return kong.ExpandPath(os.ExpandEnv(path)) }
