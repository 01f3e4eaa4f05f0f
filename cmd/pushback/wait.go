package main

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"github.com/pushback/pushback/internal/server/api"
)

// How often the daemon is asked for the verdict, and for how long it may be
// away before waiting is given up.
const (
	waitEvery = time.Second
	waitAway  = 2 * time.Minute
)

// waitForVerdict asks until every watch of the change has ended, and exits by
// how they ended.
func waitForVerdict(ctx context.Context, out terminal, c *client, key string) error {
	ticks := time.NewTicker(waitEvery)
	defer ticks.Stop()
	heard := time.Now()
	for {
		var e api.Explanation
		err := c.call(ctx, http.MethodGet, "/v1/changes/"+key, nil, &e)
		switch {
		case err == nil:
			heard = time.Now()
		case time.Since(heard) > waitAway || ctx.Err() != nil:
			return fmt.Errorf("waiting for the verdict: %w", err)
		}
		if err == nil && over(e.Change.State) {
			return verdict(out, e)
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("waiting for the verdict: %w", context.Cause(ctx))
		case <-ticks.C:
		}
	}
}

// over says whether a change in this state will not be heard of again.
func over(state string) bool { return state != "waiting" && state != "watching" }

// verdict says how the watches ended and picks the exit code.
func verdict(out terminal, e api.Explanation) error {
	fmt.Fprintf(out, "%s\n", out.paint(stateStyle(e.Change.State), e.Change.State))
	switch e.Change.State {
	case "healthy":
		return nil
	case "regressed":
		return &exitError{code: exitRegressed, err: fmt.Errorf("%s %s regressed\n  hint: pushback explain %s", e.Change.Service, e.Change.Version, e.Change.Key)}
	case "unwatched":
		return &exitError{code: exitInconclusive, err: fmt.Errorf("no rule watches %s in %s\n  hint: pushback rules check", e.Change.Service, e.Change.Environment)}
	}
	return &exitError{code: exitInconclusive, err: fmt.Errorf("the watch ended %s\n  hint: pushback explain %s", e.Change.State, e.Change.Key)}
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
