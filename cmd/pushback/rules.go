package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"

	"github.com/pushback/pushback/internal/config"
	"github.com/pushback/pushback/internal/daemon"
	"github.com/pushback/pushback/internal/folder"
	"github.com/pushback/pushback/internal/store"
	"github.com/pushback/pushback/internal/survey"
	"github.com/pushback/pushback/rules"
	"github.com/pushback/pushback/sources"
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

// Help shows the way from no rule to one that may act.
func (rulesCommand) Help() string {
	return `Examples:

  pushback rules init --prometheus http://127.0.0.1:9090 --team shop
  pushback rules check && pushback rules test
  pushback rules coverage
  pushback rules status`
}

// rulesCheckCommand loads the rules as the daemon does.
type rulesCheckCommand struct {
	configFlag
	Rules      string `type:"path" placeholder:"FOLDER" help:"Check this folder. Without a pushback.yml, names of hooks and receivers are not checked."`
	AllowEmpty bool   `help:"A folder without any rule is no mistake."`
	Online     bool   `help:"Also ask the metric stores which signals of the catalogue's services cannot be judged."`
	JSON       bool   `help:"Write JSON, for programs."`
}

// Help shows both uses: with and without a pushback.yml.
func (rulesCheckCommand) Help() string {
	return `Shows every mistake at once with its place and a hint. Exit code 2 when there is
one. The daemon keeps the last good rules in force while the folder has mistakes.

A warning is about a rule that is valid and hardly meant so, such as a counter
without $match in a rule for every service, or $owner.pager where pushback.yml
names no pager for some service. Warnings change no exit code.

With --online it also asks the metric stores, for every service, which queries give
several series and are not combined, and which counters lack the label that bad
names. Exit code 1 if a store fails.

Examples:

  pushback rules check -c pushback.yml
  pushback rules check -c pushback.yml --online
  pushback rules check --rules rules --json`
}

// rulesAnswer is what --json writes.
type rulesAnswer struct {
	Rules       int                `json:"rules"`
	Diagnostics []rules.Diagnostic `json:"diagnostics"`
	Warnings    []rules.Diagnostic `json:"warnings,omitempty"`
	Observing   []string           `json:"observing,omitempty"` // rules that say ask or act, and observe until they have earned it
}

// Run checks the folder against what pushback.yml knows.
func (r rulesCheckCommand) Run(ctx context.Context, out terminal) error {
	dir, world, err := r.world(ctx)
	if err != nil {
		return err
	}
	if err := checkRulesFolder(dir); err != nil {
		return err
	}
	world.AllowEmpty = world.AllowEmpty || r.AllowEmpty
	world.Stop = ctx.Err
	set, found := rules.Load(folder.Files(dir), world)
	answer := rulesAnswer{Diagnostics: found}
	if set != nil {
		answer.Rules, answer.Warnings = set.Len(), set.Warnings()
		more, err := r.warnings(ctx, set)
		if err != nil {
			return err
		}
		answer.Warnings = append(answer.Warnings, more...)
		answer.Observing = r.observing(set)
	}
	if r.JSON {
		err = out.printJSON(answer)
	} else {
		err = printRules(out, dir, answer)
	}
	if err == nil && len(found) > 0 {
		return &exitError{code: exitUsage}
	}
	return err
}

// observing are the rules that say more than a new rule may do.
func (r rulesCheckCommand) observing(set *rules.Set) (names []string) {
	if c, err := r.load(); !r.configured() || err != nil || c.Trust.AsWritten {
		return nil
	}
	for _, rule := range set.Rules() {
		if rule.MaxMode() > rules.Observe {
			names = append(names, rule.Name)
		}
	}
	return names
}

// world is the folder to check, and the names that its rules may use. With --rules and
// without a pushback.yml, names are not checked.
func (r rulesCheckCommand) world(ctx context.Context) (string, rules.World, error) {
	if !r.configured() {
		return r.Rules, rules.World{}, nil
	}
	c, err := r.load()
	if err != nil {
		return "", rules.World{}, err
	}
	dir := c.Rules
	if r.Rules != "" {
		dir = r.Rules
	}
	world := daemon.Adapters().StrictWorld(c)
	world.Environments = recordedEnvironments(ctx, c)
	return dir, world, nil
}

// checkRulesFolder refuses what is no folder before it is read.
func checkRulesFolder(dir string) error {
	info, err := os.Stat(dir)
	if err == nil && !info.IsDir() {
		err = fmt.Errorf("%s is a file", dir)
	}
	if err != nil {
		return usageError(fmt.Errorf("reading the rules: %w\n  hint: --rules names a folder of rule files", err))
	}
	return nil
}

// recordedEnvironments are the environments of the changes in Pushback's database. They are for a
// warning alone, so that a database that cannot be read is no mistake.
func recordedEnvironments(ctx context.Context, c config.Config) []string {
	url, err := c.StoreURL()
	if err != nil {
		return nil
	}
	names, _ := fromDatabase(ctx, url, func(c store.Change) string { return c.Environment })
	slices.Sort(names)
	return slices.Compact(names)
}

// configured reports whether there is a pushback.yml to check the rules by.
func (r rulesCheckCommand) configured() bool {
	_, err := os.Stat(r.Config)
	return err == nil || r.Rules == ""
}

// warnings are those that need pushback.yml: words that are nobody, and with --online what the
// metric stores answer about every service.
func (r rulesCheckCommand) warnings(ctx context.Context, set *rules.Set) (found []rules.Diagnostic, err error) {
	if !r.configured() && !r.Online {
		return nil, nil
	}
	c, err := r.load()
	if err != nil || !r.Online {
		return nobodyWarnings(ctx, c, set, nil), err
	}
	past, err := openPast(ctx, c, set)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, past.close()) }()
	names, err := servicesOf(ctx, c, past)
	if err != nil {
		return nil, err
	}
	online, err := onlineWarnings(ctx, past, set, names)
	return append(nobodyWarnings(ctx, c, set, names), online...), err
}

// onlineWarnings covers each service in an environment that each rule watches.
func onlineWarnings(ctx context.Context, past *past, set *rules.Set, names []string) ([]rules.Diagnostic, error) {
	all, err := coverageOf(ctx, survey.Options{
		Rules: set.Anywhere(), Stores: past.options.Stores, Default: past.options.Default, At: past.options.Now,
		Like: sources.Change{Environment: "production", Kind: sources.Deploy, Status: sources.Succeeded},
	}, past, names)
	var warnings []rules.Diagnostic
	for _, service := range all {
		warnings = append(warnings, warningsOf(service)...)
		for _, gap := range service.Missing {
			if gap.Failed {
				err = errors.Join(err, fmt.Errorf("rule %s for %s: %s", gap.Rule, service.Service, gap.Why))
			}
		}
	}
	return warnings, err
}

func printRules(out terminal, folder string, a rulesAnswer) error {
	for _, d := range slices.Concat(a.Diagnostics, a.Warnings) {
		if err := d.Render(out, out.colour); err != nil {
			return err
		}
	}
	if len(a.Diagnostics) > 0 {
		_, err := fmt.Fprintf(out, "%s: mistakes: %d\n", folder, len(a.Diagnostics))
		return err
	}
	end := "all well"
	if n := len(a.Warnings); n > 0 {
		end = counted(n, "warning")
	}
	text := fmt.Sprintf("%s: %s, %s\n", folder, counted(a.Rules, "rule"), end)
	if n := len(a.Observing); n > 0 {
		text += fmt.Sprintf("%s more than to observe. A new rule observes until it has earned more (pushback rules status); trust: {new_rules: as_written} in pushback.yml lets it\n", saysMore(n))
	}
	_, err := io.WriteString(out, text)
	return err
}

// saysMore is how many rules say that they would do more.
func saysMore(n int) string {
	if n == 1 {
		return "1 rule says"
	}
	return fmt.Sprintf("%d rules say", n)
}
