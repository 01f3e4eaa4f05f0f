package main

import (
	"context"
	"fmt"
	"net/http"

	"github.com/pushback/pushback/internal/server/api"
)

// missedCommand reports that a change was bad, and that no rule found it.
type missedCommand struct {
	serverFlags
	Change string `arg:"" help:"Key of the change."`
	Rule   string `help:"Only this rule; by default all that watched the change and did not fire."`
	Why    string `help:"Why, for the journal."`
	As     string `help:"Who says so; by default the user of this shell."`
}

// Help says what follows from a missed regression.
func (missedCommand) Help() string {
	return `Counts as missed in the record of every rule that watched the change and was
neither likely nor certain. The watch no longer counts as a clean change, and the
version is marked bad: nothing rolls back to it, and while it is live the gate is
closed. "pushback release" takes the mark back.

Example:

  pushback missed kq3v5d2y7m --why "checkout lost its cart for an hour"`
}

// Run sends the report to the daemon.
func (m missedCommand) Run(ctx context.Context, out terminal) error {
	c, err := m.client()
	if err != nil {
		return err
	}
	said := api.Missed{Rule: m.Rule, Actor: deciderFlags{As: m.As}.actor(), Why: m.Why}
	if err := c.call(ctx, http.MethodPost, "/v1/changes/"+pathSegment(m.Change)+"/missed", said, nil); err != nil {
		return err
	}
	if m.JSON {
		return out.printJSON(said)
	}
	_, err = fmt.Fprintln(out, "noted as missed; the version is marked bad")
	return err
}
