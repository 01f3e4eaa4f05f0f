package main

import (
	"bytes"
	"context"
	"flag"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
	validator "github.com/santhosh-tekuri/jsonschema/v6"
)

// answersLog is the variable with the file into which each program of a script writes the
// command whose answer it has validated.
const answersLog = "PUSHBACK_TEST_ANSWERS"

// exitInvalid ends a script whose program wrote what its schema does not allow.
const exitInvalid = 99

// runChecked is run for scripts. It also validates whatever a command writes with --json,
// so that every script is a test of the schema.
func runChecked(ctx context.Context, args []string) int {
	command := answering(args)
	if command == "" {
		return run(ctx, args, os.Stdout, os.Stderr)
	}
	var written bytes.Buffer
	code := run(ctx, args, io.MultiWriter(os.Stdout, &written), os.Stderr)
	if written.Len() == 0 {
		return code // it failed
	}
	err := validate(command, written.Bytes())
	if err == nil {
		err = noteAnswer(command)
	}
	if err != nil {
		fmt.Fprintf(os.Stderr, "the answer of %s is not as documented: %v\n", command, err)
		return exitInvalid
	}
	return code
}

// answering is the command that writes one JSON value; "" for all others.
func answering(args []string) string {
	if !slices.Contains(args, "--json") || slices.Contains(args, "--ticks") {
		return ""
	}
	if args = asHelp(args); args[0] == "incident" && strings.HasPrefix(args[1], "-") {
		return "incident note"
	}
	for n := min(2, len(args)); n > 0; n-- {
		if command := strings.Join(args[:n], " "); jsonAnswers[command] != nil {
			return command
		}
	}
	return ""
}

// validate validates what a command wrote.
func validate(command string, written []byte) error {
	text, err := answerSchema(true)
	if err != nil {
		return err
	}
	document, err := validator.UnmarshalJSON(bytes.NewReader(text))
	if err != nil {
		return err
	}
	const address = "https://pushback.invalid/json.schema.json"
	c := validator.NewCompiler()
	if err := c.AddResource(address, document); err != nil {
		return err
	}
	schema, err := c.Compile(address + "#/$defs/" + definition(command))
	if err != nil {
		return err
	}
	value, err := validator.UnmarshalJSON(bytes.NewReader(written))
	if err != nil {
		return fmt.Errorf("this is not one JSON value: %w", err)
	}
	return schema.Validate(value)
}

// What is not as documented is found: a key that no type has, a value of another kind or
// none of those that may be, and more than one value.
func TestValidation(t *testing.T) {
	f := func(valid bool, command, written string) {
		t.Helper()
		if err := validate(command, []byte(written)); (err == nil) != valid {
			t.Errorf("%s: %s: %v", command, written, err)
		}
	}
	const frozen = `{"frozen": true, "was": false, "file": "data/freeze"`
	f(true, "freeze", frozen+"}")
	f(true, "freeze", frozen+`, "why": "x"}`)
	f(false, "freeze", frozen+`, "who": "amy"}`)
	f(false, "freeze", strings.Replace(frozen, "true", `"yes"`, 1)+"}")
	f(false, "freeze", `{"frozen": true}`)
	f(false, "freeze", frozen+"}\nfrozen")
	f(true, "config check", "[]")
	f(false, "deploy", frozen+"}")
}

func noteAnswer(command string) error {
	f, err := os.OpenFile(os.Getenv(answersLog), os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintln(f, command)
	if closed := f.Close(); err == nil {
		err = closed
	}
	return err
}

// elsewhere are the commands whose answer no script can get in a few seconds with Go alone.
var elsewhere = []string{
	"accuracy",      // needs the recorded series
	"demo ship",     // needs the shop of the demonstration
	"rules init",    // needs a Prometheus: TestTheFirstHour validates it
	"rules promote", // needs a rule that has earned it; writes what demote writes
}

// noteAnswers has the scripts note the answers that they validate. When all have run, it
// checks that every command was among them.
func noteAnswers(t *testing.T) func(*testscript.Env) error {
	t.Helper()
	log := t.TempDir() + "/answers"
	t.Cleanup(func() {
		if flag.Lookup("test.run").Value.String() != "" || t.Failed() {
			return
		}
		text, err := os.ReadFile(log)
		if err != nil {
			t.Fatal(err)
		}
		seen := strings.Split(string(text), "\n")
		for command := range jsonAnswers {
			if !slices.Contains(seen, command) && !slices.Contains(elsewhere, command) {
				t.Errorf("no script runs %s --json", command)
			}
		}
	})
	return func(e *testscript.Env) error {
		e.Setenv(answersLog, log)
		return nil
	}
}
