package github

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"net/http"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/pushback/pushback/sources"
	"github.com/pushback/pushback/sources/changes"
	"github.com/pushback/pushback/sources/changes/changestest"
)

const secret = "what the webhook signs with"

var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

func source(t testing.TB, scope changes.Scope) *Source { return configured(t, Config{Scope: scope}) }

// configured is a source of these settings, with a secret.
func configured(t testing.TB, c Config) *Source {
	t.Helper()
	file := filepath.Join(t.TempDir(), "secret")
	if err := os.WriteFile(file, []byte(secret+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	c.SecretFiles = []string{file}
	s, err := New(changes.Options{Name: "github"}, c)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func fixture(t testing.TB, name string) string {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func of(event string) http.Header {
	h := http.Header{}
	h.Set("X-GitHub-Event", event)
	return h
}

func TestContract(t *testing.T) {
	status := fixture(t, "deployment_status.json")
	changestest.Run(t, changestest.Subject{
		New: func(c changestest.Config) (changes.Source, error) {
			return New(changes.Options{Name: changestest.Name}, Config{SecretFiles: c.SecretFiles, Insecure: c.Insecure, Scope: c.Scope})
		},
		Signatures: []changestest.Signature{{Name: "HMAC", Sign: sign, Body: true}},
		Started:    changestest.Delivery{Header: of("deployment"), Body: fixture(t, "deployment.json")},
		Succeeded:  changestest.Delivery{Header: of("deployment_status"), Body: status},
		Ignored: []changestest.Delivery{
			{Header: of("ping"), Body: `{"zen":"Keep it logically awesome."}`},
			{Header: of("workflow_run"), Body: `{}`},
			{Header: of("deployment_status"), Body: strings.Replace(status, `"success"`, `"inactive"`, 1)},
		},
		Volatile:    []string{"X-GitHub-Delivery", "X-GitHub-Hook-ID"},
		At:          noon.Add(150 * time.Second),
		Environment: "production",
	})
}

func sign(secret string, body []byte, _ time.Time) http.Header {
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write(body)
	return http.Header{"X-Hub-Signature-256": {"sha256=" + hex.EncodeToString(mac.Sum(nil))}}
}

// admit completes the events as the server does.
func admit(t *testing.T, events []sources.Event) []sources.Event {
	t.Helper()
	for i, e := range events {
		a, err := sources.Admit(e, nil, noon.Add(time.Hour))
		if err != nil {
			t.Fatalf("%+v: %v", e, err)
		}
		events[i] = a.Event()
	}
	return events
}

func TestDeployment(t *testing.T) {
	got, err := source(t, changes.Scope{}).Parse(of("deployment"), []byte(fixture(t, "deployment.json")))
	no := false
	want := []sources.Event{{
		Source: "github", EventID: "deployment:4021", ChangeID: "github:acme/cart/4021", Status: sources.Started, At: noon,
		Service: "acme/cart", Environment: "production", Kind: sources.Deploy, Version: "3f786850e387550fdab836ed7e6dc881de23001b",
		RollbackOf: "github:acme/cart/4001", Reversible: &no, Actor: "ada",
		Labels: map[string]string{"ref": "release-7", "task": "deploy"},
	}}
	if err != nil || !reflect.DeepEqual(admit(t, got), want) {
		t.Fatalf("%+v, %v; want %+v", got, err, want)
	}
}

func TestATransientEnvironmentIsMarked(t *testing.T) {
	text := strings.Replace(fixture(t, "deployment.json"), `"original_environment": "production",`, `"original_environment": "login-page", "transient_environment": true,`, 1)
	got, err := source(t, changes.Scope{}).Parse(of("deployment"), []byte(text))
	if err != nil || len(got) != 1 || got[0].Environment != "login-page" || got[0].Labels[sources.TransientLabel] != "true" {
		t.Errorf("%+v, %v", got, err)
	}
}

func TestDeploymentStatus(t *testing.T) {
	got, err := source(t, changes.Scope{}).Parse(of("deployment_status"), []byte(fixture(t, "deployment_status.json")))
	yes := true
	want := []sources.Event{{
		Source: "github", EventID: "deployment_status:90210", ChangeID: "github:acme/cart/4021", Status: sources.Succeeded,
		At: noon.Add(150 * time.Second), Sequence: 90210,
		Service: "acme/cart", Environment: "production", Kind: sources.Deploy, Version: "3f786850e387550fdab836ed7e6dc881de23001b",
		Reversible: &yes, Actor: "deploy-bot", URL: "https://ci.example.org/runs/17",
		Labels: map[string]string{"ref": "release-7", "task": "deploy"},
	}}
	if err != nil || !reflect.DeepEqual(admit(t, got), want) {
		t.Fatalf("%+v, %v; want %+v", got, err, want)
	}
}

func TestStates(t *testing.T) {
	s, body := source(t, changes.Scope{}), fixture(t, "deployment_status.json")
	f := func(state string, workflow bool, want sources.Status, wantErr error) {
		t.Helper()
		b := strings.Replace(body, `"success"`, `"`+state+`"`, 1)
		if workflow {
			b = strings.Replace(b, "{", `{"workflow_run":{"id":1},`, 1)
		}
		got, err := s.Parse(of("deployment_status"), []byte(b))
		if wantErr != nil {
			if !errors.Is(err, wantErr) {
				t.Errorf("%s: %v, want %v", state, err, wantErr)
			}
			return
		}
		if err != nil || len(got) != 1 || got[0].Status != want {
			t.Errorf("%s: %+v, %v; want %s", state, got, err, want)
		}
	}
	f("in_progress", false, sources.Started, nil)
	f("in_progress", true, sources.Started, nil)
	f("pending", false, sources.Started, nil)
	f("queued", false, sources.Started, nil)
	f("pending", true, "", changes.ErrIgnored)
	f("queued", true, "", changes.ErrIgnored)
	f("waiting", false, "", changes.ErrIgnored)
	f("inactive", false, "", changes.ErrIgnored)
	f("success", true, sources.Succeeded, nil)
	f("failure", false, sources.Failed, nil)
	f("error", false, sources.Failed, nil)
	if _, err := s.Parse(of("deployment_status"), []byte(strings.Replace(body, `"success"`, `"odd"`, 1))); !errors.As(err, new(*sources.BadEvent)) {
		t.Errorf("an unknown state: %v", err)
	}
}

func TestDeliveriesThatTellOfNoChange(t *testing.T) {
	s := source(t, changes.Scope{})
	f := func(name, event, body string) {
		t.Helper()
		if got, err := s.Parse(of(event), []byte(body)); !errors.Is(err, changes.ErrIgnored) || got != nil {
			t.Errorf("%s: %v, %v", name, got, err)
		}
	}
	f("ping", "ping", `{"zen":"Keep it logically awesome."}`)
	f("workflow run", "workflow_run", `{}`)
	f("an event with a digit", "projects_v2_item", `{}`)
	f("an event of later years", "deployment_forecast", `{}`)
	f("other action", "deployment", `{"action":"edited"}`)
	f("a workflow's deployment", "deployment", strings.Replace(fixture(t, "deployment.json"), `"workflow_run": null`, `"workflow_run": {"id": 1}`, 1))
}

func TestRefused(t *testing.T) {
	s := source(t, changes.Scope{})
	f := func(name, event, body, want string) {
		t.Helper()
		_, err := s.Parse(of(event), []byte(body))
		bad := (*sources.BadEvent)(nil)
		if !errors.As(err, &bad) || !strings.Contains(bad.Reason, want) {
			t.Errorf("%s: %v, want a BadEvent with %q", name, err, want)
		}
	}
	status := fixture(t, "deployment_status.json")
	swap := func(old, with string) string { return strings.Replace(status, old, with, 1) }
	f("no event", "", status, "X-GitHub-Event")
	f("malformed event", "no event!", status, "X-GitHub-Event")
	f("not JSON", "deployment_status", "payload=%7B", "not a JSON object")
	f("cut", "deployment_status", status[:len(status)/2], "body is")
	f("no repository", "deployment_status", swap(`"full_name"`, `"fullname"`), "repository.full_name")
	f("no deployment", "deployment_status", swap(`"id": 4021`, `"id": 0`), "deployment.id")
	f("no sha", "deployment_status", swap(`"sha"`, `"sah"`), "deployment.sha")
	f("no status", "deployment_status", swap(`"id": 90210`, `"id": -1`), "deployment_status.id")
	f("no time", "deployment_status", swap(`"created_at": "2026-03-01T13`, `"x": "2026-03-01T13`), "deployment_status.created_at")
	f("a status sent as a deployment, without its time", "deployment", swap(`"2026-03-01T12:00:00Z"`, "null"), "deployment.created_at")
	f("wrong kind", "deployment_status", swap("4021", `"4021"`), "cannot be a JSON string")
}

func TestPayloadOfAnyShapeIsNoHarm(t *testing.T) {
	s := source(t, changes.Scope{})
	for _, payload := range []string{`{}`, `null`, `""`, `"text"`, `[1]`, `3`, `{"reversible":"no"}`, `"{\"reversible\":"`} {
		body := strings.Replace(fixture(t, "deployment_status.json"), `"{\"reversible\": true}"`, payload, 1)
		got, err := s.Parse(of("deployment_status"), []byte(body))
		if err != nil || len(got) != 1 || got[0].Reversible != nil || got[0].RollbackOf != "" {
			t.Errorf("%s: %+v, %v", payload, got, err)
		}
	}
}

// A replay under a new delivery id must be seen as the duplicate it is.
func TestIdentityIsNotTheDelivery(t *testing.T) {
	s, body := source(t, changes.Scope{}), []byte(fixture(t, "deployment_status.json"))
	first, second := of("deployment_status"), of("deployment_status")
	first.Set("X-GitHub-Delivery", "72d3162e-cc78-11e3-81ab-4c9367dc0958")
	second.Set("X-GitHub-Delivery", "another")
	a, errA := s.Parse(first, body)
	b, errB := s.Parse(second, body)
	if errA != nil || errB != nil || !reflect.DeepEqual(a, b) {
		t.Fatalf("%+v, %v against %+v, %v", a, errA, b, errB)
	}
}

func TestVerify(t *testing.T) {
	s, body := source(t, changes.Scope{}), []byte(fixture(t, "deployment.json"))
	sum := strings.TrimPrefix(sign(secret, body, noon).Get("X-Hub-Signature-256"), "sha256=")
	f := func(name, header, value string, ok bool) {
		t.Helper()
		h := http.Header{}
		h.Set(header, value)
		err := s.Verify(h, body, noon)
		if (err == nil) != ok || (!ok && !errors.Is(err, changes.ErrUnauthorized)) {
			t.Errorf("%s: %v", name, err)
		}
	}
	f("signed", "X-Hub-Signature-256", "sha256="+sum, true)
	f("wrong", "X-Hub-Signature-256", "sha256="+strings.Repeat("0", 64), false)
	f("the older header", "X-Hub-Signature", "sha256="+sum, false)
	f("unsigned", "X-Other", "x", false)
	twice := http.Header{"X-Hub-Signature-256": {"sha256=" + sum, "sha256=" + strings.Repeat("0", 64)}}
	if s.Verify(twice, body, noon) == nil || s.VerifyHeader(twice, noon) == nil {
		t.Error("two signatures: accepted")
	}
	if _, err := New(changes.Options{Name: "github"}, Config{}); !errors.Is(err, changes.ErrNoSecret) {
		t.Errorf("no secret and not insecure: %v", err)
	}
	open, err := New(changes.Options{Name: "github"}, Config{Insecure: true})
	if err != nil || open.Verify(http.Header{}, body, noon) != nil {
		t.Errorf("insecure: %v", err)
	}
}
