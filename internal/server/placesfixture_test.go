package server

import (
	"context"
	"errors"
	"net/http"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/pushback/pushback/internal/server/api"
	"github.com/pushback/pushback/rollback/freezefile"
)

// fileFreezer freezes by a file, as the engine does.
type fileFreezer struct {
	path   string
	broken bool
	note   func(freezefile.Action) // writes into the journal
}

func newFreezer(t *testing.T) *fileFreezer {
	return &fileFreezer{path: filepath.Join(t.TempDir(), "freeze"), note: func(freezefile.Action) {}}
}

func (f *fileFreezer) FreezeState() freezefile.State {
	s, _ := freezefile.Look(f.path)
	return s
}

func (f *fileFreezer) FreezeWindow() string { return "" }

func (f *fileFreezer) Freeze(_ context.Context, actor, why string, end time.Time) (bool, error) {
	if f.broken {
		return false, errors.New("open /secret/path: no space left on device")
	}
	a := freezefile.Action{At: testNow, Frozen: true, Actor: actor, Why: why}
	f.note(a)
	done, err := freezefile.Freeze(f.path, a, end)
	return done.Was, err
}

func (f *fileFreezer) Unfreeze(_ context.Context, actor, why string) (bool, error) {
	a := freezefile.Action{At: testNow, Actor: actor, Why: why}
	done, err := freezefile.Unfreeze(f.path, a)
	if done.Was {
		f.note(a)
	}
	return done.Was, err
}

type oneDetail struct{}

func (oneDetail) Details(_ context.Context, rule string) (api.RuleDetails, error) {
	return api.RuleDetails{
		Rule: rule, Watches: "changes of every service", For: "1m to settle", Covers: []string{"cart"}, Misses: []string{"search"},
		Signals: []api.RuleSignal{{Name: "errors", From: []string{"counter http_requests_total"}, Worse: "higher is worse", Limit: "above 5 %"}},
		Respond: []api.RuleResponse{{When: "at least certain of harm", Tells: []string{"$owner.pager"}, Does: "rolls back through redeploy"}},
		Fires:   []api.RuleFire{{Change: "k1", Service: "cart", At: testNow, FalseAlarm: true}},
	}, nil
}

func (oneDetail) Uncovered() api.Uncovered {
	return api.Uncovered{Known: true, Services: 2, Names: []string{"search"}}
}

// reader is a browser that is signed in.
type reader struct {
	*testServer
	session string
}

func (p *testServer) signIn() reader {
	p.t.Helper()
	_, _, h := p.ask(http.MethodPost, "/signin", "token="+token, "Content-Type", "application/x-www-form-urlencoded")
	session, _, _ := strings.Cut(h.Get("Set-Cookie"), ";")
	return reader{p, session}
}

// see requests a page, and fails the test unless it has every text.
func (b reader) see(path string, want int, texts ...string) string {
	b.t.Helper()
	status, page, _ := b.ask(http.MethodGet, path, "", "Cookie", b.session)
	if status != want {
		b.t.Errorf("GET %s: %d, want %d: %s", path, status, want, page)
	}
	for _, text := range texts {
		if !strings.Contains(page, text) {
			b.t.Errorf("GET %s: no %q in the page", path, text)
		}
	}
	return page
}

// post sends a form, and returns where it leads.
func (b reader) post(path string, want int, form string) (to, answer string) {
	b.t.Helper()
	status, answer, h := b.ask(http.MethodPost, path, form, "Content-Type", "application/x-www-form-urlencoded", "Cookie", b.session, "Sec-Fetch-Site", "same-origin")
	if status != want {
		b.t.Errorf("POST %s %s: %d, want %d: %s", path, form, status, want, answer)
	}
	return h.Get("Location"), answer
}

// trusting is a Rules that remembers what it was asked to do.
type trusting struct {
	oneRule
	did string
}

func (t *trusting) Standings(context.Context) ([]api.RuleTrust, error) {
	return []api.RuleTrust{{
		Rule: "red", Service: "cart", Written: "act", Given: "ask", Effective: "ask", Next: "act", Proposed: true, Why: "20 clean changes of 20",
		Record: api.RuleRecord{Ended: 41, Clean: 39, Fired: 2, FalseAlarms: 1},
	}}, nil
}

func (t *trusting) Promote(_ context.Context, _ string, d api.TrustDecision) (api.RuleTrust, error) {
	t.did = "promote " + d.Service + " " + d.Actor + " " + d.Why
	return api.RuleTrust{}, nil
}

func (t *trusting) Demote(_ context.Context, _ string, d api.TrustDecision) (api.RuleTrust, error) {
	t.did = "demote " + d.Service + " " + d.Actor + " " + d.Why
	return api.RuleTrust{}, nil
}
