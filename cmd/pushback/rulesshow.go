package main

import (
	"context"
	"fmt"
	"net/http"
	"text/tabwriter"

	"github.com/pushback/pushback/dashboards/web"
	"github.com/pushback/pushback/internal/server/api"
)

// rulesShowCommand shows what a rule may cost, and what that costs.
type rulesShowCommand struct {
	serverFlags
	Rule string `arg:"" help:"Name of the rule."`
}

// Help says where the thresholds come from.
func (rulesShowCommand) Help() string {
	return `A rule has a budget of false pages and false rollbacks. With the number of
changes that it watches, measured over the last four weeks, the budget says how
small p must be before a signal is likely or certain: never laxer than 0.01 and
0.002. The stricter, the larger is the smallest shift that is found; both stand
side by side, for the services watched last.

Example:

  pushback rules show red`
}

// Run asks the daemon.
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
		fmt.Fprintf(w, "  watches\tnot for a week yet: the thresholds are the defaults\n")
	} else {
		fmt.Fprintf(w, "  watches\t%.3g changes a week\n", *b.Watched)
	}
	fmt.Fprintf(w, "  likely\tat p ≤ %.2g%s\n", b.Thresholds.Likely, atMost(b.Defaults.Likely, b.MostPages, "false page", "week"))
	fmt.Fprintf(w, "  certain\tat p ≤ %.2g%s\n", b.Thresholds.Certain, atMost(b.Defaults.Certain, b.MostRollbacks, "false rollback", "quarter"))
	if b.Backtest != nil {
		fmt.Fprintf(w, "  backtest\talarmed at %s moments without a change; %s\n", replayed(b.Backtest), b.Backtest.Why)
	}
	if err := w.Flush(); err != nil {
		return err
	}
	return printPower(out, b.Power)
}

func atMost(usual float64, most *float64, what, period string) string {
	text := fmt.Sprintf(" (%.2g by default)", usual)
	if most != nil {
		text += ": at most " + web.Often(*most, what, period)
	}
	return text
}

// printPower says what the thresholds cost.
func printPower(out terminal, all []api.RulePower) error {
	if len(all) == 0 {
		fmt.Fprintln(out, "\nWhat can be found is known once a watch has ended.")
		return nil
	}
	fmt.Fprintln(out, "\nThe smallest shift that is found, where it lasts ten ticks or the whole bake:")
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "SERVICE\tSIGNAL\tLIKELY\tBY DEFAULT\tCERTAIN\tBY DEFAULT")
	for _, p := range all {
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%s\n", p.Service, p.Signal,
			web.Signed(p.Likely, p.Unit), web.Signed(p.DefaultLikely, p.Unit), web.Signed(p.Certain, p.Unit), web.Signed(p.DefaultCertain, p.Unit))
	}
	return w.Flush()
}
