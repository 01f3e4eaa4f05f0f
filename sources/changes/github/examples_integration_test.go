//go:build integration

package github

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/pushback/pushback/sources/changes"
	"github.com/pushback/pushback/sources/changes/internal/examples"
)

// everything is a source that takes every event that can be a change.
func everything(t testing.TB) *Source {
	return configured(t, Config{
		Events:    []string{"deployment", "deployment_status", "workflow_run", "release"},
		Workflows: []Workflow{{Workflow: "test"}, {Workflow: "Test"}, {Workflow: "test.yml"}, {Workflow: "workflow-webhook-test.yml"}},
	})
}

// takes fails unless a delivery is an event or ignored, and says which.
func takes(t *testing.T, s *Source, name, event, body string) bool {
	t.Helper()
	events, err := s.Parse(of(event), []byte(body))
	if err != nil && !errors.Is(err, changes.ErrIgnored) {
		t.Errorf("%s (%s): %v", name, event, err)
		return false
	}
	if err == nil {
		admit(t, events)
	}
	return err == nil
}

// All examples of GitHub's own events, of github.com and of Enterprise servers.
func TestOctokitExamples(t *testing.T) {
	dir, s := examples.NPM(t, "@octokit/webhooks-examples@7.6.1"), everything(t)
	taken, all := map[string]int{}, 0
	indexes, _ := filepath.Glob(filepath.Join(dir, "*", "index.json"))
	for _, index := range indexes {
		text, err := os.ReadFile(index)
		if err != nil {
			t.Fatal(err)
		}
		var webhooks []struct {
			Name     string            `json:"name"`
			Examples []json.RawMessage `json:"examples"`
		}
		if err := json.Unmarshal(text, &webhooks); err != nil {
			t.Fatal(err)
		}
		for _, w := range webhooks {
			for i, body := range w.Examples {
				all++
				if takes(t, s, fmt.Sprintf("%s %d", filepath.Base(filepath.Dir(index)), i), w.Name, string(body)) {
					taken[w.Name]++
				}
			}
		}
	}
	t.Logf("%d examples, taken for changes: %v", all, taken)
	if all < 200 || taken["deployment"] == 0 || taken["deployment_status"] == 0 || taken["workflow_run"] == 0 || taken["release"] == 0 || len(taken) != 4 {
		t.Errorf("of %d examples, taken for changes: %v", all, taken)
	}
}

// The deliveries that another library is tested with.
func TestGoPlaygroundExamples(t *testing.T) {
	dir, s := examples.Module(t, "github.com/go-playground/webhooks/v6@v6.4.0"), everything(t)
	taken := map[string]bool{}
	for file, body := range examples.Read(t, dir, "testdata/github/*.json") {
		event := strings.ReplaceAll(strings.TrimSuffix(file, ".json"), "-", "_")
		if takes(t, s, file, event, body) {
			taken[event] = true
		}
	}
	if !taken["deployment"] || !taken["deployment_status"] || !taken["release"] {
		t.Errorf("taken for changes: %v", taken)
	}
}
