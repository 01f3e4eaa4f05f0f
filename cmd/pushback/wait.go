package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/pushback/pushback/internal/server/api"
)

const (
	waitInterval = time.Second     // between two requests
	maxSilence   = 2 * time.Minute // how long the daemon may fail to answer before waiting ends
)

// waitForVerdict asks the daemon until every watch of the change has ended. The exit
// code says how they ended. As JSON it writes the change with its watches.
func waitForVerdict(ctx context.Context, out terminal, c *client, key string, asJSON bool) error {
	ticks := time.NewTicker(waitInterval)
	defer ticks.Stop()
	answered := time.Now()
	var e api.Explanation
	for {
		var now api.Explanation
		err := c.call(ctx, http.MethodGet, "/v1/changes/"+key, nil, &now)
		switch {
		case err == nil:
			e, answered = now, time.Now()
		case time.Since(answered) > maxSilence || ctx.Err() != nil:
			return fmt.Errorf("waiting for the verdict on %s: %w", named(e, key), err)
		}
		if err == nil && ended(e.Change.State) {
			return printOutcome(out, e, asJSON)
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("waiting for the verdict on %s: %w", named(e, key), context.Cause(ctx))
		case <-ticks.C:
		}
	}
}

// ended says whether every watch of a change in this state has ended.
func ended(state string) bool { return state != "waiting" && state != "watching" }

// printOutcome says how the watches ended and picks the exit code.
func printOutcome(out terminal, e api.Explanation, asJSON bool) error {
	if asJSON {
		return errors.Join(out.printJSON(e), outcomeError(e))
	}
	fmt.Fprintf(out, "%s: %s\n", out.paint(stateStyle(e.Change.State), e.Change.State), named(e, e.Change.Key))
	if e.Order != nil {
		fmt.Fprintln(out, orderWords(*e.Order))
	}
	return outcomeError(e)
}

// outcomeError is the exit code of how the watches ended.
func outcomeError(e api.Explanation) error {
	switch e.Change.State {
	case "healthy":
		return nil
	case "regressed":
		return &exitError{code: exitRegressed, err: fmt.Errorf("%s %s regressed\n  hint: pushback explain %s", e.Change.Service, e.Change.What(), e.Change.Key)}
	case "unwatched":
		return &exitError{code: exitInconclusive, err: fmt.Errorf("not watched: %s", whyUnwatched(e.Change.Change.Change))}
	}
	return &exitError{code: exitInconclusive, err: fmt.Errorf("the watch ended %s\n  hint: pushback explain %s", e.Change.State, e.Change.Key)}
}

// named is what people call a change: its service, version and environment. Before the
// daemon has answered only the key is known.
func named(e api.Explanation, key string) string {
	c := e.Change.Change.Change
	if c.Service == "" {
		return key
	}
	return fmt.Sprintf("%s %s in %s", c.Service, cmp.Or(c.Version, "(no version)"), c.Environment)
}

// orderWords says in one line what came of a rollback.
func orderWords(o api.Order) string {
	line := fmt.Sprintf("rollback to %s by hook %s: %s", cmp.Or(o.Target, "an unknown version"), cmp.Or(o.Hook, "(none)"), o.State)
	if o.Why == "" {
		return line
	}
	return line + ": " + o.Why
}

// stateStyle colours a watch's state by what it means for people.
func stateStyle(state string) string {
	switch state {
	case "healthy", "done":
		return styleGood
	case "regressed", "failed", "unknown":
		return styleBad
	case "inconclusive", "blind":
		return styleDoubt
	}
	return ""
}
