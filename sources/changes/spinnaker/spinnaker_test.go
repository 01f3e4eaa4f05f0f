package spinnaker

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/pushback/pushback/sources"
	"github.com/pushback/pushback/sources/changes"
	"github.com/pushback/pushback/sources/changes/changestest"
	"github.com/pushback/pushback/sources/changes/webhook"
)

const complete = `{
  "details": {"source": "orca", "type": "orca:pipeline:complete", "application": "cart", "created": "1772366520000"},
  "content": {
    "executionId": "01HQ",
    "execution": {
      "id": "01HQ", "name": "deploy-prod", "application": "cart", "status": "SUCCEEDED",
      "authentication": {"user": "ada@example.org"},
      "trigger": {"type": "docker", "user": "[anonymous]", "tag": "v41", "parameters": {"environment": "prod", "version": "v42", "dry": false}, "artifacts": [{"type": "docker/image", "version": "v40"}]}
    }
  },
  "eventId": "5e7c"
}`

func settings(c changestest.Config) Config {
	return Config{
		TokenConfig: webhook.TokenConfig{Config: webhook.Config{SecretFiles: c.SecretFiles, Insecure: c.Insecure, Scope: c.Scope}, Header: "X-Pushback-Secret"},
		Pipelines:   webhook.Globs{"deploy-*"},
	}
}

func TestContract(t *testing.T) {
	changestest.Run(t, changestest.Subject{
		New: func(c changestest.Config) (changes.Source, error) {
			return New(changes.Options{Name: changestest.Name}, settings(c))
		},
		Signatures: []changestest.Signature{changestest.Token("X-Pushback-Secret")},
		Started:    changestest.Delivery{Body: strings.NewReplacer("pipeline:complete", "pipeline:starting", "1772366520000", "1772366400000").Replace(complete)},
		Succeeded:  changestest.Delivery{Body: complete},
		Ignored: []changestest.Delivery{
			{Body: strings.Replace(complete, "orca:pipeline:complete", "orca:stage:complete", 1)},
			{Body: strings.Replace(complete, "deploy-prod", "bake", 1)},
			{Body: `{"details": {"type": "git"}, "content": {}}`},
		},
		At: time.Date(2026, 3, 1, 12, 2, 0, 0, time.UTC), Environment: "prod",
	})
}

func source(t testing.TB) changes.Source {
	t.Helper()
	s, err := New(changes.Options{Name: "spinnaker"}, settings(changestest.Config{Insecure: true}))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestForms(t *testing.T) {
	f := func(name, body string, status sources.Status, version string) {
		t.Helper()
		got, err := source(t).Parse(nil, []byte(body))
		if err != nil || got[0].Status != status || got[0].Version != version || got[0].Service != "cart" || got[0].Actor != "ada@example.org" {
			t.Errorf("%s: %+v, %v", name, got, err)
		}
	}
	f("as it is", complete, sources.Succeeded, "v42")
	f("wrapped", `{"eventName": "spinnaker_events", "payload": `+complete+`}`, sources.Succeeded, "v42")
	f("failed", strings.Replace(complete, "pipeline:complete", "pipeline:failed", 1), sources.Failed, "v42")
	f("no parameter", strings.Replace(complete, `"version": "v42", `, "", 1), sources.Succeeded, "v40")
	f("no artifact", strings.NewReplacer(`"version": "v42", `, "", `"version": "v40"`, `"name": "x"`).Replace(complete), sources.Succeeded, "v41")
	f("a build", strings.NewReplacer(`"version": "v42", `, "", `"version": "v40"`, `"name": "x"`, `"tag": "v41"`, `"buildNumber": 17`).Replace(complete), sources.Succeeded, "17")
}

func TestWithoutAVersion(t *testing.T) {
	_, err := source(t).Parse(nil, []byte(strings.NewReplacer(`"version"`, `"x"`, `"tag"`, `"y"`).Replace(complete)))
	if !errors.As(err, new(*sources.BadEvent)) || !strings.Contains(err.Error(), "parameter version") {
		t.Error(err)
	}
}

func TestSettings(t *testing.T) {
	f := func(want string, c Config) {
		t.Helper()
		c.Insecure = true
		if _, err := New(changes.Options{}, c); err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%+v: %v", c, err)
		}
	}
	f("pipelines is missing", Config{})
	f("pipelines", Config{Pipelines: webhook.Globs{"[a"}})
	f("header", Config{Pipelines: webhook.Globs{"*"}, TokenConfig: webhook.TokenConfig{Header: "X Secret"}})
	f("environment", Config{Pipelines: webhook.Globs{"*"}, TokenConfig: webhook.TokenConfig{Config: webhook.Config{Environment: "pro\u200bd"}}})
}

func FuzzParse(f *testing.F) {
	changestest.Fuzz(f, source(f), changestest.Delivery{Body: complete}, changestest.Delivery{Body: `{"payload": ` + complete + `}`})
}
