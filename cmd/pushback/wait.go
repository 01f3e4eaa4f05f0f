package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"time"

	"github.com/pushback/pushback/internal/server/api"
)

const (
	waitInterval = time.Second     // between two requests
	maxSilence   = 2 * time.Minute // how long the daemon may fail to answer before waiting ends
	waitLine     = time.Minute     // between two lines of a wait in which nothing moves
)

// waitFlags are those of a command that waits for the verdict on a change.
type waitFlags struct {
	Wait    bool          `help:"Wait for the verdict: exit 0 healthy, 3 regressed, 4 neither, 5 certainly bad and nothing was done."`
	Until   string        `enum:"likely,certain,end" default:"end" help:"With --wait: end when the change is likely or certainly bad, or at the end of its watches (default ${default})."`
	Timeout time.Duration `placeholder:"DURATION" help:"With --wait: end after this time with exit 4; by default it waits as long as the watches last."`
}

// verdictWait follows one change until its verdict.
type verdictWait struct {
	waitFlags
	out      terminal
	follow   *following
	poll     *poll
	lines    bool      // write what moves
	written  time.Time // when the last line was
	helpless int       // answers in a row in which it is certain and nothing is done
}

// forVerdict follows a change until what the flags wait for. The exit code says how it ended. As
// JSON it writes the change with its watches.
func (f waitFlags) forVerdict(ctx context.Context, out terminal, c *client, key string, asJSON bool) error {
	w := &verdictWait{waitFlags: f, out: out, follow: &following{c: c, change: key}, poll: &poll{host: c.base.Host, answered: time.Now()}, lines: !asJSON}
	code, err := w.run(ctx)
	if err != nil {
		return fmt.Errorf("waiting for the verdict on %s: %w", key, err)
	}
	var e api.Explanation
	if err := c.call(ctx, http.MethodGet, "/v1/changes/"+key, nil, &e); err != nil {
		return err
	}
	if ended(e.Change.State) {
		return printOutcome(out, e, asJSON)
	}
	if asJSON {
		return errors.Join(out.printJSON(e), f.endedBefore(e, code))
	}
	return f.endedBefore(e, code)
}

// endedBefore says why a wait ended before the watches did.
func (f waitFlags) endedBefore(e api.Explanation, code int) error {
	what, hint := named(e, e.Change.Key), "\n  hint: pushback explain "+e.Change.Key
	switch code {
	case exitNothingDone:
		why := "no rule rolls it back"
		if e.Order != nil {
			why = orderWords(*e.Order)
		}
		return &exitError{code: code, err: fmt.Errorf("%s is certainly bad, and nothing was done: %s%s", what, why, hint)}
	case exitRegressed:
		return &exitError{code: code, err: fmt.Errorf("%s is bad (%s); its watch goes on%s", what, e.Change.Grade, hint)}
	}
	return &exitError{code: exitInconclusive, err: fmt.Errorf("no verdict on %s within %s: %s, grade %s%s", what, short(f.Timeout), e.Change.State, e.Change.Grade, hint)}
}

// run asks the daemon until it has what is waited for, and returns the exit code where the watches
// have not ended.
func (w *verdictWait) run(ctx context.Context) (code int, err error) {
	ticks := time.NewTicker(waitInterval)
	defer ticks.Stop()
	var late <-chan time.Time
	if w.Timeout > 0 {
		late = time.After(w.Timeout)
	}
	for {
		page, gone, err := w.follow.ask(ctx)
		if fatal := w.poll.took(ctx, err, time.Now()); fatal != nil {
			return 0, fatal
		}
		if err == nil && len(page.Changes) == 1 {
			w.write(w.follow.take(page, gone), page)
			if code, over := w.over(page.Changes[0]); over {
				return code, nil
			}
		}
		select {
		case <-ctx.Done():
			return 0, context.Cause(ctx)
		case <-late:
			return exitInconclusive, nil
		case <-ticks.C:
		}
	}
}

// write writes a line if something moved, or if nothing was written for a minute: pipelines
// end jobs that are silent.
func (w *verdictWait) write(news []api.WatchedChange, page api.Watched) {
	if !w.lines || len(news) == 0 && time.Since(w.written) < waitLine {
		return
	}
	c := page.Changes[0]
	fmt.Fprintln(w.out, newPainter(w.out, styleFlags{}.style(w.out), page.Now, c).sentence(c))
	w.written = time.Now()
}

// over says whether this is what is waited for. The order of a certain change may come with the
// next answer, so that one without an order counts only twice.
func (w *verdictWait) over(c api.WatchedChange) (code int, over bool) {
	if ended(c.State) {
		return 0, true
	}
	nothing := c.Order == "" || slices.Contains([]string{"refused", "cancelled", "expired"}, c.Order)
	if w.helpless++; c.Grade != "certain" || !nothing {
		w.helpless = 0
	}
	switch {
	case w.helpless > 1:
		return exitNothingDone, true
	case w.Until == "likely" && (c.Grade == "likely" || c.Grade == "certain" && !nothing), w.Until == "certain" && c.Grade == "certain" && !nothing:
		return exitRegressed, true
	}
	return 0, false
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
