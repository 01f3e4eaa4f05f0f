package main

import (
	"fmt"
	"io"
	"os"

	"github.com/pushback/pushback/internal/daemon"
	"github.com/pushback/pushback/rules"
)

type rulesCommand struct {
	Init     rulesInitCommand     `cmd:"" help:"Survey a Prometheus, and write a first pushback.yml and first rules."`
	Coverage rulesCoverageCommand `cmd:"" help:"Show for which services rules find data, and why not for others."`
	Try      rulesTryCommand      `cmd:"" help:"Judge one service at one time in the past, with evidence and plots."`
	Check    rulesCheckCommand    `cmd:"" help:"Check the rules."`
	Reload   rulesReloadCommand   `cmd:"" help:"Make the daemon read its rules now."`
	Test     rulesTestCommand     `cmd:"" help:"Run unit tests of rules: invented series, a change, and the expected result."`
	Migrate  rulesMigrateCommand  `cmd:"" help:"Convert an analysis of Argo Rollouts, Flagger or Kayenta into a rule."`
	Library  rulesLibraryCommand  `cmd:"" help:"List the rules that come with Pushback, or show one."`
	Schema   rulesSchemaCommand   `cmd:"" help:"Print the JSON Schema of a rule file, for editors."`
	Status   rulesStatusCommand   `cmd:"" help:"Show the mode and the record of every rule."`
	Show     rulesShowCommand     `cmd:"" help:"Show a rule's budget, the thresholds that follow, and the smallest shifts they find."`
	Promote  rulesPromoteCommand  `cmd:"" help:"Raise a rule's mode by the step that it has earned."`
	Demote   rulesDemoteCommand   `cmd:"" help:"Lower a rule's mode."`
}

// rulesCheckCommand loads the rules as the daemon does.
type rulesCheckCommand struct {
	configFlag
	Rules string `type:"path" placeholder:"FOLDER" help:"Check this folder. Without a pushback.yml, names of hooks and receivers are not checked."`
	JSON  bool   `help:"Write JSON, for programs."`
}

// Help shows both uses: with and without a pushback.yml.
func (rulesCheckCommand) Help() string {
	return `Shows every mistake at once with its place and a hint. Exit code 2 when there is
one. The daemon keeps the last good rules in force while the folder has mistakes.

Examples:

  pushback rules check -c pushback.yml
  pushback rules check --rules rules --json`
}

// rulesAnswer is what --json writes.
type rulesAnswer struct {
	Rules       int                `json:"rules"`
	Diagnostics []rules.Diagnostic `json:"diagnostics"`
}

// Run checks the folder against what pushback.yml knows.
func (r rulesCheckCommand) Run(out terminal) error {
	folder, world, err := r.world()
	if err != nil {
		return err
	}
	if _, err := os.Stat(folder); err != nil {
		return usageError(fmt.Errorf("reading the rules: %w\n  hint: --rules names a folder of rule files", err))
	}
	set, found := rules.Load(os.DirFS(folder), world)
	answer := rulesAnswer{Diagnostics: found}
	if set != nil {
		answer.Rules = set.Len()
	}
	if r.JSON {
		err = out.printJSON(answer)
	} else {
		err = printRules(out, folder, answer)
	}
	if err == nil && len(found) > 0 {
		return &exitError{code: exitUsage}
	}
	return err
}

// world is the folder to check, and the names that its rules may use. With --rules and
// without a pushback.yml, names are not checked.
func (r rulesCheckCommand) world() (string, rules.World, error) {
	if _, err := os.Stat(r.Config); err != nil && r.Rules != "" {
		return r.Rules, rules.World{}, nil
	}
	c, err := r.load()
	if err != nil {
		return "", rules.World{}, err
	}
	folder := c.Rules
	if r.Rules != "" {
		folder = r.Rules
	}
	return folder, daemon.Adapters().World(c), nil
}

func printRules(out terminal, folder string, a rulesAnswer) error {
	for _, d := range a.Diagnostics {
		if err := d.Render(out, out.colour); err != nil {
			return err
		}
	}
	if len(a.Diagnostics) > 0 {
		_, err := fmt.Fprintf(out, "%s: mistakes: %d\n", folder, len(a.Diagnostics))
		return err
	}
	_, err := io.WriteString(out, fmt.Sprintf("%s: %s, all well\n", folder, counted(a.Rules, "rule")))
	return err
}
