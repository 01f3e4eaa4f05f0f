package main

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"text/tabwriter"

	"github.com/pushback/pushback/dashboards/web"
	"github.com/pushback/pushback/internal/server/api"
)

// rulesShowCommand shows a rule's budget, its thresholds, the smallest shifts they find, and
// its settings.
type rulesShowCommand struct {
	serverFlags
	Rule string `arg:"" help:"Name of the rule."`
}

// Help says how the thresholds follow from the budget.
func (rulesShowCommand) Help() string {
	return `A rule has a budget of false pages and false rollbacks. The budget and the number
of changes that the rule watches (measured over the last four weeks) determine how
small p must be for likely and for certain: never larger than 0.01 and 0.002.
With stricter thresholds, the smallest shift that is found is larger. It is shown
for these thresholds and for the default ones, for the services watched last.

The rule itself is shown last, with what it inherits.

Example:

  pushback rules show red`
}

// Run reads the budget from the daemon and prints it.
func (r rulesShowCommand) Run(ctx context.Context, out terminal) error {
	c, err := r.client()
	if err != nil {
		return err
	}
	var b api.RuleBudget
	if err := c.call(ctx, http.MethodGet, "/v1/rules/"+pathSegment(r.Rule), nil, &b); err != nil {
		return err
	}
	if r.JSON {
		return out.printJSON(b)
	}
	return printBudget(out, b)
}

func printBudget(out terminal, b api.RuleBudget) error {
	fmt.Fprintf(out, "%s of team %s, %s\n", out.paint(styleStrong, b.Rule), b.Team, b.Place)
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintf(w, "  budget\t%s, %s\n", web.Often(b.FalsePages, "false page", "week"), web.Often(b.FalseRollbacks, "false rollback", "quarter"))
	if b.Watched == nil {
		fmt.Fprintf(w, "  watches\tfor less than a week so far: the thresholds are the defaults\n")
	} else {
		fmt.Fprintf(w, "  watches\t%.3g changes a week\n", *b.Watched)
	}
	fmt.Fprintf(w, "  likely\tat p ≤ %.2g%s\n", b.Thresholds.Likely, thresholdNote(b.Defaults.Likely, b.MostPages, "false page", "week"))
	fmt.Fprintf(w, "  certain\tat p ≤ %.2g%s\n", b.Thresholds.Certain, thresholdNote(b.Defaults.Certain, b.MostRollbacks, "false rollback", "quarter"))
	if b.Backtest != nil {
		fmt.Fprintf(w, "  backtest\talarmed at %s moments without a change; %s\n", backtestText(b.Backtest), b.Backtest.Why)
	}
	if err := w.Flush(); err != nil {
		return err
	}
	if err := printPower(out, b.Power); err != nil {
		return err
	}
	return printRuleText(out, b.Text)
}

// printRuleText shows every setting of the rule, including those that it inherits. A daemon
// of an earlier version does not tell it.
func printRuleText(out terminal, text string) error {
	if text == "" {
		return nil
	}
	fmt.Fprintln(out, "\nThe rule, with what it inherits:")
	var err error
	for line := range strings.Lines(text) {
		_, err = fmt.Fprint(out, "  "+line)
	}
	return err
}

// thresholdNote is the default threshold, and how many false alarms the threshold allows
// at most; nil where the number of changes is not known.
func thresholdNote(usual float64, most *float64, what, period string) string {
	text := fmt.Sprintf(" (%.2g by default)", usual)
	if most != nil {
		text += ": at most " + web.Often(*most, what, period)
	}
	return text
}

// printPower lists the smallest shift that the thresholds find, per service and signal.
func printPower(out terminal, all []api.RulePower) error {
	if len(all) == 0 {
		fmt.Fprintln(out, "\nThe smallest shift that is found is known once a watch has ended.")
		return nil
	}
	fmt.Fprintln(out, "\nThe smallest shift that is found, if it lasts for ten ticks or for the whole bake:")
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "SERVICE\tSIGNAL\tLIKELY\tBY DEFAULT\tCERTAIN\tBY DEFAULT")
	for _, p := range all {
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%s\n", p.Service, p.Signal,
			web.Signed(p.Likely, p.Unit), web.Signed(p.DefaultLikely, p.Unit), web.Signed(p.Certain, p.Unit), web.Signed(p.DefaultCertain, p.Unit))
	}
	return w.Flush()
}
