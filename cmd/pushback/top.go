package main

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/charmbracelet/x/ansi"

	"github.com/pushback/pushback/internal/server/api"
)

// topCommand shows what is going on now.
type topCommand struct {
	serverFlags
	styleFlags
	Service     string        `help:"Only this service."`
	Environment string        `help:"Only this environment."`
	Every       time.Duration `default:"2s" help:"How often to ask the daemon."`
	Once        bool          `help:"Print it once, also on a terminal."`
}

// Help names the keys.
func (topCommand) Help() string {
	return `What stops or troubles Pushback, the orders that wait, and what is being watched, the
suspected first. Where the output is no terminal it is printed once.

  q, Ctrl-C          quit                 enter   explain the change
  up, down, k, j     move                 p       its plots
  page up, page down, home, end           esc     back to the list

Examples:

  pushback top
  pushback top --service cart --once
  pushback top --json | jq '.watched.changes | length'`
}

// topAnswer is what --json writes.
type topAnswer struct {
	Status  api.Status  `json:"status"`
	Watched api.Watched `json:"watched"`
}

// Run shows the list until a person quits.
func (t topCommand) Run(ctx context.Context, out terminal) error {
	c, err := t.client()
	if err != nil {
		return err
	}
	if t.Every < fastestPoll {
		return usageError(errTooOften)
	}
	if out.live() && !t.Once && !t.JSON {
		return t.runLive(ctx, out, c)
	}
	answer, err := t.ask(ctx, c)
	if err != nil {
		return err
	}
	if t.JSON {
		return out.printJSON(answer)
	}
	list := newTopList(out, t.style(out), c.base.Host, answer)
	for _, line := range list.all() {
		fmt.Fprintln(out, line)
	}
	return nil
}

func (t topCommand) ask(ctx context.Context, c *client) (answer topAnswer, err error) {
	if err := c.call(ctx, http.MethodGet, "/v1/status", nil, &answer.Status); err != nil {
		return answer, err
	}
	f := &following{c: c, service: t.Service, environment: t.Environment}
	answer.Watched, _, err = f.ask(ctx)
	return answer, err
}

// explain reads everything about a change, and renders it as explain does.
func (t topCommand) explain(ctx context.Context, out terminal, c *client, key string, plot bool) ([]string, error) {
	var found api.Explanation
	if err := c.call(ctx, http.MethodGet, "/v1/changes/"+url.PathEscape(key), nil, &found); err != nil {
		return nil, err
	}
	var text strings.Builder
	to := terminal{Writer: &text, colour: out.colour}
	render := printExplanation
	if plot {
		render = printPlots
	}
	style := t.style(out)
	err := render(to, found, style)
	return strings.Split(ansi.Wrap(strings.TrimRight(text.String(), "\n"), style.Width, ""), "\n"), err
}
