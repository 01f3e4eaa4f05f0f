package github

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/pushback/pushback/sources"
	"github.com/pushback/pushback/sources/changes"
)

func TestRealDeliveries(t *testing.T) {
	const shared = "../../../../shared/payloads/github"
	if _, err := os.Stat(shared); err != nil {
		t.Skipf("GitHub's own examples are not beside the repository: %v", err)
	}
	s := source(t, changes.Scope{})
	f := func(event, file string, want sources.Status) {
		t.Helper()
		body, err := os.ReadFile(filepath.Join(shared, file))
		if err != nil {
			t.Fatal(err)
		}
		got, err := s.Parse(of(event), body)
		if want == "" {
			if !errors.Is(err, changes.ErrIgnored) {
				t.Errorf("%s: %v, want it ignored", file, err)
			}
			return
		}
		if err != nil || len(got) != 1 || got[0].Status != want || len(got[0].Version) != 40 {
			t.Errorf("%s: %+v, %v; want %s", file, got, err, want)
		}
	}
	others, _ := filepath.Glob(filepath.Join(shared, "*.payload.json"))
	for _, path := range others {
		event, _, _ := strings.Cut(filepath.Base(path), ".")
		body, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := s.Parse(of(event), body); err != nil && !errors.Is(err, changes.ErrIgnored) {
			t.Errorf("%s: %v", path, err)
		}
	}
	f("deployment", "deployment.payload.json", sources.Started)
	f("deployment", "deployment.gh-pages.payload.json", "")
	f("deployment", "go-playground/deployment.json", sources.Started)
	f("deployment_status", "deployment_status.payload.json", sources.Succeeded)
	f("deployment_status", "deployment_status.gh-pages.payload.json", sources.Started)
	f("deployment_status", "go-playground/deployment-status.json", sources.Succeeded)
	f("workflow_run", "workflow_run.completed.payload.json", "")
	f("release", "release.released.json", "")
}

func FuzzParse(f *testing.F) {
	f.Add("deployment", []byte(fixture(f, "deployment.json")))
	f.Add("deployment_status", []byte(fixture(f, "deployment_status.json")))
	f.Add("workflow_run", []byte(fixture(f, "workflow_run.json")))
	f.Add("release", []byte(fixture(f, "release.json")))
	f.Add("deployment_status", []byte(`{"action":"created","deployment":{"payload":"\"{}\""}}`))
	s := configured(f, Config{
		Scope: changes.Scope{Rollout: time.Minute}, Events: []string{"deployment", "deployment_status", "workflow_run", "release"},
		Workflows: []Workflow{{Workflow: "deploy.yml"}},
	})
	f.Fuzz(func(t *testing.T, event string, body []byte) {
		events, err := s.Parse(of(event), body)
		if err != nil {
			if !errors.Is(err, changes.ErrIgnored) && !errors.As(err, new(*sources.BadEvent)) {
				t.Fatalf("%v is neither ignored nor bad", err)
			}
			return
		}
		for _, e := range events {
			if e.Source != "github" || e.Service == "" || e.Version == "" || e.At.IsZero() {
				t.Fatalf("incomplete: %+v", e)
			}
		}
	})
}
