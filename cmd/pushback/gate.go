package main

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"time"

	"github.com/pushback/pushback/internal/server/api"
)

// gateCommand asks before a deploy tool pushes.
type gateCommand struct {
	serverFlags
	Service     string        `arg:"" help:"Service that is to be deployed."`
	Environment string        `default:"production" help:"Where; ${default} unless said."`
	Fix         []string      `placeholder:"CHANGE" help:"A bad change that this deploy mends: its key or id. The gate lets a fix pass by it."`
	Wait        time.Duration `placeholder:"10m" help:"Wait so long for the gate to open."`
}

// Help shows the use in a pipeline.
func (gateCommand) Help() string {
	return `The gate is closed while a hold is set, and while a change of the service is
held bad: judged certainly bad by a rule that may ask or act, and not yet
followed by a newer change that succeeded. Rolled back is not mended: what is
pushed next would bring it back.

Exit code 0 open, 3 closed, 1 nobody could be asked.

Examples:

  pushback gate cart && ./roll-out v43
  pushback gate cart --wait 15m
  pushback gate cart --fix kq3v5d2y          # the hotfix of a bad change`
}

// gateEvery is how often a closed gate is asked again.
const gateEvery = 2 * time.Second

// Run asks, and asks again while there is time to wait.
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
			return g.say(out, answer)
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("waiting for the gate: %w", context.Cause(ctx))
		case <-time.After(gateEvery):
		}
	}
}

func (g gateCommand) path() string {
	q := url.Values{"environment": {g.Environment}}
	for _, fix := range g.Fix {
		q.Add("fix", fix)
	}
	return "/v1/gate/" + pathSegment(g.Service) + "?" + q.Encode()
}

// say prints the answer and picks the exit code.
func (g gateCommand) say(out terminal, answer api.Gate) error {
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
			fmt.Fprintf(out, "    to push what mends it: --fix %s; if it is not to blame: pushback release %s\n", o.Change[:8], o.Change[:8])
		} else {
			fmt.Fprintf(out, "    to let pushes go on: pushback release %s\n", o.Hold)
		}
	}
}
