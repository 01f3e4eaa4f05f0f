package harness

import (
	"strings"
	"testing"
	"time"

	"github.com/pushback/pushback/sources"
	"github.com/pushback/pushback/sources/changes"
	"github.com/pushback/pushback/sources/changes/changestest"
	"github.com/pushback/pushback/sources/changes/webhook"
)

const finished = `{
  "context": {"version": "0.5.0-draft", "id": "Sp7-YQ", "chainId": "deploycart", "source": "https://app.harness.io/ng/x",
    "type": "dev.cdevents.pipelinerun.finished.0.3.0-draft", "timestamp": "1772366520000"},
  "subject": {"id": "deploycart", "source": "https://app.harness.io/ng/x", "type": "pipelineRun",
    "content": {"pipelineName": "deploy cart", "uri": "https://app.harness.io/ng/x", "outcome": "success"}},
  "customData": {"orgId": "default", "projectId": "shop", "triggeredBy": "ada@example.org", "executionId": "Sp7-YQ", "startTime": "1772366400000",
    "service": "cart", "environment": "prod", "version": "v42"}
}`

func settings(c changestest.Config) Config {
	return Config{
		TokenConfig: webhook.TokenConfig{Config: webhook.Config{SecretFiles: c.SecretFiles, Insecure: c.Insecure, Scope: c.Scope}},
		Pipelines:   webhook.Globs{"deploy*"},
	}
}

func TestContract(t *testing.T) {
	changestest.Run(t, changestest.Subject{
		New: func(c changestest.Config) (changes.Source, error) {
			return New(changes.Options{Name: changestest.Name}, settings(c))
		},
		Signatures: []changestest.Signature{changestest.Token("Authorization")},
		Started: changestest.Delivery{
			Body: strings.NewReplacer("pipelinerun.finished", "pipelinerun.started", "1772366520000", "1772366400000", `, "outcome": "success"`, "").Replace(finished),
		},
		Succeeded: changestest.Delivery{Body: finished},
		Ignored: []changestest.Delivery{
			{Body: strings.Replace(finished, "pipelinerun.finished", "build.started", 1)},
			{Body: strings.Replace(finished, "deploy cart", "unit tests", 1)},
		},
		At: time.Date(2026, 3, 1, 12, 2, 0, 0, time.UTC), Environment: "prod",
	})
}

func source(t testing.TB) changes.Source {
	t.Helper()
	s, err := New(changes.Options{Name: "harness"}, settings(changestest.Config{Insecure: true}))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestFields(t *testing.T) {
	f := func(name, body string, want sources.Status, service, version string) {
		t.Helper()
		got, err := source(t).Parse(nil, []byte(body))
		if err != nil || got[0].Status != want || got[0].Service != service || got[0].Version != version || got[0].Actor != "ada@example.org" {
			t.Errorf("%s: %+v, %v", name, got, err)
		}
	}
	f("extended", finished, sources.Succeeded, "cart", "v42")
	f("as Harness ships it", strings.Replace(finished, `,
    "service": "cart", "environment": "prod", "version": "v42"`, "", 1), sources.Succeeded, "deploy cart", "Sp7-YQ")
	f("failed", strings.Replace(finished, `"success"`, `"failure"`, 1), sources.Failed, "cart", "v42")
	f("a number", strings.Replace(finished, `"1772366520000"`, `1772366520000`, 1), sources.Succeeded, "cart", "v42")
}

func FuzzParse(f *testing.F) {
	changestest.Fuzz(f, source(f), changestest.Delivery{Body: finished})
}
