package main

import (
	"fmt"
	"io"
	"os"

	"github.com/pushback/pushback/internal/daemon"
	"github.com/pushback/pushback/rules"
)

type rulesCommand struct {
	Init     rulesInitCommand     `cmd:"" help:"Look at a Prometheus, and write a first pushback.yml and first rules."`
	Coverage rulesCoverageCommand `cmd:"" help:"Say which services no rule can see, and why."`
	Try      rulesTryCommand      `cmd:"" help:"Judge one past moment of one service, with evidence and plots."`
	Check    rulesCheckCommand    `cmd:"" help:"Check the rules."`
	Reload   rulesReloadCommand   `cmd:"" help:"Have the daemon read its rules now."`
	Test     rulesTestCommand     `cmd:"" help:"Run the unit tests of rules: made-up series, a change, what must be said of it."`
	Migrate  rulesMigrateCommand  `cmd:"" help:"Make a rule of what Argo Rollouts, Flagger or Kayenta judge by."`
	Library  rulesLibraryCommand  `cmd:"" help:"List the rules that come with Pushback, or show one."`
	Schema   rulesSchemaCommand   `cmd:"" help:"Print the JSON Schema of a rule file, for editors."`
	Status   rulesStatusCommand   `cmd:"" help:"Show how far rules may go, and what they have shown."`
	Show     rulesShowCommand     `cmd:"" help:"Show what a rule may cost, the thresholds that follow, and the smallest effects these find."`
	Promote  rulesPromoteCommand  `cmd:"" help:"Let a rule go the step further that it has earned."`
	Demote   rulesDemoteCommand   `cmd:"" help:"Take trust back from a rule."`
}

// rulesCheckCommand reads the rules as the daemon would.
type rulesCheckCommand struct {
	configFlag
	Rules string `type:"path" placeholder:"FOLDER" help:"Check this folder; with no pushback.yml beside it, names of hooks and receivers are not checked."`
	JSON  bool   `help:"Write JSON, for programs."`
}

// Help shows the two ways of use.
func (rulesCheckCommand) Help() string {
	return `Every mistake is shown at once with its place and a hint. Exit code 2 when
there is any. The daemon goes on with the last good rules meanwhile.

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

// world is the folder to check and the names its rules may use. A folder
// named without a configuration stands for itself.
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
