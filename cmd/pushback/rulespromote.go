package main

import (
	"context"
	"fmt"
	"net/http"

	"github.com/pushback/pushback/internal/server/api"
)

// trustFlags are the flags that promote and demote share.
type trustFlags struct {
	serverFlags
	Rule    string `arg:"" help:"Name of the rule."`
	Service string `required:"" placeholder:"NAME" help:"For this service; '*' for all."`
	Why     string `help:"Why, for the journal."`
	As      string `help:"Who decides; by default the user of this shell."`
}

type rulesPromoteCommand struct{ trustFlags }

type rulesDemoteCommand struct {
	trustFlags
	To string `default:"observe" enum:"observe,ask" help:"The new mode: observe or ask (default ${default})."`
}

// Help says what can be promoted.
func (rulesPromoteCommand) Help() string {
	return `Raises the mode of a rule by one step, from observe to ask or from ask to act, if
the rule has earned it: pushback rules status --proposed lists the rules that
have. The journal records who decided.

Example:

  pushback rules promote red --service cart --why "twenty clean deploys"`
}

// Help says when a demotion takes effect.
func (rulesDemoteCommand) Help() string {
	return `Lowers the mode of a rule at any time. Takes effect at the next look of every watch.

Example:

  pushback rules demote red --service cart --why "paged for the marketing mail"`
}

// Run promotes the rule.
func (r rulesPromoteCommand) Run(ctx context.Context, out terminal) error {
	return r.send(ctx, out, "promote", "")
}

// Run demotes the rule.
func (r rulesDemoteCommand) Run(ctx context.Context, out terminal) error {
	return r.send(ctx, out, "demote", r.To)
}

func (t trustFlags) send(ctx context.Context, out terminal, verb, mode string) error {
	c, err := t.client()
	if err != nil {
		return err
	}
	var s api.RuleTrust
	given := api.TrustDecision{Service: t.Service, Mode: mode, Actor: deciderFlags{As: t.As}.actor(), Why: t.Why}
	if err := c.call(ctx, http.MethodPost, "/v1/rules/"+pathSegment(t.Rule)+"/"+verb, given, &s); err != nil {
		return err
	}
	if t.JSON {
		return out.printJSON(s)
	}
	fmt.Fprintf(out, "%s may %s for %s\n", s.Rule, out.paint(styleStrong, s.Effective), s.Service)
	return nil
}

// falseAlarmCommand reports that rules fired for a change that was not bad.
type falseAlarmCommand struct {
	serverFlags
	Change string `arg:"" help:"Key of the change."`
	Rule   string `help:"Only this rule; by default all that fired."`
	Why    string `help:"Why, for the journal."`
	As     string `help:"Who says so; by default the user of this shell."`
}

// Help says what follows from a false alarm.
func (falseAlarmCommand) Help() string {
	return `Counts as a false alarm in the record of every rule that was likely or certain
about the change. These rules begin again to earn their next mode. A rejected
rollback counts as a false alarm already. A version at which every rule that fired
was wrong is no longer marked bad.

Example:

  pushback false-alarm kq3v5d2y7m --why "the load test"`
}

// Run sends the false alarm to the daemon.
func (f falseAlarmCommand) Run(ctx context.Context, out terminal) error {
	c, err := f.client()
	if err != nil {
		return err
	}
	said := api.FalseAlarm{Rule: f.Rule, Actor: deciderFlags{As: f.As}.actor(), Why: f.Why}
	if err := c.call(ctx, http.MethodPost, "/v1/changes/"+pathSegment(f.Change)+"/false-alarm", said, nil); err != nil {
		return err
	}
	if f.JSON {
		return out.printJSON(said)
	}
	_, err = fmt.Fprintln(out, "noted as a false alarm")
	return err
}
