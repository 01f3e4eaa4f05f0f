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

// checkHooksEvery is how often every hook is asked whether it could act: a
// token that has run out should be known before the night it is needed in.
const checkHooksEvery = 10 * time.Minute

// preflights remembers what is wrong with each hook, as last seen.
type preflights struct {
	mu  sync.Mutex
	bad map[string]string // by hook
}

func newPreflights() *preflights { return &preflights{bad: map[string]string{}} }

// note keeps what a preflight has found. It says whether that is news.
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

// checkHooks asks every hook until ctx ends, beginning at once. What it finds
// is told by Problems and keeps nothing from starting.
func (e *Engine) checkHooks(ctx context.Context) error {
	t := time.NewTicker(checkHooksEvery)
	defer t.Stop()
	for {
		e.askHooks(ctx)
		select {
		case <-ctx.Done():
			return nil
		case <-t.C:
		}
	}
}

func (e *Engine) askHooks(ctx context.Context) {
	var asking sync.WaitGroup
	for name, h := range e.Hooks {
		asking.Go(func() {
			checks := preflight(ctx, h, rollback.Plan{})
			if ctx.Err() != nil {
				return
			}
			switch why, news := e.preflights.note(name, checks); {
			case news && why != "":
				e.Log.Warn("the hook could not act", "hook", name, "why", why)
			case news:
				e.Log.Info("the hook could act again", "hook", name)
			}
		})
	}
	asking.Wait()
}

// preflight asks one hook; one that cannot say is taken for ready.
func preflight(ctx context.Context, h Hook, p rollback.Plan) []rollback.Check {
	asked, can := h.Hook.(rollback.Preflighter)
	if !can {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, preflightFor)
	defer cancel()
	return asked.Preflight(ctx, p)
}
