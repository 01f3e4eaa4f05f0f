// Command pushback watches changes going to production, judges the signals
// before and after them, and rolls back what the teams' rules say. Every
// subcommand has a file of its own. serve runs the daemon (package
// internal/daemon); the others call its API or work on files only.
//
// Exit codes, the same for every subcommand:
//
//	0  it worked; for deploy --wait and for watch of one change: it is healthy; for gate: it is open
//	1  it failed: the server refused or could not be reached, a file could not be written;
//	   for replay: a verdict differs; for rules migrate --strict: something was left; for
//	   probe: the target is not as expected; for healthcheck: the daemon is not well
//	2  the command line, pushback.yml or a rule has a mistake; nothing was done; for replay:
//	   a verdict cannot be judged again
//	3  deploy --wait, watch of one change: it regressed; gate: it is closed
//	4  deploy --wait, watch of one change: its watch ended neither healthy nor regressed, or --timeout was over
//	5  deploy --wait: the change is certainly bad, and nothing was done, because the rule only observes or
//	   its rollback was refused
//
// So a script can distinguish "the release is bad" from "nobody could be asked".
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"slices"
	"strings"
	"syscall"
	_ "time/tzdata" // pushback.yml names time zones, also where the host has none

	"github.com/alecthomas/kong"
)

// The exit codes of the package comment.
const (
	exitFailure      = 1
	exitUsage        = 2
	exitRegressed    = 3
	exitClosed       = 3
	exitInconclusive = 4
	exitNothingDone  = 5
)

// commandLine holds every command. Kong fills it from the arguments and calls Run of
// the command that was typed.
type commandLine struct {
	Serve       serveCommand       `cmd:"" help:"Run the daemon."`
	Deploy      deployCommand      `cmd:"" help:"Report a change to the daemon."`
	Status      statusCommand      `cmd:"" help:"List the newest changes, and the orders that wait for a person."`
	Watch       watchCommand       `cmd:"" help:"Follow what is being watched, one service or one change."`
	Top         topCommand         `cmd:"" help:"Show what is going on now, on the whole screen."`
	Healthcheck healthcheckCommand `cmd:"" help:"Ask whether the daemon works, for containers and scripts."`
	Explain     explainCommand     `cmd:"" help:"Show why a change was judged as it was."`
	Plot        plotCommand        `cmd:"" help:"Draw the plots of a verdict as a picture."`
	Mine        mineCommand        `cmd:"" help:"List your changes, and how they did."`
	Diff        diffCommand        `cmd:"" help:"Show the signals of two changes side by side."`
	Approve     approveCommand     `cmd:"" help:"Approve a proposed rollback."`
	Reject      rejectCommand      `cmd:"" help:"Reject a rollback that waits."`
	Missed      missedCommand      `cmd:"" help:"Report a bad change that no rule found."`
	FalseAlarm  falseAlarmCommand  `cmd:"" name:"false-alarm" help:"Report that rules fired for a change that was not bad."`
	Gate        gateCommand        `cmd:"" help:"Ask whether a service may be deployed now."`
	Hold        holdCommand        `cmd:"" help:"Close the gate of a service, or of all services."`
	Release     releaseCommand     `cmd:"" help:"Release a hold, or clear a change that counts as bad."`
	Incident    incidentCommand    `cmd:"" help:"Keep a time out of what is learned."`
	Freeze      freezeCommand      `cmd:"" help:"Stop all rollbacks within five seconds."`
	Unfreeze    unfreezeCommand    `cmd:"" help:"Allow rollbacks again."`
	Rules       rulesCommand       `cmd:"" help:"Work on the rules."`
	Config      configCommand      `cmd:"" help:"Work on pushback.yml."`
	Doctor      doctorCommand      `cmd:"" help:"Look at everything an installation stands on, and say what to do next."`
	Sources     sourcesCommand     `cmd:"" help:"See what comes of deliveries, and try payloads."`
	Hooks       hooksCommand       `cmd:"" help:"List hooks, and test them without acting."`
	Receivers   receiversCommand   `cmd:"" help:"List receivers, and send them a test message."`
	Tokens      tokensCommand      `cmd:"" help:"Create, list and revoke named tokens."`
	Whoami      whoamiCommand      `cmd:"" help:"Show who the daemon takes you for, and what you may do."`
	Probe       probeCommand       `cmd:"" help:"Try a page, a port or a certificate once, as the probes of pushback.yml do."`
	Audit       auditCommand       `cmd:"" help:"Export the record of every decision, and verify it."`
	Replay      replayCommand      `cmd:"" help:"Judge the recorded verdicts of a change again, and compare."`
	Backtest    backtestCommand    `cmd:"" help:"Replay the rules over the past: what they find, and their false alarms."`
	Accuracy    accuracyCommand    `cmd:"" help:"Measure how often the detector and other methods are wrong."`
	MCP         mcpCommand         `cmd:"" name:"mcp" help:"Let an assistant ask what Pushback knows; nothing it asks acts."`
	Backup      backupCommand      `cmd:"" help:"Copy the database while the daemon runs."`
	Restore     restoreCommand     `cmd:"" help:"Put a backup in the place of the database."`
	Downgrade   downgradeCommand   `cmd:"" help:"Take the database back to the schema of an older version."`
	Demo        demoCommand        `cmd:"" help:"Detect and roll back a bad release of a small shop on this machine."`
	Version     versionCommand     `cmd:"" help:"Print the version; --version does too."`
	Completion  completionCommand  `cmd:"" help:"Print the completion script of a shell."`
	Man         manCommand         `cmd:"" help:"Print the manual page."`
	Explained   helpCommand        `cmd:"" name:"help" help:"Explain a command; its --help does too."`
	Complete    completeCommand    `cmd:"" name:"__complete" hidden:"" help:"Complete a line that is being typed."`
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}

// run runs the program with the given arguments and returns its exit code.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	out := newTerminal(stdout, stderr)
	parser, err := newParser(ctx, out, stderr)
	if err != nil {
		fmt.Fprintln(stderr, "pushback:", err)
		return exitFailure
	}
	code := -1
	parser.Exit = func(c int) { code = c }
	command, err := parser.Parse(asHelp(args))
	if code >= 0 { // --help has printed the help
		return code
	}
	if err != nil {
		fmt.Fprintf(stderr, "pushback: %v\n  hint: %s --help\n", err, mistyped(err))
		return exitUsage
	}
	return exitCode(stderr, command.Run())
}

// mistyped is the command in whose arguments the mistake is.
func mistyped(err error) string {
	var parse *kong.ParseError
	command := "pushback"
	if !errors.As(err, &parse) {
		return command
	}
	for _, step := range parse.Context.Path {
		if step.Command != nil {
			command += " " + step.Command.Name
		}
	}
	return command
}

func newParser(ctx context.Context, out terminal, stderr io.Writer) (*kong.Kong, error) {
	k, err := kong.New(&commandLine{},
		kong.Name("pushback"),
		kong.Description("Judge every change to production by its metrics, and roll the bad ones back."),
		kong.ConfigureHelp(kong.HelpOptions{Compact: true, WrapUpperBound: 100}),
		kong.Writers(out, stderr),
		kong.BindTo(ctx, (*context.Context)(nil)),
		kong.Bind(out),
	)
	if err == nil {
		explainDefaults(k.Model.Node)
	}
	return k, err
}

// explainDefaults adds to the help of each flag and argument the default that it does not
// name itself.
func explainDefaults(n *kong.Node) {
	values := slices.Clone(n.Positional)
	for _, f := range n.Flags {
		values = append(values, f.Value)
	}
	for _, v := range values {
		if v.HasDefault && v.Default != "" && !strings.Contains(strings.ToLower(v.Help), "default") {
			v.Help = strings.TrimSuffix(v.Help, ".") + " (default " + v.Default + ")."
		}
	}
	for _, child := range n.Children {
		explainDefaults(child)
	}
}

// exitError ends the program with its own exit code. Where err is nil, the command has
// printed everything already.
type exitError struct {
	code   int
	err    error
	status int // of the daemon's answer that was an error; 0: there was none
}

func (e *exitError) Error() string {
	if e.err == nil {
		return fmt.Sprintf("exit code %d", e.code)
	}
	return e.err.Error()
}

func (e *exitError) Unwrap() error { return e.err }

// usageError is a mistake in the command line or in a file: exit code 2.
func usageError(err error) error { return &exitError{code: exitUsage, err: err} }

// exitCode prints the error of a command and picks the exit code.
func exitCode(stderr io.Writer, err error) int {
	if err == nil {
		return 0
	}
	var e *exitError
	if !errors.As(err, &e) {
		fmt.Fprintln(stderr, "pushback:", err)
		return exitFailure
	}
	if e.err != nil {
		fmt.Fprintln(stderr, "pushback:", err) // with what was wrapped around it
	}
	return e.code
}
