package main

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/pushback/pushback/dashboards/web"
	"github.com/pushback/pushback/internal/server/api"
)

// rulesStatusCommand shows the mode and the record of every rule.
type rulesStatusCommand struct {
	serverFlags
	Rule     string `help:"Only this rule."`
	Service  string `help:"Only this service."`
	Proposed bool   `help:"Only rules that wait for a promotion."`
}

// Help says what the columns mean.
func (rulesStatusCommand) Help() string {
	return `Every rule begins in mode observe, whatever mode is written. It earns each further
mode per service, by clean changes in a row or by a backtest within its budget. An
earned mode is proposed, and a person promotes the rule. An edit of how a rule
judges makes it begin again; an edit of whom it notifies does not.

MODE is the mode in effect, WRITTEN the one in the rule file. FALSE is the share of
watches that people called a false alarm. * stands for all services without a
record of their own.

Examples:

  pushback rules status
  pushback rules status --proposed --json
  pushback rules promote red --service cart`
}

// Run reads the rules' trust from the daemon and prints it.
func (r rulesStatusCommand) Run(ctx context.Context, out terminal) error {
	c, err := r.client()
	if err != nil {
		return err
	}
	var all, shown api.Rules
	if err := c.call(ctx, http.MethodGet, "/v1/rules", nil, &all); err != nil {
		return err
	}
	shown.Rules = []api.RuleTrust{}
	for _, s := range all.Rules {
		if (r.Rule == "" || s.Rule == r.Rule) && (r.Service == "" || s.Service == r.Service) && (!r.Proposed || s.Proposed) {
			shown.Rules = append(shown.Rules, s)
		}
	}
	if r.JSON {
		return out.printJSON(shown)
	}
	return printStandings(out, shown.Rules)
}

func printStandings(out terminal, all []api.RuleTrust) error {
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "RULE\tSERVICE\tMODE\tWRITTEN\tENDED\tCLEAN\tFIRED\tSAVES\tFALSE\tMISSED\tBACKTEST\tLAST FIRE\tNEXT")
	for _, s := range all {
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%d\t%d\t%d\t%d\t%s\t%d\t%s\t%s\t%s\n", clean(s.Rule), clean(s.Service), s.Effective, s.Written,
			s.Record.Ended, s.Record.Clean, s.Record.Fired, s.Record.Saves, percent(s.Record.FalseRate), s.Record.Missed, backtestText(s.Backtest), lastFire(s.Record.LastFire), nextMode(s))
	}
	if err := w.Flush(); err != nil {
		return err
	}
	for _, s := range all {
		if s.Proposed {
			fmt.Fprintf(out, "%s %s has earned to %s for %s (%s)\n  pushback rules promote %s --service %s\n",
				out.paint(styleDoubt, "waits for a person:"), clean(s.Rule), s.Next, clean(s.Service), s.Why, shellWord(s.Rule), shellWord(s.Service))
		}
	}
	return nil
}

// shellWord quotes a name for a shell: deploy tools say what a service is called, and people copy the command.
func shellWord(name string) string {
	return "'" + strings.ReplaceAll(clean(name), "'", `'\''`) + "'"
}

func nextMode(s api.RuleTrust) string {
	if s.Next == "" {
		return s.Why
	}
	return s.Next + ": " + s.Why
}

func backtestText(b *api.RuleBacktest) string {
	if b == nil {
		return "-"
	}
	return web.Replayed(b.FalseAlarms, b.Judged)
}

func percent(share *float64) string {
	if share == nil {
		return "-"
	}
	return fmt.Sprintf("%.1f %%", 100**share)
}

func lastFire(at *time.Time) string {
	if at == nil {
		return "-"
	}
	return at.Local().Format(time.DateTime)
}
