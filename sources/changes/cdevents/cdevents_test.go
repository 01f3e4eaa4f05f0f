package cdevents

import (
	"errors"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/pushback/pushback/sources"
	"github.com/pushback/pushback/sources/changes"
	"github.com/pushback/pushback/sources/changes/changestest"
	"github.com/pushback/pushback/sources/changes/webhook"
)

const deployed = `{
  "context": {"specversion": "0.5.1", "id": "2710", "chainId": "4c8c", "source": "/deployer", "type": "dev.cdevents.service.deployed.0.3.0", "timestamp": "2026-03-01T12:02:00Z"},
  "subject": {"id": "cart", "source": "/deployer", "content": {"environment": {"id": "prod"}, "artifactId": "pkg:oci/cart@sha256%3A0b31b1c0?repository_url=registry"}},
  "customData": {"change_id": "run-17", "previous": "sha256:0a"}
}`

const run = `{
  "context": {"id": "2700", "source": "/deployer", "type": "dev.cdevents.pipelinerun.started.0.3.0", "timestamp": "2026-03-01T12:00:00Z"},
  "subject": {"id": "run-17", "content": {"pipelineName": "deploy", "uri": "https://ci.example.org/17"}},
  "customData": {"service": "cart", "environment": "prod", "version": "sha256:0b31b1c0", "change_id": "run-17"}
}`

func settings(c changestest.Config) Config {
	return Config{webhook.TokenConfig{Config: webhook.Config{SecretFiles: c.SecretFiles, Insecure: c.Insecure, Scope: c.Scope}}}
}

func TestContract(t *testing.T) {
	changestest.Run(t, changestest.Subject{
		New: func(c changestest.Config) (changes.Source, error) {
			return New(changes.Options{Name: changestest.Name}, settings(c))
		},
		Signatures: []changestest.Signature{changestest.Token("Authorization")},
		Started:    changestest.Delivery{Body: run},
		Succeeded:  changestest.Delivery{Body: deployed},
		Ignored: []changestest.Delivery{
			{Body: strings.Replace(deployed, "service.deployed", "service.removed", 1)},
			{Body: strings.Replace(run, `"customData"`, `"x"`, 1)},
			{Body: strings.Replace(deployed, "dev.cdevents.service", "dev.cdevents.incident", 1)},
			{Body: strings.NewReplacer("dev.cdevents.service", "org.example.service", `{"id": "prod"}`, `"prod"`).Replace(deployed)},
		},
		At: time.Date(2026, 3, 1, 12, 2, 0, 0, time.UTC), Environment: "prod",
	})
}

func source(t testing.TB) changes.Source {
	t.Helper()
	s, err := New(changes.Options{Name: "cdevents"}, settings(changestest.Config{Insecure: true}))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestTypes(t *testing.T) {
	f := func(name, body string, want sources.Status, rollbackOf string) {
		t.Helper()
		got, err := source(t).Parse(nil, []byte(body))
		if err != nil || got[0].Status != want || got[0].RollbackOf != rollbackOf || got[0].ChangeID != "run-17" || got[0].Version != "sha256:0b31b1c0" || got[0].Service != "cart" {
			t.Errorf("%s: %+v, %v", name, got, err)
		}
	}
	f("deployed", deployed, sources.Succeeded, "")
	f("upgraded", strings.Replace(deployed, "deployed", "upgraded", 1), sources.Succeeded, "")
	f("rolled back", strings.Replace(deployed, "deployed", "rolledback", 1), sources.Succeeded, "unknown")
	f("rolled back what is known", strings.NewReplacer("deployed", "rolledback", `"change_id"`, `"rollback_of": "run-16", "change_id"`).Replace(deployed), sources.Succeeded, "run-16")
	f("began", run, sources.Started, "")
	f("failed", strings.NewReplacer("started", "finished", `"uri"`, `"outcome": "failure", "uri"`).Replace(run), sources.Failed, "")
	if got, err := source(t).Parse(nil, []byte(strings.NewReplacer("started", "finished", `"uri"`, `"outcome": "success", "uri"`).Replace(run))); !errors.Is(err, changes.ErrIgnored) {
		t.Errorf("%+v, %v", got, err)
	}
}

func TestArtifacts(t *testing.T) {
	for purl, want := range map[string]string{
		"pkg:oci/cart@sha256%3A0b31": "sha256:0b31", "pkg:npm/%40acme/cart@1.2.3?x=y#z": "1.2.3", "pkg:oci/cart": "pkg:oci/cart",
		"cart:v42": "cart:v42", "pkg:oci/cart@": "pkg:oci/cart@", "pkg:oci/cart@%zz": "pkg:oci/cart@%zz",
	} {
		if got := artifactVersion(purl); got != want {
			t.Errorf("%s is %s, want %s", purl, got, want)
		}
	}
}

func TestAsCloudEvents(t *testing.T) {
	binary := http.Header{"Ce-Specversion": {"1.0"}, "Ce-Id": {"1"}, "Ce-Source": {"x"}, "Ce-Type": {"dev.cdevents.service.deployed.0.3.0"}}
	if got, err := source(t).Parse(binary, []byte(deployed)); err != nil || got[0].Service != "cart" {
		t.Errorf("binary: %+v, %v", got, err)
	}
	body := `[{"specversion": "1.0", "id": "1", "source": "x", "type": "y", "data": ` + run + `}, {"specversion": "1.0", "id": "2", "source": "x", "type": "y", "data": ` + deployed + `}]`
	got, err := source(t).Parse(http.Header{"Content-Type": {"application/cloudevents-batch+json"}}, []byte(body))
	if err != nil || len(got) != 2 {
		t.Errorf("batch: %+v, %v", got, err)
	}
}

// The specification's own examples.
func TestRealEvents(t *testing.T) {
	const shared = "../../../../shared/payloads/cdevents/"
	files, _ := filepath.Glob(shared + "*.json")
	later, _ := filepath.Glob(shared + "v0.5/*.json")
	if len(files) == 0 {
		t.Skip("the conformance files of CDEvents are not beside the repository")
	}
	for _, file := range append(files, later...) {
		body, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		got, err := source(t).Parse(nil, body)
		switch filepath.Base(file) {
		case "service_deployed.json", "service_upgraded.json", "service_rolledback.json":
			if err != nil || got[0].Service != "mySubject123" || got[0].Environment != "test123" || !strings.HasPrefix(got[0].Version, "sha256:0b31") {
				t.Errorf("%s: %+v, %v", file, got, err)
			}
		default:
			if !errors.Is(err, changes.ErrIgnored) {
				t.Errorf("%s: %+v, %v", file, got, err)
			}
		}
	}
}

func FuzzParse(f *testing.F) {
	changestest.Fuzz(f, source(f), changestest.Delivery{Body: deployed}, changestest.Delivery{Body: run},
		changestest.Delivery{Header: http.Header{"Content-Type": {"application/cloudevents-batch+json"}}, Body: `[{"specversion": "1.0", "id": "1", "source": "x", "type": "y", "data": ` + run + `}]`})
}
