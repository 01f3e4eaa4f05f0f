package github

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/pushback/pushback/rollback"
	"github.com/pushback/pushback/rollback/hooktest"
)

func TestPreflight(t *testing.T) {
	f := func(what string, c Config, wanted string, change func(hooktest.Fake)) {
		t.Helper()
		fake := cart().fake(hooktest.Succeeds)
		change(fake)
		bad := rollback.Problems(hook(t, fake.Serve(t).URL, c).Preflight(t.Context(), hooktest.Warrant(t).Plan()))
		if len(bad) != 1 || !strings.Contains(bad[0].String(), wanted) {
			t.Errorf("%s: %v, want %q", what, bad, wanted)
		}
	}
	answer := func(route string, v any) func(hooktest.Fake) {
		return func(fake hooktest.Fake) { fake.Reads["GET "+repo+route] = say(v) }
	}
	f("a bad token", deploying, "401 Unauthorized", answer("", hooktest.Status{Code: 401, Body: object{"message": "Bad credentials"}}))
	f("no such repository", deploying, "404 Not Found", answer("", hooktest.Status{Code: 404}))
	f("archived", deploying, "archived or disabled", answer("", object{"archived": true}))
	f("no workflow", dispatching, "404 Not Found", answer("/actions/workflows/undo.yml", hooktest.Status{Code: 404}))
	f("a disabled workflow", dispatching, `"disabled_manually"`, answer("/actions/workflows/undo.yml", object{"state": "disabled_manually"}))
	auto := reverting
	auto.Merge = "auto"
	f("no auto-merge", auto, "does not allow", answer("", object{"allow_auto_merge": false}))
}

// What GitHub may report wrongly does not prevent a rollback.
func TestPreflightSkips(t *testing.T) {
	f := func(route string, answer any, wanted string) {
		t.Helper()
		fake := cart().fake(hooktest.Succeeds)
		fake.Reads["GET "+repo+route] = say(answer)
		checks := hook(t, fake.Serve(t).URL, deploying).Preflight(t.Context(), hooktest.Warrant(t).Plan())
		if bad := rollback.Problems(checks); len(bad) > 0 || !strings.Contains(fmt.Sprint(checks), wanted) {
			t.Errorf("%v, want %q", checks, wanted)
		}
	}
	f("", object{"permissions": object{"push": false}}, "not checked: GitHub reports that the token's owner may only read")
	f("/deployments?per_page=1", []object{}, "not checked: the repository has no deployments")
}

func TestPreflightUnreachableIsTemporary(t *testing.T) {
	h := hook(t, "http://127.0.0.1:1", deploying)
	for _, p := range []rollback.Plan{{}, hooktest.Warrant(t).Plan()} {
		if bad := rollback.Problems(h.Preflight(t.Context(), p)); len(bad) != 1 || !bad[0].Temporary {
			t.Errorf("got %+v", bad)
		}
	}
}

func TestVerify(t *testing.T) {
	f := func(what string, c Config, settled bool, running string, change func(*github)) {
		t.Helper()
		g := cart()
		change(g)
		got, err := hook(t, g.fake(hooktest.Succeeds).Serve(t).URL, c).Verify(t.Context(), hooktest.Warrant(t).Plan())
		if err != nil || got.TargetRuns != settled || got.Version != running {
			t.Errorf("%s: %+v, %v", what, got, err)
		}
	}
	f("v2 runs", deploying, false, "sha-of-v2", func(*github) {})
	f("v2 failed", dispatching, true, "sha-of-v1", func(g *github) { g.states = map[string]string{"1": "success", "2": "failure"} })
	f("not reverted", reverting, false, "v2", func(*github) {})
	f("revert open", reverting, false, "v2", func(g *github) { g.pulls[0]["state"] = "open" })
	f("revert merged", reverting, true, "cafe", func(g *github) {
		g.pulls[0]["merged_at"], g.pulls[0]["merge_commit_sha"] = "2026-11-20T12:03:00Z", "cafe"
	})

	g := cart()
	g.states = nil
	var unverifiable *rollback.UnverifiableError
	if _, err := hook(t, g.fake(hooktest.Succeeds).Serve(t).URL, deploying).Verify(t.Context(), hooktest.Warrant(t).Plan()); !errors.As(err, &unverifiable) {
		t.Errorf("no deployment succeeded: %v", err)
	}
}

func TestDryRun(t *testing.T) {
	f := func(c Config, settled bool, wanted string, change func(*github)) {
		t.Helper()
		g := cart()
		change(g)
		got, err := hook(t, g.fake(hooktest.Succeeds).Serve(t).URL, c).DryRun(t.Context(), hooktest.Warrant(t).Plan())
		if steps := strings.Join(got.Steps, "\n"); err != nil || got.AlreadyLive != settled || !strings.Contains(steps, wanted) {
			t.Errorf("%+v, %v; want %q", got, err, wanted)
		}
	}
	none := func(*github) {}
	f(dispatching, false, `/actions/workflows/undo.yml/dispatches {"ref":"main","inputs":{`, none)
	f(deploying, false, `/deployments {"ref":"v1"`, none)
	f(deploying, true, "", func(g *github) { g.deployments[0]["ref"] = "v1" })
	f(reverting, false, `revertPullRequest of #12 "faster cart"`, none)
	f(reverting, false, `#10 reverts #12 already`, func(g *github) { g.pulls[0]["state"] = "open" })
	f(reverting, true, "", func(g *github) { g.pulls[0]["merged_at"] = "2026-11-20T12:03:00Z" })
}

// A name from an event is valid, or no request is sent.
func TestHostileNames(t *testing.T) {
	f := func(service, repository string) {
		t.Helper()
		h := hook(t, "http://127.0.0.1:1", Config{Does: "deployment", Repository: repository})
		plan := hooktest.Warrant(t).Plan()
		plan.Change.Service = service
		if _, err := h.repository(plan); err == nil {
			t.Errorf("%q in %q is accepted as a repository", service, repository)
		}
	}
	f("..", "example/$service")
	f("a/b", "example/$service")
	f("cart?x=1", "example/$service")
	f("cart#", "example/$service")
	f("", "example/$service")
	f("a/b/c", "$service")
	f("cart", "$service")
	f("/", "$service")
	f("a\nb", "example/$service")
}

func TestGraphQLAddress(t *testing.T) {
	for url, want := range map[string]string{
		"https://api.github.com": "https://api.github.com/graphql", "https://ghe.example/api/v3": "https://ghe.example/api/graphql",
	} {
		if got := (&Hook{config: Config{URL: url}}).graphql(); got != want {
			t.Errorf("%s: %s, want %s", url, got, want)
		}
	}
}

func TestNewRefuses(t *testing.T) {
	path := filepath.Join(t.TempDir(), "token")
	if err := os.WriteFile(path, []byte(token), 0o600); err != nil {
		t.Fatal(err)
	}
	f := func(c Config, wanted string) {
		t.Helper()
		if c.TokenFile == "" {
			c.TokenFile = path
		}
		if _, err := New(c); err == nil || !strings.Contains(err.Error(), wanted) {
			t.Errorf("%+v: %v, want %q", c, err, wanted)
		}
	}
	f(Config{}, "does: write workflow")
	f(Config{}, "repository is missing")
	f(Config{Does: "workflow", Repository: "a/b"}, "rollback.yml")
	f(Config{Does: "workflow", Repository: "a/b", Workflow: "../x"}, "rollback.yml")
	f(Config{Does: "revert", Repository: "a/b", Inputs: map[string]string{"a": "b"}}, "need does: workflow")
	f(Config{Does: "revert", Repository: "a/b", Merge: "soon"}, "merge: write auto")
	f(Config{Does: "deployment", Repository: "a/b", Merge: "now"}, "merge needs does")
	f(Config{Does: "revert", Repository: "a/b", MergeMethod: "octopus"}, "merge_method")
	f(Config{Does: "revert", Repository: "a/b", Timeout: -1}, "negative")
	f(Config{Does: "revert", Repository: "x-$service"}, "whole text")
	f(Config{Does: "revert", Repository: "a/b", TokenFile: "/nowhere"}, "no such file")
	f(Config{Does: "revert", Repository: "a/b", URL: "https://me:pw@x"}, "user or password")
}
