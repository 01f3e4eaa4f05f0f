package main

import (
	"context"
	"fmt"
	"net/http"

	"github.com/pushback/pushback/internal/server/api"
)

// trustFlags are what giving and taking trust have in common.
type trustFlags struct {
	serverFlags
	Rule    string `arg:"" help:"Name of the rule."`
	Service string `required:"" placeholder:"NAME" help:"For this service; '*' for every one."`
	Why     string `help:"Why, for the journal."`
	As      string `help:"Who decides; the user of this shell unless said."`
}

type rulesPromoteCommand struct{ trustFlags }

type rulesDemoteCommand struct {
	trustFlags
	To string `default:"observe" enum:"observe,ask" help:"Down to this mode (observe or ask; default ${default})."`
}

// Help says what can be promoted.
func (rulesPromoteCommand) Help() string {
	return `One step, from observe to ask or from ask to act, and only where the rule has
earned it: pushback rules status --proposed lists these. Who decided stands in
the journal.

Example:

  pushback rules promote red --service cart --why "twenty clean deploys"`
}

// Help says what it does not need.
func (rulesDemoteCommand) Help() string {
	return `Takes effect at the next look of every watch. Nothing has to be earned for that.

Example:

  pushback rules demote red --service cart --why "paged for the marketing mail"`
}

// Run promotes.
func (r rulesPromoteCommand) Run(ctx context.Context, out terminal) error {
	return r.send(ctx, out, "promote", "")
}

// Run demotes.
func (r rulesDemoteCommand) Run(ctx context.Context, out terminal) error {
	return r.send(ctx, out, "demote", r.To)
}

func (t trustFlags) send(ctx context.Context, out terminal, verb, mode string) error {
	c, err := t.client()
	if err != nil {
		return err
	}
	var s api.RuleStanding
	given := api.TrustGiven{Service: t.Service, Mode: mode, Actor: deciderFlags{As: t.As}.actor(), Why: t.Why}
	if err := c.call(ctx, http.MethodPost, "/v1/rules/"+pathSegment(t.Rule)+"/"+verb, given, &s); err != nil {
		return err
	}
	if t.JSON {
		return out.printJSON(s)
	}
	fmt.Fprintf(out, "%s may %s for %s\n", s.Rule, out.paint(styleStrong, s.Effective), s.Service)
	return nil
}

// falseAlarmCommand says that rules fired for nothing.
type falseAlarmCommand struct {
	serverFlags
	Change string `arg:"" help:"Key of the change, or the tool's own id of it."`
	Rule   string `help:"Only this rule; all that fired unless said."`
	Why    string `help:"Why, for the journal."`
	As     string `help:"Who says so; the user of this shell unless said."`
}

// Help says what follows from it.
func (falseAlarmCommand) Help() string {
	return `It stands in the record of the rules that were likely or certain at the change,
and what they earn next begins anew. A rejected rollback counts as one already.

Example:

  pushback false-alarm kq3v5d2y7m --why "the load test"`
}

// Run tells the daemon.
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
