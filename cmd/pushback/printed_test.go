package main

import (
	"io"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

// printed matches a command as messages print it: words that a shell leaves as they are.
var printed = regexp.MustCompile(`\bpushback( [a-z][a-z-]*)( --[a-z]+| [A-Za-z0-9_-]+)*`)

// Every command that any message prints is one that the command line takes.
func TestPrintedCommands(t *testing.T) {
	text, err := os.ReadFile("../../internal/messages/testdata/messages.txt")
	if err != nil {
		t.Fatal(err)
	}
	parser, err := newParser(t.Context(), newTerminal(io.Discard, io.Discard), io.Discard)
	if err != nil {
		t.Fatal(err)
	}
	found := map[string]bool{}
	for _, command := range printed.FindAllString(string(text), -1) {
		parsed, err := parser.Parse(strings.Fields(command)[1:])
		if err != nil {
			t.Errorf("a message prints %q: %v", command, err)
			continue
		}
		found[strings.Fields(parsed.Command())[0]] = true
	}
	for _, name := range []string{"approve", "reject", "false-alarm", "missed", "release", "freeze", "rules", "status"} {
		if !found[name] {
			t.Errorf("no message prints pushback %s, so that this test sees too little", name)
		}
	}
}

// copied waits until a file has a text with a printed command behind it, and runs that command as it is printed:
// copied FILE TEXT. The text is a regular expression; of several the last counts.
func copied(ts *testscript.TestScript, _ bool, args []string) {
	wanted := regexp.MustCompile(args[1] + printed.String())
	for deadline := time.Now().Add(30 * time.Second); time.Now().Before(deadline); time.Sleep(100 * time.Millisecond) {
		body, err := os.ReadFile(ts.MkAbs(args[0])) // not there before the first message
		if err != nil {
			continue
		}
		all := wanted.FindAllString(string(body), -1)
		if len(all) == 0 {
			continue
		}
		commands := printed.FindAllString(all[len(all)-1], -1) // the text may have others in it
		words := strings.Fields(commands[len(commands)-1])
		ts.Logf("%s", strings.Join(words, " "))
		ts.Check(ts.Exec(words[0], slices.Clone(words[1:])...))
		return
	}
	ts.Fatalf("%s has no command after %q:\n%s", args[0], args[1], ts.ReadFile(args[0]))
}
