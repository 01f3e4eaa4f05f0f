package github

import (
	"errors"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/pushback/pushback/sources"
	"github.com/pushback/pushback/sources/changes"
)

// choosing is a source that takes runs of deploy.yml on main, and releases.
func choosing(t testing.TB) *Source {
	return configured(t, Config{
		Events:    []string{"workflow_run", "release"},
		Workflows: []Workflow{{Workflow: "deploy.yml", Environment: "staging", Branches: []string{"main", "release-*"}}},
	})
}

func TestWorkflowRun(t *testing.T) {
	got, err := choosing(t).Parse(of("workflow_run"), []byte(fixture(t, "workflow_run.json")))
	want := []sources.Event{{
		Source: "github", EventID: "workflow_run:700123:2:completed", ChangeID: "github:acme/cart/runs/700123/2", Status: sources.Succeeded, At: noon.Add(5 * time.Minute),
		Service: "acme/cart", Environment: "staging", Kind: sources.Deploy, Version: "9fceb02d0ae598e95dc970b74767f19372d61af8",
		Actor: "bea", URL: "https://github.com/acme/cart/actions/runs/700123", Labels: map[string]string{"ref": "main", "workflow": "Ship it"},
	}}
	if err != nil || !reflect.DeepEqual(admit(t, got), want) {
		t.Fatalf("%+v, %v; want %+v", got, err, want)
	}
}

func TestWorkflowRunsBecome(t *testing.T) {
	s, body := choosing(t), fixture(t, "workflow_run.json")
	f := func(name string, want sources.Status, at time.Duration, swaps ...string) {
		t.Helper()
		got, err := s.Parse(of("workflow_run"), []byte(strings.NewReplacer(swaps...).Replace(body)))
		if want == "" {
			if !errors.Is(err, changes.ErrIgnored) {
				t.Errorf("%s: %+v, %v; want it ignored", name, got, err)
			}
			return
		}
		if err != nil || len(got) != 1 || got[0].Status != want || !got[0].At.Equal(noon.Add(at)) {
			t.Errorf("%s: %+v, %v; want %s", name, got, err, want)
		}
	}
	action := func(to string) []string { return []string{`"action": "completed"`, `"action": "` + to + `"`} }
	conclusion := func(to string) []string { return []string{`"conclusion": "success"`, `"conclusion": "` + to + `"`} }
	f("requested", sources.Started, 0, action("requested")...)
	f("in progress", sources.Started, 5*time.Minute, action("in_progress")...)
	f("deleted", "", 0, action("deleted")...)
	for _, c := range []string{"failure", "cancelled", "timed_out", "startup_failure"} {
		f(c, sources.Failed, 5*time.Minute, conclusion(c)...)
	}
	for _, c := range []string{"skipped", "neutral", "stale", "action_required"} {
		f(c, "", 0, conclusion(c)...)
	}
	f("a path with its branch", sources.Succeeded, 5*time.Minute, `deploy.yml",`, `deploy.yml@refs/heads/main",`)
	f("a branch that matches", sources.Succeeded, 5*time.Minute, `"head_branch": "main"`, `"head_branch": "release-7"`)
	f("another branch", "", 0, `"head_branch": "main"`, `"head_branch": "try"`)
	f("another workflow", "", 0, "deploy.yml", "test.yml")
	f("a pull request", "", 0, `"event": "push"`, `"event": "pull_request"`)
	f("a pull request of a fork", "", 0, `"event": "push"`, `"event": "pull_request_target"`)
	f("a fork", "", 0, `"head_repository": {"full_name": "acme/cart"}`, `"head_repository": {"full_name": "mallory/cart"}`)
	f("a re-run of an old server", sources.Succeeded, 5*time.Minute, `"run_attempt": 2,`, "")
	if _, err := s.Parse(of("workflow_run"), []byte(strings.Replace(body, `"success"`, `"odd"`, 1))); !errors.As(err, new(*sources.BadEvent)) {
		t.Errorf("an unknown conclusion: %v", err)
	}
}

func TestRelease(t *testing.T) {
	s, body := choosing(t), fixture(t, "release.json")
	got, err := s.Parse(of("release"), []byte(body))
	want := []sources.Event{{
		Source: "github", EventID: "release:55", ChangeID: "github:acme/cart/releases/55", Status: sources.Succeeded, At: noon,
		Service: "acme/cart", Environment: "production", Kind: sources.Deploy, Version: "v7.1.0",
		Actor: "ada", URL: "https://github.com/acme/cart/releases/tag/v7.1.0", Labels: map[string]string{"ref": "main"},
	}}
	if err != nil || !reflect.DeepEqual(admit(t, got), want) {
		t.Fatalf("%+v, %v; want %+v", got, err, want)
	}
	for _, swap := range [][2]string{{`"published",`, `"released",`}, {`"prerelease": false`, `"prerelease": true`}, {`"draft": false`, `"draft": true`}} {
		if _, err := s.Parse(of("release"), []byte(strings.Replace(body, swap[0], swap[1], 1))); !errors.Is(err, changes.ErrIgnored) {
			t.Errorf("%s: %v", swap[1], err)
		}
	}
}

func TestChosenDeliveriesThatLackAField(t *testing.T) {
	s := choosing(t)
	f := func(event, file, field, want string) {
		t.Helper()
		_, err := s.Parse(of(event), []byte(strings.ReplaceAll(fixture(t, file), `"`+field+`"`, `"x"`)))
		bad := (*sources.BadEvent)(nil)
		if !errors.As(err, &bad) || !strings.Contains(bad.Reason, want) {
			t.Errorf("%s without %s: %v", event, field, err)
		}
	}
	f("workflow_run", "workflow_run.json", "head_sha", "workflow_run.head_sha")
	f("workflow_run", "workflow_run.json", "id", "workflow_run.id")
	f("workflow_run", "workflow_run.json", "repository", "repository.full_name")
	f("release", "release.json", "id", "release.id")
	f("release", "release.json", "tag_name", "release.tag_name")
	f("release", "release.json", "published_at", "release.published_at")
	f("release", "release.json", "full_name", "repository.full_name")
}

// What the settings do not choose is ignored, and says so.
func TestEventsThatAreNotChosen(t *testing.T) {
	for event, s := range map[string]*Source{"workflow_run": source(t, changes.Scope{}), "release": source(t, changes.Scope{}), "deployment": choosing(t), "deployment_status": choosing(t)} {
		if _, err := s.Parse(of(event), []byte(`{}`)); !errors.Is(err, changes.ErrIgnored) || errors.As(err, new(*sources.BadEvent)) {
			t.Errorf("%s: %v", event, err)
		}
	}
}

func TestLongAndSpacedEnvironments(t *testing.T) {
	body := fixture(t, "deployment.json")
	f := func(environment string, ok bool) {
		t.Helper()
		got, err := source(t, changes.Scope{}).Parse(of("deployment"), []byte(strings.ReplaceAll(body, `"production"`, `"`+environment+`"`)))
		if err != nil || got[0].Environment != environment {
			t.Fatalf("%q: %+v, %v", environment, got, err)
		}
		if _, err := sources.Admit(got[0], nil, noon.Add(time.Hour)); (err == nil) != ok {
			t.Errorf("%d bytes: %v", len(environment), err)
		}
	}
	f("production / eu", true)
	f(strings.Repeat("e", 255), true)
	f(strings.Repeat("e", 256), false)
	s := source(t, changes.Scope{Environments: map[string]string{"production / eu": "production"}})
	got, err := s.Parse(of("deployment"), []byte(strings.ReplaceAll(body, `"production"`, `"production / eu"`)))
	if err != nil || got[0].Environment != "production" || got[0].Labels["github_environment"] != "production / eu" {
		t.Errorf("%+v, %v", got, err)
	}
}

func TestAProductionEnvironmentIsMarked(t *testing.T) {
	text := strings.Replace(fixture(t, "deployment.json"), `"task"`, `"production_environment": true, "task"`, 1)
	got, err := source(t, changes.Scope{}).Parse(of("deployment"), []byte(text))
	if err != nil || got[0].Labels["production"] != "true" {
		t.Errorf("%+v, %v", got, err)
	}
}

func TestSettingsAreChecked(t *testing.T) {
	runs := []string{"workflow_run"}
	deploys := []Workflow{{Workflow: "deploy.yml"}}
	f := func(c Config, want string) {
		t.Helper()
		c.Insecure = true
		_, err := New(changes.Options{Name: "github"}, c)
		if err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%+v: %v, want %s", c, err, want)
		}
	}
	f(Config{Events: []string{"push"}}, "events")
	f(Config{Events: runs}, "workflows is missing")
	f(Config{Workflows: deploys}, "workflows needs")
	f(Config{Events: runs, Workflows: []Workflow{{}}}, "workflows[0].workflow")
	f(Config{Events: runs, Workflows: []Workflow{{Workflow: "a", Environment: "a\n"}}}, "workflows[0].environment")
	f(Config{Events: runs, Workflows: []Workflow{{Workflow: "a", Branches: []string{"["}}}}, "workflows[0].branches")
	f(Config{ReleaseEnvironment: "production"}, "release_environment")
	f(Config{APIURL: DefaultAPI}, "api_url needs")
	f(Config{Repositories: []string{"acme/cart"}}, "repositories needs")
	f(Config{TokenFile: "absent", Repositories: []string{"cart"}}, "repositories[0]")
	f(Config{TokenFile: "absent", Repositories: []string{"../x"}}, "repositories[0]")
	f(Config{TokenFile: "absent"}, "token_file")
	f(Config{Scope: changes.Scope{Rollout: -1}}, "rollout")
}
