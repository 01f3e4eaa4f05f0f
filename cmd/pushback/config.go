package main

import (
	"context"
	"fmt"
	"log/slog"
	"text/tabwriter"

	"github.com/pushback/pushback/internal/config"
	"github.com/pushback/pushback/internal/daemon"
)

// configFlag is the flag of every command that reads pushback.yml.
type configFlag struct {
	Config string `short:"c" name:"config" default:"pushback.yml" env:"PUSHBACK_CONFIG" type:"path" placeholder:"FILE" help:"Configuration (${env}; default ${default})."`
}

func (f configFlag) load() (config.Config, error) { return loadConfig(f.Config) }

// loadConfig reads pushback.yml.
func loadConfig(path string) (config.Config, error) {
	c, mistakes := daemon.Adapters().Load(path)
	if len(mistakes) > 0 {
		return config.Config{}, wrongConfig(mistakes)
	}
	return c, nil
}

// wrongConfig shows every mistake in pushback.yml.
func wrongConfig(mistakes config.Diagnostics) error {
	return usageError(fmt.Errorf("the configuration is wrong:\n%w", mistakes))
}

type configCommand struct {
	Check configCheckCommand `cmd:"" help:"Check pushback.yml and everything it names."`
}

// Help shows the way from the file to the daemon.
func (configCommand) Help() string {
	return `Example:

  pushback config check --online && pushback serve`
}

type configCheckCommand struct {
	configFlag
	Online bool `help:"Also ask the database, metric stores, hooks and Grafana whether they work."`
	JSON   bool `help:"Write JSON, for programs."`
}

// Help says what is checked, with and without --online.
func (configCheckCommand) Help() string {
	return `Builds everything that pushback serve builds, and shows every mistake at once with
its line and column. Nothing is started, opened or written, and nobody is asked.

With --online it then asks whether the database and each metric store answer, whether
Grafana accepts the token, and whether each hook could act (preflight). That changes
nothing either.

Files of secrets that others may read, and weak secrets of other systems, are warned about.
A warning changes no exit code.

--json writes a list of mistakes; with --online, an object with mistakes, warnings and
answers.

Exit code 0: all well. 1: something that was asked does not work. 2: the file has
mistakes.

Examples:

  pushback config check -c pushback.yml
  pushback config check --online --json`
}

// Run checks pushback.yml; `pushback rules check` checks the rules.
func (c configCheckCommand) Run(ctx context.Context, out terminal) error {
	table := daemon.Adapters()
	loaded, mistakes := table.Check(c.Config)
	if len(mistakes) == 0 {
		mistakes = table.BoundHooks(loaded)
	}
	var answers []daemon.Answer
	if c.Online && len(mistakes) == 0 {
		answers = table.Ask(ctx, loaded, slog.New(slog.DiscardHandler))
	}
	if c.JSON {
		return c.printJSON(out, mistakes, loaded.SecretWarnings(), answers)
	}
	if len(mistakes) > 0 {
		return wrongConfig(mistakes)
	}
	for _, w := range loaded.SecretWarnings() {
		fmt.Fprintf(out, "%s %s\n", out.paint(styleDoubt, "warning:"), w)
	}
	fmt.Fprintf(out, "%s: %s, %s, %s, %s: no mistakes\n", c.Config,
		counted(len(loaded.Metrics), "metric store"), counted(len(loaded.Sources), "source"),
		counted(len(loaded.Hooks), "hook"), counted(len(loaded.Receivers), "receiver"))
	if !c.Online {
		fmt.Fprintln(out, "Nobody was asked: --online asks whether the database, metric stores, hooks and Grafana work.")
		return nil
	}
	if err := printAnswers(out, answers); err != nil {
		return err
	}
	return answersError(answers)
}

func printAnswers(out terminal, answers []daemon.Answer) error {
	words := map[string]string{
		daemon.AnswerOK: out.paint(styleGood, "ok"), daemon.AnswerFailed: out.paint(styleBad, "FAILED"), daemon.AnswerNotAsked: "not asked",
	}
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	for _, a := range answers {
		fmt.Fprintf(w, "%s\t%s\t%s\n", a.Place, words[a.Status], a.Detail)
	}
	return w.Flush()
}

// answersError is exit code 1 where an answer is failed. The answers are printed already.
func answersError(answers []daemon.Answer) error {
	for _, a := range answers {
		if a.Status == daemon.AnswerFailed {
			return &exitError{code: exitFailure}
		}
	}
	return nil
}

// printJSON writes the mistakes, and with --online the warnings and the answers beside them.
func (c configCheckCommand) printJSON(out terminal, mistakes, warnings config.Diagnostics, answers []daemon.Answer) error {
	var written any = checked(mistakes)
	if c.Online {
		written = checkAnswer{checked(mistakes), checked(warnings), append([]daemon.Answer{}, answers...)}
	}
	if err := out.printJSON(written); err != nil {
		return err
	}
	if len(mistakes) > 0 {
		return &exitError{code: exitUsage}
	}
	return answersError(answers)
}

// checkAnswer is what --online --json writes.
type checkAnswer struct {
	Mistakes []mistake       `json:"mistakes"`
	Warnings []mistake       `json:"warnings"`
	Answers  []daemon.Answer `json:"answers"`
}

// mistake is one diagnostic as --json writes it.
type mistake struct {
	File    string `json:"file"`
	Line    int    `json:"line"`
	Column  int    `json:"column"`
	Code    string `json:"code"`
	Message string `json:"message"`
	Hint    string `json:"hint,omitempty"`
}

func checked(mistakes config.Diagnostics) []mistake {
	all := make([]mistake, len(mistakes))
	for i, m := range mistakes {
		all[i] = mistake{m.File, m.Line, m.Column, m.Code, m.Message, m.Hint}
	}
	return all
}
