package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"time"

	"github.com/pushback/pushback/internal/server/api"
)

// watchCommand follows what is being watched.
type watchCommand struct {
	serverFlags
	styleFlags
	What        string        `arg:"" optional:"" placeholder:"SERVICE|CHANGE" help:"A change, to follow until it is judged, or a service; by default everything."`
	Service     string        `help:"Follow this service, also if a change is called the same."`
	Environment string        `help:"Only in this environment."`
	Every       time.Duration `default:"2s" help:"How often to ask the daemon."`
	Lines       bool          `help:"Write a line for each change that moves, also on a terminal."`
}

// Help says what ends the command, and how.
func (watchCommand) Help() string {
	return `For each change that is being watched: its state and grade, how much is left of its
bake, and each signal before | after the change. Where the output is no terminal, or with
--lines, a line is written each time something changes; with --json, one JSON value.

One change is followed until its watches have ended: exit 0 healthy, 3 regressed, 4
neither, as deploy --wait. Everything else is followed until q or Ctrl-C. If the daemon
is away, it is asked again for two minutes.

Examples:

  pushback watch
  pushback watch cart
  pushback watch kq3v5d2y7m && ./announce
  pushback watch --json | jq -r '[.service, .version, .state, .grade] | @tsv'`
}

// Run follows what was named.
func (w watchCommand) Run(ctx context.Context, out terminal) error {
	c, err := w.client()
	if err != nil {
		return err
	}
	if w.Every < fastestPoll {
		return usageError(errTooOften)
	}
	f, err := w.follow(ctx, c)
	if err != nil {
		return err
	}
	p := &poll{host: c.base.Host}
	if out.live() && !w.Lines && !w.JSON {
		err = w.runLive(ctx, out, f, p)
	} else {
		err = w.runLines(ctx, out, f, p)
	}
	return w.end(ctx, out, f, err)
}

// follow finds out what the argument names: a change, or else a service.
func (w watchCommand) follow(ctx context.Context, c *client) (*following, error) {
	f := &following{c: c, service: w.Service, environment: w.Environment}
	if w.What == "" {
		return f, nil
	}
	if w.Service != "" {
		return nil, usageError(errors.New("name a change or service, or --service, not both"))
	}
	one, err := askWatched(ctx, c, url.Values{"change": {w.What}})
	var answer *exitError
	if !errors.As(err, &answer) || answer.status != http.StatusNotFound {
		if err == nil {
			f.change = one.Changes[0].Key
		}
		return f, err
	}
	var known api.Changes
	if err := c.call(ctx, http.MethodGet, "/v1/changes?"+url.Values{"service": {w.What}, "limit": {"1"}}.Encode(), nil, &known); err != nil {
		return nil, err
	}
	if f.service = w.What; len(known.Changes) == 0 {
		return nil, fmt.Errorf("there is no change, and no service with one, called %q\n  hint: pushback status lists the newest changes; --service waits for the first of a service", w.What)
	}
	return f, nil
}

// runLines writes a line, or a JSON value, for each change that moved, until the one that
// is followed has ended.
func (w watchCommand) runLines(ctx context.Context, out terminal, f *following, p *poll) error {
	ticks := time.NewTicker(w.Every)
	defer ticks.Stop()
	for {
		page, gone, err := f.ask(ctx)
		before := p.away
		if fatal := p.took(ctx, err, time.Now()); fatal != nil {
			return fatal
		}
		switch {
		case err == nil:
			if err := w.write(out, f.take(page, gone), page.Now); err != nil {
				return err
			}
		case before == nil && !w.JSON:
			fmt.Fprintf(out, "%s %s\n", time.Now().Local().Format(time.TimeOnly), p.trouble(time.Now()))
		}
		if f.over() {
			return nil
		}
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-ticks.C:
		}
	}
}

// write writes the news: a line or a JSON value each.
func (w watchCommand) write(out terminal, news []api.WatchedChange, now time.Time) error {
	for _, c := range news {
		if w.JSON {
			if err := json.NewEncoder(out).Encode(c); err != nil {
				return err
			}
			continue
		}
		if _, err := fmt.Fprintln(out, newPainter(out, w.style(out), now, c).sentence(c)); err != nil {
			return err
		}
	}
	return nil
}

// errStopped ends a live view that a person has ended.
var errStopped = errors.New("stopped")

// end picks the exit code: the verdict's for one change. A person who ends what has no end
// has made no mistake.
func (w watchCommand) end(ctx context.Context, out terminal, f *following, err error) error {
	stopped := errors.Is(err, errStopped) || ctx.Err() != nil
	switch {
	case stopped && f.change == "":
		return nil
	case stopped:
		return fmt.Errorf("stopped before %s was judged", f.named())
	case err != nil:
		return err
	}
	var e api.Explanation
	if err := f.c.call(ctx, http.MethodGet, "/v1/changes/"+f.change, nil, &e); err != nil {
		return err
	}
	if w.JSON {
		return outcomeError(e) // the change was written when it ended
	}
	return printOutcome(out, e, false)
}

// named is what people call the change that is followed.
func (f *following) named() string {
	if len(f.page.Changes) == 0 {
		return f.change
	}
	return clean(named(api.Explanation{Change: f.page.Changes[0].ChangeSummary}, f.change))
}
