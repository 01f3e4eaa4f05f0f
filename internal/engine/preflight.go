package engine

import (
	"context"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/pushback/pushback/rollback"
)

// hookChecker asks every hook regularly whether it could act.
type hookChecker struct {
	*core
	preflights *preflights
}

// checkHooksEvery is how often every hook is asked: an expired token should be noticed
// before the hook is needed.
const checkHooksEvery = 10 * time.Minute

// preflights remembers what the last preflight of each hook found wrong.
type preflights struct {
	mu  sync.Mutex
	bad map[string]string // by hook
}

func newPreflights() *preflights { return &preflights{bad: map[string]string{}} }

// note stores what a preflight has found, and reports whether that is new.
func (p *preflights) note(hook string, checks []rollback.Check) (why string, news bool) {
	why = problemsOf(checks)
	p.mu.Lock()
	defer p.mu.Unlock()
	news = p.bad[hook] != why
	if p.bad[hook] = why; why == "" {
		delete(p.bad, hook)
	}
	return why, news
}

func (p *preflights) problems() (ps []Problem) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, hook := range slices.Sorted(maps.Keys(p.bad)) {
		ps = append(ps, Problem{Component: "hooks/" + hook, Detail: p.bad[hook]})
	}
	return ps
}

func problemsOf(checks []rollback.Check) string {
	var all []string
	for _, c := range rollback.Problems(checks) {
		all = append(all, c.String())
	}
	return strings.Join(all, "; ")
}

// run asks every hook until ctx ends, beginning at once. Problems shows what it finds,
// which keeps nothing from starting.
func (h *hookChecker) run(ctx context.Context) error {
	t := time.NewTicker(checkHooksEvery)
	defer t.Stop()
	for {
		h.askHooks(ctx)
		select {
		case <-ctx.Done():
			return nil
		case <-t.C:
		}
	}
}

func (h *hookChecker) askHooks(ctx context.Context) {
	var asking sync.WaitGroup
	for name, hook := range h.Hooks {
		asking.Go(func() {
			checks := preflight(ctx, hook, rollback.Plan{})
			if ctx.Err() != nil {
				return
			}
			h.checks.noteHook(name, hook, checks, h.Now())
			switch why, news := h.preflights.note(name, checks); {
			case news && why != "":
				h.Log.Warn("a hook could not act now; a rollback through it would fail", "hook", name, "why", why)
			case news:
				h.Log.Info("a hook could act again", "hook", name)
			}
		})
	}
	asking.Wait()
}

// preflight runs the preflight of one hook. A hook without one counts as ready.
func preflight(ctx context.Context, h Hook, p rollback.Plan) []rollback.Check {
	asked, can := h.Hook.(rollback.Preflighter)
	if !can {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, preflightFor)
	defer cancel()
	return asked.Preflight(ctx, p)
}
