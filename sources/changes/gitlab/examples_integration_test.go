//go:build integration

package gitlab

import (
	"errors"
	"net/http"
	"testing"

	"github.com/pushback/pushback/sources/changes"
	"github.com/pushback/pushback/sources/changes/internal/examples"
)

// Every delivery that two other libraries are tested with is a change or ignored.
func TestExamplesOfOthers(t *testing.T) {
	f := func(module, glob string, want ...string) {
		t.Helper()
		s, taken := configured(t, Config{Events: kinds, Pipelines: []Pipeline{{Ref: "*"}}}), map[string]bool{}
		for file, body := range examples.Read(t, examples.Module(t, module), glob) {
			events, err := s.Parse(http.Header{"Idempotency-Key": {"k"}}, []byte(body))
			if err != nil && !errors.Is(err, changes.ErrIgnored) {
				t.Errorf("%s: %v", file, err)
			}
			if err == nil {
				admit(t, events)
				taken[file] = true
			}
		}
		for _, file := range want {
			if !taken[file] {
				t.Errorf("%s of %s is no change; those that are: %v", file, module, taken)
			}
		}
	}
	f("gitlab.com/gitlab-org/api/client-go/v2@v2.64.0", "testdata/webhooks/*.json", "deployment.json", "feature_flag.json", "release.json")
	f("github.com/go-playground/webhooks/v6@v6.4.0", "testdata/gitlab/*.json", "deployment-event.json", "release-event.json")
}
