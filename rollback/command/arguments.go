package command

import (
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"

	"github.com/pushback/pushback/rollback"
)

// names are what a program can be told, as `$name` in argv and as
// PUSHBACK_NAME in the environment.
var names = []string{
	"key", "change", "service", "environment", "region", "kind",
	"version", "target_version", "rule", "epoch", "url",
}

// facts are what the names stand for: a plan, and for an order its rule and
// epoch.
type facts struct {
	plan  rollback.Plan
	rule  string
	epoch int64
}

func factsOf(w rollback.Warrant) facts {
	return facts{plan: w.Plan(), rule: w.Order().Rule, epoch: w.Epoch()}
}

func (f facts) value(name string) string {
	change := f.plan.Change
	switch name {
	case "key":
		return change.Key()
	case "change":
		return change.ID
	case "service":
		return change.Service
	case "environment":
		return change.Environment
	case "region":
		return change.Region
	case "kind":
		return string(change.Kind)
	case "version":
		return change.Version
	case "target_version":
		return f.plan.Target
	case "rule":
		return f.rule
	case "epoch":
		return strconv.FormatInt(f.epoch, 10)
	case "url":
		return change.URL
	}
	panic("command: no value for " + name)
}

// checkArguments refuses what looks like a placeholder and is none: a program
// must not be handed the text `$verison`, or `--to=$version` unreplaced.
func checkArguments(key string, argv []string) error {
	if len(argv) == 0 || argv[0] == "" {
		return fmt.Errorf("%s is missing: a list, the program first", key)
	}
	if strings.HasPrefix(argv[0], "$") {
		return fmt.Errorf("%s: the program itself cannot be a placeholder", key)
	}
	for _, argument := range argv[1:] {
		if err := checkArgument(argument); err != nil {
			return fmt.Errorf("%s: %w", key, err)
		}
	}
	return nil
}

func checkArgument(argument string) error {
	if name, found := strings.CutPrefix(argument, "$"); found {
		if slices.Contains(names, name) {
			return nil
		}
		return fmt.Errorf("unknown placeholder %q: there are $%s", argument, strings.Join(names, ", $"))
	}
	for _, name := range names {
		if strings.Contains(argument, "$"+name) {
			return fmt.Errorf("%q: only a whole argument is replaced: write $%s as an argument of its own, or read PUSHBACK_%s", argument, name, strings.ToUpper(name))
		}
	}
	return nil
}

// fill replaces the placeholders. Values come from outside: one that the
// program would read as an option stops the run.
func fill(argv []string, known facts) ([]string, error) {
	filled := slices.Clone(argv[1:])
	for i, argument := range filled {
		name, found := strings.CutPrefix(argument, "$")
		if !found {
			continue
		}
		filled[i] = known.value(name)
		if strings.HasPrefix(filled[i], "-") {
			return nil, fmt.Errorf("the change's %s begins with a dash: the program would take it for an option", name)
		}
	}
	return filled, nil
}

// environment is the whole environment of the program.
func environment(configured map[string]string, known facts) []string {
	env := []string{"PATH=" + os.Getenv("PATH")}
	for name, v := range configured {
		env = append(env, name+"="+v)
	}
	for _, name := range names {
		env = append(env, "PUSHBACK_"+strings.ToUpper(name)+"="+known.value(name))
	}
	return env
}

func checkEnvironment(env map[string]string) error {
	for name := range env {
		if name == "" || strings.ContainsAny(name, "=\x00") {
			return fmt.Errorf("env: %q is no name of a variable", name)
		}
		if strings.HasPrefix(name, "PUSHBACK_") {
			return fmt.Errorf("env: %s: names that begin with PUSHBACK_ are ours", name)
		}
	}
	return nil
}
