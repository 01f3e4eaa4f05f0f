package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/pushback/pushback/internal/config"
	"github.com/pushback/pushback/internal/store"
	"github.com/pushback/pushback/internal/survey"
	"github.com/pushback/pushback/sources"
)

// rulesCoverageCommand says which services no rule can see.
type rulesCoverageCommand struct {
	configFlag
	Rules       string `type:"path" placeholder:"FOLDER" help:"Ask the rules of this folder instead of those in force."`
	Environment string `default:"production" placeholder:"NAME" help:"Think of a change in this environment (default ${default})."`
	Kind        string `default:"deploy" placeholder:"KIND" help:"Think of a change of this kind (default ${default})."`
	Unseen      bool   `help:"Only the services that no rule sees."`
	Strict      bool   `help:"Exit code 1 when there is a service that no rule sees."`
	JSON        bool   `help:"Write JSON, for programs."`
}

// Help says where the services come from.
func (rulesCoverageCommand) Help() string {
	return `Asks the metric store, for every service of the catalogue and every service that
Pushback was told of, which signals of which rules have data now. Of a service
that no rule sees it says why: no rule has its name, the store has none of the
series that the rule asks for, or the catalogue has no labels for it.

Examples:

  pushback rules coverage
  pushback rules coverage --unseen --strict     # for CI`
}

// Run asks for every service.
func (r rulesCoverageCommand) Run(ctx context.Context, out terminal) (err error) {
	c, err := r.load()
	if err != nil {
		return err
	}
	set, err := backtestCommand{Rules: r.Rules}.ruleSet(c)
	if err != nil {
		return err
	}
	past, err := openPast(ctx, c, set)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, past.close()) }()
	names, err := servicesOf(ctx, c, past)
	if err != nil {
		return err
	}
	options := survey.Options{
		Rules: set, Stores: past.options.Stores, Default: past.options.Default, At: past.options.Now,
		Like: sources.Change{Environment: r.Environment, Kind: sources.Kind(r.Kind), Status: sources.Succeeded},
	}
	all, err := coverageOf(ctx, options, past, names)
	if err != nil {
		return err
	}
	if err := r.write(out, all); err != nil {
		return err
	}
	if r.Strict && slices.ContainsFunc(all, func(c survey.Coverage) bool { return len(c.Seen) == 0 }) {
		return &exitError{code: exitFailure}
	}
	return nil
}

// servicesOf are the services of the catalogue and those that a running
// Pushback was told of, sorted.
func servicesOf(ctx context.Context, c config.Config, p *past) ([]string, error) {
	names, err := p.names(ctx, p.options.Now)
	if err != nil {
		return nil, fmt.Errorf("asking for the services: %w", err)
	}
	told, err := toldOf(ctx, c)
	if err != nil {
		return nil, err
	}
	for _, name := range told {
		names = append(names, p.canonical(name))
	}
	slices.Sort(names)
	if names = slices.Compact(names); len(names) == 0 {
		return nil, usageError(errors.New("the catalogue names no service, and Pushback was told of no change\n  hint: write services.discover in pushback.yml, as pushback rules init does"))
	}
	return names, nil
}

// toldOf are the services of the changes in the state, where there is one.
func toldOf(ctx context.Context, c config.Config) ([]string, error) {
	url, err := c.StoreURL()
	if err != nil {
		return nil, err
	}
	st, err := store.OpenReadOnly(ctx, url)
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil // Pushback has not run here
	}
	if err != nil {
		return nil, fmt.Errorf("opening the state: %w", err)
	}
	told, err := st.Changes(ctx, store.ChangeFilter{Limit: mostChanges})
	var names []string
	for _, t := range told {
		names = append(names, t.Service)
	}
	return names, errors.Join(err, st.Close())
}

func coverageOf(ctx context.Context, o survey.Options, p *past, names []string) ([]survey.Coverage, error) {
	all := make([]survey.Coverage, 0, len(names))
	progress := newProgress(os.Stderr, len(names))
	defer progress.end()
	for _, name := range names {
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		progress.step()
		s, err := p.options.Service(ctx, name, time.Now())
		if err != nil {
			return nil, fmt.Errorf("finding %s: %w", name, err)
		}
		all = append(all, o.Cover(ctx, s))
	}
	return all, nil
}

func (r rulesCoverageCommand) write(out terminal, all []survey.Coverage) error {
	unseen := 0
	shown := []survey.Coverage{}
	for _, c := range all {
		if len(c.Seen) == 0 {
			unseen++
		}
		if !r.Unseen || len(c.Seen) == 0 {
			shown = append(shown, c)
		}
	}
	if r.JSON {
		return out.printJSON(shown)
	}
	width := 0
	for _, c := range shown {
		width = max(width, len(c.Service))
	}
	for _, c := range shown {
		if _, err := fmt.Fprintf(out, "%-*s  %s\n", width, c.Service, coverageLine(out, c)); err != nil {
			return err
		}
	}
	_, err := fmt.Fprintf(out, "%s: %d seen, %d not\n", counted(len(all), "service"), len(all)-unseen, unseen)
	return err
}

// coverageLine is what is seen of a service, or why nothing is.
func coverageLine(out terminal, c survey.Coverage) string {
	if len(c.Seen) == 0 {
		return out.paint(styleBad, "not seen: ") + c.Why
	}
	var parts []string
	for _, v := range c.Seen {
		text := v.Rule + ": " + strings.Join(v.Signals, ", ")
		if len(v.Without) > 0 {
			text += out.paint(styleDoubt, " (without "+strings.Join(v.Without, ", ")+")")
		}
		parts = append(parts, text)
	}
	return strings.Join(parts, "; ")
}
