package main

import (
	"io"
	"strings"
	"testing"

	"github.com/alecthomas/kong"
)

// everyCommand calls f with the program, each command and each group of commands.
func everyCommand(t *testing.T, f func(n *kong.Node)) {
	t.Helper()
	parser, err := newParser(t.Context(), newTerminal(io.Discard, io.Discard), io.Discard)
	if err != nil {
		t.Fatal(err)
	}
	var walk func(n *kong.Node)
	walk = func(n *kong.Node) {
		f(n)
		for _, child := range n.Children {
			walk(child)
		}
	}
	walk(parser.Model.Node)
}

// Every --help, of groups of commands too, shows how the command is used, in lines that can
// be copied.
func TestEveryHelpHasAnExample(t *testing.T) {
	everyCommand(t, func(n *kong.Node) {
		var out strings.Builder
		args := append(strings.Fields(n.FullPath())[1:], "--help")
		if code := run(t.Context(), args, &out, t.Output()); code != 0 {
			t.Errorf("%s --help: exit code %d", n.FullPath(), code)
		}
		_, examples, found := strings.Cut(out.String(), "Example")
		if !found || !strings.Contains(examples, "\n    "+firstWords(n.FullPath())) && !strings.Contains(examples, " pushback ") {
			t.Errorf("%s --help has no example:\n%s", n.FullPath(), n.Detail)
		}
	})
}

func firstWords(path string) string { return strings.Join(strings.Fields(path)[:1], " ") }

// Every flag and argument says what it is, and the default that it has.
func TestEveryFlagIsExplained(t *testing.T) {
	everyCommand(t, func(n *kong.Node) {
		values := append([]*kong.Value{}, n.Positional...)
		for _, f := range n.Flags {
			values = append(values, f.Value)
		}
		for _, v := range values {
			if len(v.Help) < 4 || !strings.HasSuffix(v.Help, ".") {
				t.Errorf("%s: %s has no help that ends as a sentence: %q", n.FullPath(), v.Name, v.Help)
			}
			if v.HasDefault && !strings.Contains(strings.ToLower(v.Help), strings.ToLower(v.Default)) {
				t.Errorf("%s: the help of %s does not name its default %q: %q", n.FullPath(), v.Name, v.Default, v.Help)
			}
		}
	})
}

// `help` and `--version` do what people expect of any program.
func TestHelpAndVersion(t *testing.T) {
	f := func(want string, args ...string) {
		t.Helper()
		var out strings.Builder
		if code := run(t.Context(), args, &out, t.Output()); code != 0 || !strings.Contains(out.String(), want) {
			t.Errorf("%q: exit code %d, %s; want %q", args, code, out.String(), want)
		}
	}
	f("Usage: pushback <command>", "help")
	f("Usage: pushback rules test", "help", "rules", "test")
	f("Usage: pushback help", "help", "--help")
	f("pushback ", "--version")
	f(`"version":`, "--version", "--json")
	f("Version it changes to", "deploy", "--help")
	if code := run(t.Context(), []string{"help", "nonsense"}, io.Discard, t.Output()); code != exitUsage {
		t.Errorf("help of an unknown command: exit code %d", code)
	}
}
