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
	"github.com/pushback/pushback/rules"
	"github.com/pushback/pushback/sources"
)

// rulesCoverageCommand shows for which services rules find data.
type rulesCoverageCommand struct {
	configFlag
	Rules       string `type:"path" placeholder:"FOLDER" help:"Use the rules of this folder instead of those in force."`
	Environment string `default:"production" placeholder:"NAME" help:"Environment of the assumed change (default ${default})."`
	Kind        string `default:"deploy" placeholder:"KIND" help:"Kind of the assumed change (default ${default})."`
	Unseen      bool   `help:"Only the services for which no rule finds data."`
	Strict      bool   `help:"Exit code 1 if no rule finds data for one of the services."`
	JSON        bool   `help:"Write JSON, for programs."`
}

// Help says which services are shown.
func (rulesCoverageCommand) Help() string {
	return `Asks the metric store for every service of the catalogue, and every service with a
reported change, which signals of which rules have data now. For a service without
any it says why: no rule watches it, the store has none of the series that the
rules query, or the catalogue has no labels for it.

Examples:

  pushback rules coverage
  pushback rules coverage --unseen --strict     # for CI`
}

// Run asks the metric stores about every service.
func (r rulesCoverageCommand) Run(ctx context.Context, out terminal) (err error) {
	c, err := r.load()
	if err != nil {
		return err
	}
	set, err := backtestCommand{Rules: r.Rules}.ruleSet(ctx, c)
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
	options := coverageOptions(past, set, r.Environment)
	options.Like.Kind = sources.Kind(r.Kind)
	all, err := coverageOf(ctx, options, past, names)
	if err != nil {
		return err
	}
	if err := r.write(out, all); err != nil {
		return err
	}
	if r.Strict && slices.ContainsFunc(all, func(c survey.Coverage) bool { return len(c.Covered) == 0 }) {
		return &exitError{code: exitFailure}
	}
	return nil
}

// coverageOptions ask about a deploy to an environment.
func coverageOptions(p *past, set *rules.Set, environment string) survey.Options {
	return survey.Options{
		Rules: set, Stores: p.options.Stores, Default: p.options.Default, At: p.options.Now,
		Like: sources.Change{Environment: environment, Kind: sources.Deploy, Status: sources.Succeeded},
	}
}

// servicesOf are the services of the catalogue and those with a recorded change,
// sorted.
func servicesOf(ctx context.Context, c config.Config, p *past) ([]string, error) {
	names, err := p.names(ctx, p.options.Now)
	if err != nil {
		return nil, fmt.Errorf("asking for the services: %w", err)
	}
	recorded, err := recordedServices(ctx, c)
	if err != nil {
		return nil, err
	}
	for _, name := range recorded {
		names = append(names, p.canonical(name))
	}
	slices.Sort(names)
	if names = slices.Compact(names); len(names) == 0 {
		return nil, usageError(errors.New("the catalogue names no service, and no change was reported\n  hint: write services.discover in pushback.yml, as pushback rules init does"))
	}
	return names, nil
}

// recordedServices are the services of the changes in Pushback's database; none where
// Pushback has not run yet.
func recordedServices(ctx context.Context, c config.Config) ([]string, error) {
	url, err := c.StoreURL()
	if err != nil {
		return nil, err
	}
	return fromDatabase(ctx, url, func(c store.Change) string { return c.Service })
}

// fromDatabase is one word of every change in Pushback's database.
func fromDatabase(ctx context.Context, url string, word func(store.Change) string) ([]string, error) {
	st, err := store.OpenReadOnly(ctx, url)
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("opening Pushback's database: %w", err)
	}
	changes, err := st.Changes(ctx, store.ChangeFilter{Limit: mostChanges})
	var names []string
	for _, c := range changes {
		names = append(names, word(c))
	}
	return names, errors.Join(err, st.Close())
}

func coverageOf(ctx context.Context, o survey.Options, p *past, names []string) ([]survey.Coverage, error) {
	all := make([]survey.Coverage, 0, len(names))
	progress := newProgress(os.Stderr, len(names)).saying("asked about %d of %d services")
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
	uncovered := 0
	shown := []survey.Coverage{}
	for _, c := range all {
		if len(c.Covered) == 0 {
			uncovered++
		}
		if !r.Unseen || len(c.Covered) == 0 {
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
		var doubts []string
		for _, d := range warningsOf(c) {
			doubts = append(doubts, d.String())
		}
		for _, word := range c.Nobody {
			doubts = append(doubts, nobodyText(word))
		}
		for _, d := range doubts {
			if _, err := fmt.Fprintf(out, "%-*s  %s\n", width, "", out.paint(styleDoubt, d)); err != nil {
				return err
			}
		}
	}
	_, err := fmt.Fprintf(out, "%s: %d covered, %d not\n", counted(len(all), "service"), len(all)-uncovered, uncovered)
	return err
}

// warningsOf are the warnings about a service's signals.
func warningsOf(c survey.Coverage) []rules.Diagnostic {
	var all []rules.Diagnostic
	for _, v := range c.Covered {
		all = append(all, v.Warnings...)
	}
	return all
}

// coverageLine lists the signals with data, or says why there are none.
func coverageLine(out terminal, c survey.Coverage) string {
	if len(c.Covered) == 0 {
		return out.paint(styleBad, "not covered: ") + c.Why
	}
	var parts []string
	for _, v := range c.Covered {
		text := v.Rule + ": " + strings.Join(v.Signals, ", ")
		if len(v.Without) > 0 {
			text += out.paint(styleDoubt, " (without "+strings.Join(v.Without, ", ")+")")
		}
		parts = append(parts, text)
	}
	return strings.Join(parts, "; ")
}
