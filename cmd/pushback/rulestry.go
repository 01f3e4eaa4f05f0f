package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/prometheus/common/model"

	"github.com/pushback/pushback/detector"
	"github.com/pushback/pushback/internal/backtest"
	"github.com/pushback/pushback/internal/config"
	"github.com/pushback/pushback/internal/report"
	"github.com/pushback/pushback/rules"
	"github.com/pushback/pushback/sources"
	"github.com/pushback/pushback/watch"
)

// rulesTryCommand replays one rule at one past moment of one service.
type rulesTryCommand struct {
	configFlag
	Rule        string `arg:"" help:"Name of the rule."`
	Service     string `required:"" placeholder:"NAME" help:"Service to judge."`
	At          string `required:"" placeholder:"TIME" help:"When the change was complete: 2026-11-20T10:00:00Z, 2026-11-20 10:00 (UTC), or how long ago, as in 3h."`
	Environment string `default:"production" placeholder:"NAME" help:"Environment of the change (default ${default})."`
	Kind        string `default:"deploy" placeholder:"KIND" help:"Kind of the change (default ${default})."`
	Version     string `placeholder:"VERSION" help:"Version of the change."`
	Rules       string `type:"path" placeholder:"FOLDER" help:"Take the rule from this folder instead of the one in force."`
	JSON        bool   `help:"Write JSON, for programs."`
	styleFlags
}

// Help describes the output.
func (rulesTryCommand) Help() string {
	return `Judges by data of the metric store what the rule would have said about a change at
that time. Shows how the grade rose, the evidence with a plot of each signal, and
what the rule's response lines would have done. Nothing is stored, and nobody is
notified. Exit code 1 if the metric store failed.

Examples:

  pushback rules try http-red --service cart --at 2026-11-20T10:00:00Z
  pushback rules try red --service cart --at 3h --rules my-rules/ --json`
}

// Run replays the rule and shows the last look.
func (r rulesTryCommand) Run(ctx context.Context, out terminal) (err error) {
	at, err := parsePastTime(r.At, time.Now())
	if err != nil {
		return usageError(err)
	}
	c, set, err := r.loadRule(ctx)
	if err != nil {
		return err
	}
	past, err := openPast(ctx, c, set)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, past.close()) }()
	service := past.canonical(r.Service)
	moment := backtest.Moment{Change: sources.Change{
		ID: "try", Service: service, Environment: r.Environment, Kind: sources.Kind(r.Kind), Version: r.Version,
		Status: sources.Succeeded, StartedAt: at, FinishedAt: at, Reversible: true,
	}}
	var replays []backtest.Replay
	err = backtest.Run(ctx, past.options, []backtest.Moment{moment}, func(_ backtest.Moment, all []backtest.Replay) error {
		replays = all
		return nil
	})
	switch {
	case err != nil:
		return fmt.Errorf("replaying the rule: %w", err)
	case len(replays) == 0:
		return usageError(fmt.Errorf("rule %s does not watch a %s of %s in %s\n  hint: pushback rules coverage shows which rules find data for a service", r.Rule, r.Kind, service, r.Environment))
	case len(replays[0].Looks) == 0 && replays[0].Fault != nil:
		return storeFailed(replays[0].Fault)
	case len(replays[0].Looks) == 0:
		return usageError(errors.New("there is nothing to judge yet: the first tick after that time is not over"))
	}
	if err := r.show(out, replays[0]); err != nil || replays[0].Fault == nil {
		return err
	}
	return storeFailed(replays[0].Fault)
}

// storeFailed is exit code 1: what is shown says nothing about the change.
func storeFailed(err error) error {
	return fmt.Errorf("the metric store failed, so this is no result: %w\n  hint: pushback config check --online asks whether it works", err)
}

// loadRule loads the rules and leaves only the one to replay.
func (r rulesTryCommand) loadRule(ctx context.Context) (config.Config, *rules.Set, error) {
	c, err := r.load()
	if err != nil {
		return c, nil, err
	}
	set, err := backtestCommand{Rules: r.Rules}.ruleSet(ctx, c)
	if err != nil {
		return c, nil, err
	}
	if only := set.Only(r.Rule); only.Len() > 0 {
		return c, only, nil
	}
	var known []string
	for _, one := range set.Rules() {
		known = append(known, one.Name)
	}
	return c, nil, usageError(fmt.Errorf("there is no rule %q\n  hint: the rules are %s", r.Rule, strings.Join(known, ", ")))
}

// pastTimes are the layouts in which --at may be written.
var pastTimes = []string{time.RFC3339, "2006-01-02 15:04:05", "2006-01-02 15:04", "2006-01-02T15:04"}

// parsePastTime reads a time in the past, or how long ago it was.
func parsePastTime(text string, now time.Time) (time.Time, error) {
	if d, err := model.ParseDuration(text); err == nil {
		return now.Add(-time.Duration(d)).UTC().Truncate(time.Second), nil
	}
	for _, form := range pastTimes {
		if at, err := time.Parse(form, text); err == nil {
			if at.After(now) {
				return at, fmt.Errorf("--at %s is in the future", strconv.Quote(text))
			}
			return at.UTC(), nil
		}
	}
	return time.Time{}, fmt.Errorf("--at %s is not a time\n  hint: write 2026-11-20T10:00:00Z, or how long ago, as in 3h", strconv.Quote(text))
}

// tryAnswer is what --json writes.
type tryAnswer struct {
	Rule    string           `json:"rule"`
	State   watch.State      `json:"state"`
	Grade   detector.Grade   `json:"grade"`
	Ticks   []triedTick      `json:"ticks"`
	Last    detector.Verdict `json:"last"`
	Settled bool             `json:"settled"` // the bake is over
}

type triedTick struct {
	Tick     int            `json:"tick"`
	At       time.Time      `json:"at"`
	Grade    detector.Grade `json:"grade"` // of the watch: the highest so far
	Tell     []string       `json:"tell,omitempty"`
	Rollback string         `json:"rollback,omitempty"` // the hook
	Mode     *rules.Mode    `json:"mode,omitempty"`
}

func (r rulesTryCommand) show(out terminal, replay backtest.Replay) error {
	last := replay.Looks[len(replay.Looks)-1]
	t := tryAnswer{
		Rule: replay.Rule.Name, State: last.State, Grade: last.Grade, Last: last.Verdict, Settled: !last.State.Open(), Ticks: ticksOf(replay),
	}
	if r.JSON {
		return out.printJSON(t)
	}
	err := report.Text(out, report.Record{Change: replay.Moment.Change, Watch: replay.End, Verdict: last.Verdict, Observation: last.Observation}, r.style(out))
	if err != nil {
		return err
	}
	return t.printCourse(out, replay.Moment.FinishedAt)
}

// ticksOf evaluates the response lines as if the rule had earned mode act and nothing
// was frozen, to show what is written in them.
func ticksOf(replay backtest.Replay) []triedTick {
	var all []triedTick
	for _, a := range replay.Responses(rules.Moment{Earned: rules.Act, Cap: rules.Act}) {
		t := triedTick{Tick: a.Look.Tick, At: a.Look.At, Grade: a.Look.Grade}
		for _, action := range a.Actions {
			t.Tell = append(t.Tell, slices.Concat(action.Tell, action.NoReceiver)...)
			if i := action.Rollback; i != nil {
				t.Rollback, t.Mode = i.Hook, &i.Mode
				if i.Hook == "" {
					t.Rollback = "no hook"
				}
			}
		}
		all = append(all, t)
	}
	return all
}

// printCourse says when the grade rose, and what the response lines would have done.
func (t tryAnswer) printCourse(out terminal, from time.Time) error {
	var b strings.Builder
	grade := detector.None
	for _, tick := range t.Ticks {
		var what []string
		if tick.Grade != grade {
			what = append(what, tick.Grade.String())
			grade = tick.Grade
		}
		if len(tick.Tell) > 0 {
			what = append(what, "notify "+strings.Join(tick.Tell, ", "))
		}
		if tick.Mode != nil {
			what = append(what, fmt.Sprintf("roll back by %s (%s)", tick.Rollback, tick.Mode))
		}
		if len(what) > 0 {
			fmt.Fprintf(&b, "  %8s  %s\n", model.Duration(tick.At.Sub(from).Truncate(time.Second)), strings.Join(what, "; "))
		}
	}
	if b.Len() == 0 {
		b.WriteString("  nothing at any tick\n")
	}
	end := fmt.Sprintf("final state: %s", t.State)
	if !t.Settled {
		end = "the bake is not over yet"
	}
	_, err := fmt.Fprintf(out, "\nafter the change:\n%s%s\n", b.String(), end)
	return err
}
