package commands

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/pushback/pushback/internal/store"
	"github.com/pushback/pushback/sources"
)

// Corrections say that what rules found of a change is wrong; rule is "" for all that are meant. Their errors wrap
// store.ErrConflict where no rule is.
type Corrections interface {
	FalseAlarm(ctx context.Context, changeKey, rule, actor, why string) error
	Missed(ctx context.Context, changeKey, rule, actor, why string) error
}

// correction says what rules found wrong.
type correction struct {
	name string
	say  func(ctx context.Context, changeKey, rule, actor, why string) error
	done string // what has followed
	none string // why there is nothing to correct
}

func (a *Answerer) falseAlarm(ctx context.Context, by caller, args []string) string {
	return a.correct(ctx, by, args, correction{
		name: "false-alarm", say: a.o.Corrections.FalseAlarm,
		done: "noted as a false alarm of every rule that fired.", none: "no rule was likely or certain at it.",
	})
}

func (a *Answerer) missed(ctx context.Context, by caller, args []string) string {
	return a.correct(ctx, by, args, correction{
		name: "missed", say: a.o.Corrections.Missed,
		done: "noted as missed, and marked bad.", none: "every rule that watches it fired, or none watches it, so that nothing was missed.",
	})
}

// correct notes what is wrong about the change of a code.
func (a *Answerer) correct(ctx context.Context, by caller, args []string, c correction) string {
	if len(args) == 0 {
		return fmt.Sprintf("Which change? Write !%s CODE, with the code from the message.", c.name)
	}
	change, why := a.findChange(ctx, args[0])
	if why != "" {
		return why
	}
	if why := a.notOurs(by, change.Service); why != "" {
		return why
	}
	err := c.say(ctx, change.Key, "", by.actor(), sources.OneLine(strings.Join(args[1:], " "), sources.MaxText))
	switch {
	case errors.Is(err, store.ErrConflict):
		return fmt.Sprintf("%s: %s", named(change.Change), c.none)
	case err != nil:
		return a.failed(c.name, err)
	}
	return fmt.Sprintf("%s: %s", named(change.Change), c.done)
}

// findChange returns the change of a code, or why there is none.
func (a *Answerer) findChange(ctx context.Context, code string) (store.Change, string) {
	found, why := a.withCode(ctx, code)
	switch {
	case why != "":
		return store.Change{}, why
	case len(found) == 0:
		return store.Change{}, fmt.Sprintf("There is no change with the code %s.", code)
	case len(found) > 1:
		return store.Change{}, fmt.Sprintf("%d changes begin with %s: write more of the code.", len(found), code)
	}
	return found[0], ""
}

// withCode returns the changes whose keys begin with a code, or why that cannot be asked.
func (a *Answerer) withCode(ctx context.Context, code string) ([]store.Change, string) {
	if len(code) < shortest {
		return nil, fmt.Sprintf("A code has at least %d characters. The message shows it.", shortest)
	}
	found, err := a.o.Store.FindByKey(ctx, code)
	if err != nil {
		return nil, a.failed("find a change", err)
	}
	return found, ""
}
