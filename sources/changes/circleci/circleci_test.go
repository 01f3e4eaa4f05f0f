package circleci

import (
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/pushback/pushback/sources"
	"github.com/pushback/pushback/sources/changes"
	"github.com/pushback/pushback/sources/changes/changestest"
	"github.com/pushback/pushback/sources/changes/webhook"
)

const jobCompleted = `{
  "id": "8bd7", "type": "job-completed", "happened_at": "2026-03-01T12:02:00.123456Z", "webhook": {"id": "cf8c", "name": "pushback"},
  "workflow": {"id": "fda0", "name": "release", "created_at": "2026-02-27T08:00:00Z", "url": "https://app.circleci.com/pipelines/gh/acme/cart/130/workflows/fda0"},
  "job": {"id": "8b91", "name": "deploy-prod", "started_at": "2026-03-01T12:00:00Z", "stopped_at": "2026-03-01T12:02:00Z", "status": "success", "number": 136},
  "project": {"id": "84996744", "name": "cart", "slug": "gh/acme/cart"}, "organization": {"id": "f22b", "name": "acme"},
  "pipeline": {"id": "52ba", "number": 130, "trigger": {"type": "webhook"},
    "vcs": {"provider_name": "github", "revision": "1dc6aa69", "branch": "main", "commit": {"subject": "x", "author": {"name": "Ada", "email": "ada@example.org"}}}}
}`

const workflowCompleted = `{
  "id": "3888", "type": "workflow-completed", "happened_at": "2026-03-01T12:02:00Z",
  "workflow": {"id": "fda0", "name": "deploy-prod", "created_at": "2026-02-27T08:00:00Z", "status": "success", "url": "https://app.circleci.com/x"},
  "project": {"slug": "gitlab/a/b", "name": "cart"},
  "pipeline": {"trigger_parameters": {"gitlab": {"x": "y"}, "git": {"checkout_sha": "1dc6aa69", "branch": "main", "commit_author_name": "Ada"}}}
}`

func settings(c changestest.Config) Config {
	return Config{
		Config: webhook.Config{SecretFiles: c.SecretFiles, Insecure: c.Insecure, Scope: c.Scope},
		Jobs:   webhook.Globs{"deploy-*"}, Workflows: webhook.Globs{"deploy-*"}, EnvironmentFromName: true,
	}
}

func listed() changestest.Signature {
	s := changestest.HexHMAC("Circleci-Signature", "v1=")
	inner := s.Sign
	s.Sign = func(secret string, body []byte, at time.Time) http.Header {
		h := inner(secret, body, at)
		h.Set("Circleci-Signature", "v2=00,"+h.Get("Circleci-Signature"))
		return h
	}
	return s
}

func TestContract(t *testing.T) {
	for _, body := range []string{jobCompleted, workflowCompleted} {
		at := time.Date(2026, 3, 1, 12, 2, 0, 0, time.UTC)
		if body == jobCompleted {
			at = at.Add(123456 * time.Microsecond)
		}
		changestest.Run(t, changestest.Subject{
			New: func(c changestest.Config) (changes.Source, error) {
				return New(changes.Options{Name: changestest.Name}, settings(c))
			},
			Signatures: []changestest.Signature{changestest.HexHMAC("Circleci-Signature", "v1="), listed()},
			Succeeded:  changestest.Delivery{Body: body},
			Ignored: []changestest.Delivery{
				{Body: strings.Replace(body, `"deploy-prod"`, `"test"`, 1)},
				{Body: strings.Replace(body, `"success"`, `"unauthorized"`, 1)},
				{Body: `{"id": "1", "type": "ping"}`},
			},
			Volatile: []string{"Circleci-Event-Type"},
			At:       at, Environment: "deploy-prod",
		})
	}
}

func source(t testing.TB) changes.Source {
	t.Helper()
	s, err := New(changes.Options{Name: "circleci"}, settings(changestest.Config{Insecure: true}))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestJobsTellTheirStart(t *testing.T) {
	got, err := source(t).Parse(nil, []byte(jobCompleted))
	if err != nil || len(got) != 2 || got[0].Status != sources.Started || got[0].At.Format(time.TimeOnly) != "12:00:00" {
		t.Fatalf("%+v, %v", got, err)
	}
	end := got[1]
	if end.Status != sources.Succeeded || end.Service != "gh/acme/cart" || end.Version != "1dc6aa69" || end.Actor != "Ada" || end.ChangeID != got[0].ChangeID {
		t.Errorf("%+v", end)
	}
}

func TestWorkflows(t *testing.T) {
	f := func(status string, want sources.Status) {
		t.Helper()
		got, err := source(t).Parse(nil, []byte(strings.Replace(workflowCompleted, `"success"`, `"`+status+`"`, 1)))
		if err != nil || len(got) != 1 || got[0].Status != want || got[0].Version != "1dc6aa69" || got[0].Actor != "Ada" {
			t.Errorf("%s: %+v, %v", status, got, err)
		}
	}
	f("success", sources.Succeeded)
	f("failed", sources.Failed)
	f("error", sources.Failed)
	f("canceled", sources.Failed)
}

func TestSettings(t *testing.T) {
	f := func(want string, c Config) {
		t.Helper()
		if _, err := New(changes.Options{}, c); err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%+v: %v", c, err)
		}
	}
	f("jobs is missing", Config{})
	f("workflows", Config{Workflows: webhook.Globs{"[a"}})
	f("jobs", Config{Jobs: webhook.Globs{"[a"}})
	if _, err := New(changes.Options{}, Config{Jobs: webhook.Globs{"*"}}); !errors.Is(err, changes.ErrNoSecret) {
		t.Error(err)
	}
}

func FuzzParse(f *testing.F) {
	changestest.Fuzz(f, source(f), changestest.Delivery{Body: jobCompleted}, changestest.Delivery{Body: workflowCompleted})
}
