package main

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"time"

	"github.com/pushback/pushback/detector"
	"github.com/pushback/pushback/internal/report"
	"github.com/pushback/pushback/internal/server/api"
	"github.com/pushback/pushback/sources"
	"github.com/pushback/pushback/watch"
)

type explainCommand struct {
	serverFlags
	Change   string `arg:"" help:"Key of the change, the beginning of its key, or the tool's own ID."`
	Plot     bool   `xor:"form" help:"Only plots: each signal before and after, with axes."`
	Markdown bool   `xor:"form" help:"The summary for an issue or a postmortem, as the page of the change copies it."`
	styleFlags
}

// Help says where the explanation comes from.
func (explainCommand) Help() string {
	return `Shows the verdict from its stored record: what was measured, how it was judged,
and the query that reproduces it. --json writes the record itself, --markdown a
summary: the change, what was done, a table of the signals with what was expected, what
came and how rare that is by chance, what happened when, and the links.

Examples:

  pushback explain kq3v5d2y7m
  pushback explain kq3v5d2y7m --plot --width 100
  pushback explain kq3v5d2y7m --markdown > postmortem.md
  pushback explain kq3v5d2y7m --json | jq '.watches[].last.verdict'`
}

// Run shows every watch of the change, its order and its messages.
func (e explainCommand) Run(ctx context.Context, out terminal) error {
	c, err := e.client()
	if err != nil {
		return err
	}
	if e.Markdown {
		return e.writeMarkdown(ctx, c, out)
	}
	var found api.Explanation
	if err := c.call(ctx, http.MethodGet, "/v1/changes/"+pathSegment(e.Change), nil, &found); err != nil {
		return err
	}
	if e.JSON {
		return out.printJSON(found)
	}
	if e.Plot {
		return printPlots(out, found, e.style(out))
	}
	return printExplanation(out, found, e.style(out))
}

// writeMarkdown writes the summary that the daemon makes, so that it is that of the page.
func (e explainCommand) writeMarkdown(ctx context.Context, c *client, out terminal) error {
	if e.JSON {
		return usageError(errors.New("--markdown and --json cannot be used together"))
	}
	summary, err := c.download(ctx, "/v1/changes/"+pathSegment(e.Change)+"/summary.md", "text/markdown")
	if err != nil {
		return err
	}
	_, err = out.Write(summary)
	return err
}

// printPlots draws every watch that has looked.
func printPlots(out terminal, e api.Explanation, style report.Style) error {
	drawn := 0
	for _, w := range e.Watches {
		if w.Last == nil {
			continue
		}
		if drawn++; drawn > 1 {
			fmt.Fprintln(out)
		}
		printAfter(out, w)
		if err := report.Plots(out, recordOf(e.Change, w), style); err != nil {
			return err
		}
	}
	if drawn > 0 {
		return nil
	}
	why := "no watch of it has looked yet"
	if e.Change.State == "unwatched" {
		why = "not watched: " + whyUnwatched(e.Change.Change.Change)
	}
	_, err := fmt.Fprintf(out, "%s: nothing to plot: %s\n", named(e, e.Change.Key), why)
	return err
}

func printExplanation(out terminal, e api.Explanation, style report.Style) error {
	c := e.Change
	fmt.Fprintf(out, "%s  %s %s in %s: %s\n", out.paint(styleStrong, c.Key), c.Service, c.What(), c.Environment,
		out.paint(stateStyle(c.State), c.State))
	if c.State == "unwatched" {
		fmt.Fprintln(out, "not watched: "+whyUnwatched(c.Change.Change))
	}
	if c.Instances != "" {
		fmt.Fprintln(out, c.Instances)
	}
	for _, line := range remarks(e.Journal) {
		fmt.Fprintln(out, out.paint(styleDoubt, line))
	}
	for _, w := range seenFirst(e.Watches) {
		if err := printWatch(out, c, w, style); err != nil {
			return err
		}
	}
	printOrder(out, e.Order)
	for _, line := range unordered(e.Journal) {
		fmt.Fprintln(out, line)
	}
	for _, m := range e.Messages {
		fmt.Fprintf(out, "message to %s: %s (%s)\n", m.Receiver, m.Title, messageState(m))
	}
	if e.Page != "" {
		fmt.Fprintln(out, e.Page)
	}
	return nil
}

// seenFirst puts the watches of rules that found no series of the service last.
func seenFirst(watches []api.Watch) []api.Watch {
	return slices.SortedStableFunc(slices.Values(watches), func(a, b api.Watch) int {
		return cmp.Compare(unmatched(a), unmatched(b))
	})
}

func unmatched(w api.Watch) int {
	if w.Reason == string(detector.UnmatchedSeries) {
		return 1
	}
	return 0
}

// remarks are what sources found out about the change, such as that its version does not run.
func remarks(journal []api.Entry) (lines []string) {
	for _, entry := range journal {
		var detail struct {
			Text string `json:"text"`
		}
		if entry.Action == "remark" && json.Unmarshal(entry.Detail, &detail) == nil && detail.Text != "" {
			lines = append(lines, "it "+sources.OneLine(detail.Text, sources.MaxText))
		}
	}
	return lines
}

// messageState is the state of a message, and which other one speaks for it.
func messageState(m api.Message) string {
	if m.GroupedIn == "" {
		return m.State
	}
	return m.State + ": told with all others in " + m.GroupedIn
}

// unordered says of every rollback that a rule asked for and that was not ordered what the
// rule would have done, and what stood against it.
func unordered(journal []api.Entry) (lines []string) {
	for _, entry := range journal {
		var detail struct {
			Rollback *struct {
				Hook    string `json:"hook"`
				Written string `json:"written"`
				Ordered bool   `json:"ordered"`
				Said    string `json:"said"`
			} `json:"rollback"`
		}
		if entry.Action != "respond" || json.Unmarshal(entry.Detail, &detail) != nil || detail.Rollback == nil || detail.Rollback.Ordered {
			continue
		}
		r := detail.Rollback
		said := cmp.Or(r.Said, fmt.Sprintf("Nothing is done. It says %s through hook %s.", r.Written, r.Hook)) // entries were without it once
		lines = append(lines, fmt.Sprintf("%s: %s", entry.Actor, said))
	}
	return lines
}

// whyUnwatched says why no rule watches a change.
func whyUnwatched(c sources.Change) string {
	if c.Preview() {
		return fmt.Sprintf("%s is a preview, which only a rule that names it in watch.environment watches", c.Environment)
	}
	return fmt.Sprintf("no rule watches %s in %s; pushback rules coverage says why", c.Service, c.Environment)
}

func printWatch(out io.Writer, c api.ChangeSummary, w api.Watch, style report.Style) error {
	if w.Damaged != "" {
		_, err := fmt.Fprintf(out, "\n%s%s: %s; the numbers of the last look are lost: %s\n", w.Rule, afterRollback(w), w.State, w.Damaged)
		return err
	}
	if w.Last == nil {
		_, err := fmt.Fprintf(out, "\n%s%s: %s, not looked at yet\n", w.Rule, afterRollback(w), w.State)
		return err
	}
	fmt.Fprintln(out)
	printAfter(out, w)
	return report.Text(out, recordOf(c, w), style)
}

// printAfter says of a recovery watch when the rollback was done.
func printAfter(out io.Writer, w api.Watch) {
	if !w.After.IsZero() {
		fmt.Fprintf(out, "%s%s at %s:\n", w.Rule, afterRollback(w), w.After.Format(time.TimeOnly+"Z"))
	}
}

// recordOf is the newest look of a watch, which has one.
func recordOf(c api.ChangeSummary, w api.Watch) report.Record {
	return report.Record{Change: c.Change.Change, Watch: toWatch(c.Key, w), Verdict: w.Last.Verdict, Observation: w.Last.Observation}
}

// afterRollback marks a recovery watch, which checks whether the rollback helped.
func afterRollback(w api.Watch) string {
	if w.After.IsZero() {
		return ""
	}
	return ", after the rollback"
}

// toWatch turns the API's form of a watch into the one that package report renders.
func toWatch(key string, w api.Watch) watch.Watch {
	back := watch.Watch{
		ID: w.ID, ChangeKey: key, Team: w.Team, Rule: w.Rule, RuleHash: w.RuleHash, RuleText: w.RuleText,
		State: watch.State(w.State), BaseAt: w.BaseAt, Settle: w.Settle, Bake: w.Bake, Every: w.Every,
		Next: w.Next, From: w.From, Until: w.Until, EndedAt: w.EndedAt, After: w.After, Acts: w.Acts,
		Plan: w.Plan, Inputs: w.Inputs, Profiles: w.Profiles,
	}
	if w.Last != nil {
		back.Grade, back.Reason = w.Last.Verdict.Grade, w.Last.Verdict.Reason
	}
	return back
}

func printOrder(out terminal, o *api.Order) {
	if o == nil {
		return
	}
	fmt.Fprintf(out, "\nrollback by %s to %s: %s", o.Hook, o.Target, out.paint(stateStyle(o.State), o.State))
	if o.Receipt != nil {
		fmt.Fprintf(out, " (%s)", o.Receipt.Status)
	}
	if o.Why != "" {
		fmt.Fprintf(out, ", %s", o.Why)
	}
	if o.Verification != nil {
		fmt.Fprintf(out, "\n%s: %s", o.Target, o.Verification)
	}
	fmt.Fprintln(out)
}
