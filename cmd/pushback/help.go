package main

import "slices"

// helpCommand is there to be listed: asHelp turns it into --help of the command it names.
type helpCommand struct {
	Command []string `arg:"" optional:"" help:"Command to explain, such as rules test."`
}

// Help shows both forms.
func (helpCommand) Help() string {
	return `Examples:

  pushback help
  pushback help rules test     # the same as: pushback rules test --help`
}

// Run does nothing: asHelp has replaced the arguments.
func (helpCommand) Run() error { return nil }

// Help is what the program's own --help says.
func (commandLine) Help() string {
	return `Watches every change to production, compares the metrics before and after it, tells
people what became worse, and rolls back what the rules say.

Examples:

  pushback rules init --prometheus http://127.0.0.1:9090 --team shop
  pushback serve -c pushback.yml
  pushback deploy --service cart --environment production --version v42 --wait
  pushback status
  pushback explain kq3v5d2y7m
  pushback help deploy
  pushback --version`
}

// asHelp rewrites `help COMMAND` to `COMMAND --help`, and `--version` to `version`: deploy has
// a --version of its own, so that it cannot be a flag of every command.
func asHelp(args []string) []string {
	if len(args) == 0 {
		return args
	}
	switch {
	case args[0] == "--version":
		return append([]string{"version"}, args[1:]...)
	case args[0] == "help" && !slices.Contains(args, "--help") && !slices.Contains(args, "-h"):
		return append(slices.Clone(args[1:]), "--help")
	}
	return args
}
