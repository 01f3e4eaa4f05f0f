package command

import (
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"

	"github.com/pushback/pushback/rollback"
)

// placeholders are the names of the values that a program can get: as `$name` in argv
// and as PUSHBACK_NAME in the environment.
var placeholders = []string{
	"key", "change", "service", "environment", "region", "kind", "group",
	"version", "target_version", "rule", "epoch", "url",
}

// orderValues holds the values of the placeholders: a plan and, for an order, its rule
// and epoch.
type orderValues struct {
	plan  rollback.Plan
	rule  string
	epoch int64
}

func valuesOf(w rollback.Warrant) orderValues {
	return orderValues{plan: w.Plan(), rule: w.Order().Rule, epoch: w.Epoch()}
}

func (f orderValues) value(name string) string {
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
	case "group":
		return change.Group
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

// checkArguments refuses an argument that looks like a placeholder and is none, such as
// `$verison` or `--to=$version`: the program would get it unreplaced.
func checkArguments(key string, argv []string) error {
	if len(argv) == 0 || argv[0] == "" {
		return fmt.Errorf("%s is missing: set a list of the program and its arguments", key)
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
		if slices.Contains(placeholders, name) {
			return nil
		}
		return fmt.Errorf("unknown placeholder %q: use one of $%s", argument, strings.Join(placeholders, ", $"))
	}
	for _, name := range placeholders {
		if strings.Contains(argument, "$"+name) {
			return fmt.Errorf("%q: only a whole argument can be a placeholder: write $%s as an argument of its own, or let the program read PUSHBACK_%s", argument, name, strings.ToUpper(name))
		}
	}
	return nil
}

// fillArguments replaces the placeholders in all arguments but the program. It refuses
// a value that begins with a dash, because the values come from outside and the program
// would take it for an option.
func fillArguments(argv []string, values orderValues) ([]string, error) {
	filled := slices.Clone(argv[1:])
	for i, argument := range filled {
		name, found := strings.CutPrefix(argument, "$")
		if !found {
			continue
		}
		filled[i] = values.value(name)
		if strings.HasPrefix(filled[i], "-") {
			return nil, fmt.Errorf("the change's %s begins with a dash: the program would take it for an option", name)
		}
	}
	return filled, nil
}

// environment returns the whole environment of the program.
func environment(configured map[string]string, values orderValues) []string {
	env := []string{"PATH=" + os.Getenv("PATH")}
	for name, v := range configured {
		env = append(env, name+"="+v)
	}
	for _, name := range placeholders {
		env = append(env, "PUSHBACK_"+strings.ToUpper(name)+"="+values.value(name))
	}
	return env
}

func checkEnvironment(env map[string]string) error {
	for name := range env {
		if name == "" || strings.ContainsAny(name, "=\x00") {
			return fmt.Errorf("env: %q is not a valid name of a variable", name)
		}
		if strings.HasPrefix(name, "PUSHBACK_") {
			return fmt.Errorf("env: %s: names that begin with PUSHBACK_ are set by Pushback", name)
		}
	}
	return nil
}
