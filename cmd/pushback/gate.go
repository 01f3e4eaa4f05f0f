package main

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"github.com/pushback/pushback/internal/server/api"
)

// gateCommand lets a deploy tool ask before it deploys.
type gateCommand struct {
	serverFlags
	unknownFlags
	Service     string        `arg:"" help:"Service that is to be deployed."`
	Environment string        `default:"production" help:"Environment (default ${default})."`
	Fix         []string      `placeholder:"CHANGE" help:"Key or ID of a bad change that this deploy fixes. That change does not close the gate then."`
	Wait        time.Duration `placeholder:"10m" help:"How long to wait for the gate to open."`
}

// Help shows the use in a pipeline.
func (gateCommand) Help() string {
	return `The gate is closed while a hold is in force, and while a change of the service
counts as bad: judged certainly bad by a rule that may ask or act, and not yet
followed by a newer change that succeeded. A rollback alone does not open the
gate, because the next deploy would bring the bad change back.

Exit code 0 when open, 3 when closed, 1 when the daemon cannot be asked.

For a service that the catalogue does not know the gate answers with a warning: no
hold and no bad change of another name closes it. --unknown refuse fails instead.

Examples:

  pushback gate cart && ./roll-out v43
  pushback gate cart --wait 15m
  pushback gate cart --fix kq3v5d2y          # the hotfix of a bad change`
}

// gateInterval is the pause between two requests while the gate is closed.
const gateInterval = 2 * time.Second

// Run asks until the gate is open or --wait is over.
func (g gateCommand) Run(ctx context.Context, out terminal) error {
	c, err := g.client()
	if err != nil {
		return err
	}
	for until := time.Now().Add(g.Wait); ; {
		var answer api.Gate
		if err := c.call(ctx, http.MethodGet, g.path(), nil, &answer); err != nil {
			return err
		}
		if answer.Open || !time.Now().Before(until) {
			return g.report(out, answer)
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("waiting for the gate: %w", context.Cause(ctx))
		case <-time.After(gateInterval):
		}
	}
}

func (g gateCommand) path() string {
	q := g.query("warn")
	q.Set("environment", g.Environment)
	for _, fix := range g.Fix {
		q.Add("fix", fix)
	}
	return "/v1/gate/" + pathSegment(g.Service) + "?" + q.Encode()
}

// report prints the answer and picks the exit code.
func (g gateCommand) report(out terminal, answer api.Gate) error {
	out.warnOf(answer.Warnings)
	if g.JSON {
		if err := out.printJSON(answer); err != nil {
			return err
		}
	} else {
		g.print(out, answer)
	}
	if !answer.Open {
		return &exitError{code: exitClosed}
	}
	return nil
}

func (g gateCommand) print(out terminal, answer api.Gate) {
	if answer.Open {
		fmt.Fprintf(out, "%s: %s in %s may be deployed", out.paint(styleGood, "open"), answer.Service, answer.Environment)
		if answer.Reason != "" {
			fmt.Fprintf(out, ", as %s", answer.Reason)
		}
		fmt.Fprintln(out)
		return
	}
	fmt.Fprintf(out, "%s: %s in %s\n", out.paint(styleBad, "closed"), answer.Service, answer.Environment)
	for _, o := range answer.Obstacles {
		fmt.Fprintf(out, "  %s\n", o.Why)
		if o.Change != "" {
			fmt.Fprintf(out, "    to deploy its fix: --fix %s; if it is not to blame: pushback release %s\n", o.Change, o.Change)
		} else {
			fmt.Fprintf(out, "    to open the gate: pushback release %s\n", o.Hold)
		}
	}
}
