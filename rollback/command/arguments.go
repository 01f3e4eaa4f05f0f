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

func value(w rollback.Warrant, name string) string {
	order, change := w.Order(), w.Change()
	switch name {
	case "key":
		return w.Key()
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
		return w.Target()
	case "rule":
		return order.Rule
	case "epoch":
		return strconv.FormatInt(w.Epoch(), 10)
	case "url":
		return change.URL
	}
	panic("command: no value for " + name)
}

// checkArguments refuses what looks like a placeholder and is none: a program
// must not be handed the text `$verison`, or `--to=$version` unreplaced.
func checkArguments(argv []string) error {
	if len(argv) == 0 || argv[0] == "" {
		return fmt.Errorf("argv is missing: a list, the program first")
	}
	if strings.HasPrefix(argv[0], "$") {
		return fmt.Errorf("argv: the program itself cannot be a placeholder")
	}
	for _, argument := range argv[1:] {
		if err := checkArgument(argument); err != nil {
			return err
		}
	}
	return nil
}

func checkArgument(argument string) error {
	if name, found := strings.CutPrefix(argument, "$"); found {
		if slices.Contains(names, name) {
			return nil
		}
		return fmt.Errorf("argv: unknown placeholder %q: there are $%s", argument, strings.Join(names, ", $"))
	}
	for _, name := range names {
		if strings.Contains(argument, "$"+name) {
			return fmt.Errorf("argv: %q: only a whole argument is replaced: write $%s as an argument of its own, or read PUSHBACK_%s", argument, name, strings.ToUpper(name))
		}
	}
	return nil
}

// fill replaces the placeholders. Values come from outside: one that the
// program would read as an option stops the run.
func fill(argv []string, w rollback.Warrant) ([]string, error) {
	filled := slices.Clone(argv[1:])
	for i, argument := range filled {
		name, found := strings.CutPrefix(argument, "$")
		if !found {
			continue
		}
		filled[i] = value(w, name)
		if strings.HasPrefix(filled[i], "-") {
			return nil, fmt.Errorf("the change's %s begins with a dash: the program would take it for an option", name)
		}
	}
	return filled, nil
}

// environment is the whole environment of the program.
func environment(configured map[string]string, w rollback.Warrant) []string {
	env := []string{"PATH=" + os.Getenv("PATH")}
	for name, v := range configured {
		env = append(env, name+"="+v)
	}
	for _, name := range names {
		env = append(env, "PUSHBACK_"+strings.ToUpper(name)+"="+value(w, name))
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
