package gitlab

import (
	"encoding/base64"
	"errors"
	"net/http"
	"os"
	"path/filepath"
	"reflect"
	"strconv"
	"strings"
	"testing"
	"time"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"

	"github.com/pushback/pushback/sources"
	"github.com/pushback/pushback/sources/changes"
	"github.com/pushback/pushback/sources/changes/changestest"
)

var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// configured is a source of these settings, with a secret.
func configured(t testing.TB, c Config) *Source {
	t.Helper()
	file := filepath.Join(t.TempDir(), "secret")
	if err := os.WriteFile(file, []byte("what the webhook proves itself with\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	c.SecretFiles = []string{file}
	s, err := New(changes.Options{Name: "gitlab"}, c)
	if err != nil {
		t.Fatal(err)
	}
	s.now = func() time.Time { return noon }
	return s
}

// everything takes all kinds, and pipelines of main.
func everything(t testing.TB) *Source {
	return configured(t, Config{Events: kinds, Pipelines: []Pipeline{{Ref: "main", Environment: "staging"}}})
}

func fixture(t testing.TB, name string) string {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func TestContract(t *testing.T) {
	body := fixture(t, "deployment.json")
	changestest.Run(t, changestest.Subject{
		New: func(c changestest.Config) (changes.Source, error) {
			return New(changes.Options{Name: changestest.Name}, Config{SecretFiles: c.SecretFiles, Insecure: c.Insecure, Scope: c.Scope})
		},
		Signatures: []changestest.Signature{
			{Name: "token", Sign: func(secret string, _ []byte, _ time.Time) http.Header { return http.Header{"X-Gitlab-Token": {secret}} }},
			{Name: "Standard Webhooks", Sign: sign, Body: true, Timed: true},
			{Name: "X-Gitlab-Signature", Sign: signCheck, Body: true},
		},
		Started:   changestest.Delivery{Body: strings.Replace(body, `"success"`, `"running"`, 1)},
		Succeeded: changestest.Delivery{Body: body},
		Ignored: []changestest.Delivery{
			{Body: `{"object_kind":"push"}`},
			{Body: `{"event_name":"project_create"}`},
			{Body: fixture(t, "status_check.json")}, // is read as a question
			{Body: fixture(t, "pipeline.json")},
			{Body: fixture(t, "release.json")},
			{Body: strings.Replace(body, `"success"`, `"blocked"`, 1)},
		},
		Volatile:    []string{"Idempotency-Key", "X-Gitlab-Event-Uuid", "X-Gitlab-Event", "X-Gitlab-Webhook-Uuid", "Webhook-Id"},
		At:          noon.Add(150 * time.Second),
		Environment: "production/eu",
	})
}

func sign(secret string, body []byte, at time.Time) http.Header {
	w, err := standardwebhooks.NewWebhook(secret)
	if err != nil {
		if w, err = standardwebhooks.NewWebhookRaw([]byte(secret)); err != nil {
			panic(err)
		}
	}
	signed, err := w.Sign("msg_1", at, body)
	if err != nil {
		panic(err)
	}
	h := http.Header{}
	h.Set("webhook-id", "msg_1")
	h.Set("webhook-timestamp", strconv.FormatInt(at.Unix(), 10))
	h.Set("webhook-signature", signed)
	return h
}

// A signing token is whsec_ and base64, as GitLab shows it.
func TestSigningToken(t *testing.T) {
	token := "whsec_" + base64.StdEncoding.EncodeToString([]byte("thirty-two bytes of a signing key"))
	file := filepath.Join(t.TempDir(), "token")
	if err := os.WriteFile(file, []byte(token+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	s, err := New(changes.Options{Name: "gitlab"}, Config{SecretFiles: []string{file}})
	if err != nil {
		t.Fatal(err)
	}
	body := []byte(fixture(t, "deployment.json"))
	h := sign(token, body, noon)
	if err := s.Verify(h, body, noon); err != nil {
		t.Error(err)
	}
	h.Set("X-Gitlab-Token", token)
	if s.Verify(h, append(body, ' '), noon) == nil {
		t.Error("a changed body is taken for the token beside its signature")
	}
}

// admit completes the events as the server does.
func admit(t testing.TB, events []sources.Event) []sources.Event {
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

func TestDeliveries(t *testing.T) {
	f := func(file string, h http.Header, want sources.Event) {
		t.Helper()
		got, err := everything(t).Parse(h, []byte(fixture(t, file)))
		want.Source, want.Service = "gitlab", "acme/cart"
		if err != nil || len(got) != 1 || !reflect.DeepEqual(admit(t, got)[0], want) {
			t.Errorf("%s:\n     %+v, %v\nwant %+v", file, got, err, want)
		}
	}
	f("deployment.json", nil, sources.Event{
		EventID: "deployment:30:415:success", ChangeID: "gitlab:30/415", Status: sources.Succeeded, At: noon.Add(150 * time.Second),
		Environment: "production/eu", Kind: sources.Deploy, Version: "3f786850e387550fdab836ed7e6dc881de23001b", Actor: "ada",
		URL: "https://gitlab.example.org/acme/cart/-/jobs/9001", Labels: map[string]string{"ref": "release-7", "environment_tier": "production"},
	})
	f("pipeline.json", nil, sources.Event{
		EventID: "pipeline:30:31:success", ChangeID: "gitlab:30/pipelines/31", Status: sources.Succeeded, At: noon.Add(5 * time.Minute),
		Environment: "staging", Kind: sources.Deploy, Version: "9fceb02d0ae598e95dc970b74767f19372d61af8", Previous: "3f786850e387550fdab836ed7e6dc881de23001b",
		Actor: "ada", URL: "https://gitlab.example.org/acme/cart/-/pipelines/31", Labels: map[string]string{"ref": "main"},
	})
	f("feature_flag.json", http.Header{"Idempotency-Key": {"k1"}}, sources.Event{
		EventID: "feature_flag:30:6:k1", ChangeID: "gitlab:30/feature_flags/6/k1", Status: sources.Succeeded, At: noon,
		Environment: "production", Kind: sources.Flag, Group: "new-cart", Version: "on", Actor: "ada", Labels: map[string]string{},
	})
	f("release.json", nil, sources.Event{
		EventID: "release:30:55", ChangeID: "gitlab:30/releases/55", Status: sources.Succeeded, At: noon,
		Environment: "production", Kind: sources.Deploy, Version: "v7.1.0",
		URL: "https://gitlab.example.org/acme/cart/-/releases/v7.1.0", Labels: map[string]string{"commit": "9fceb02d0ae598e95dc970b74767f19372d61af8"},
	})
}

func TestStatuses(t *testing.T) {
	s := everything(t)
	for _, file := range []string{"deployment.json", "pipeline.json"} {
		for status, want := range map[string]sources.Status{
			"running": sources.Started, "success": sources.Succeeded, "failed": sources.Failed, "canceled": sources.Failed,
			"created": "", "blocked": "", "approved": "", "rejected": "", "skipped": "", "pending": "", "manual": "", "waiting_for_resource": "",
		} {
			got, err := s.Parse(nil, []byte(strings.Replace(fixture(t, file), `"success"`, `"`+status+`"`, 1)))
			if want == "" && !errors.Is(err, changes.ErrIgnored) || want != "" && (err != nil || got[0].Status != want) {
				t.Errorf("%s %s: %+v, %v; want %q", file, status, got, err, want)
			}
		}
		if _, err := s.Parse(nil, []byte(strings.Replace(fixture(t, file), `"success"`, `"odd"`, 1))); !errors.As(err, new(*sources.BadEvent)) {
			t.Errorf("%s of an unknown status: %v", file, err)
		}
	}
}

func TestTimes(t *testing.T) {
	s, body := everything(t), fixture(t, "deployment.json")
	f := func(text string, want time.Time) {
		t.Helper()
		got, err := s.Parse(nil, []byte(strings.Replace(body, "2026-03-01 13:02:30 +0100", text, 1)))
		if want.IsZero() {
			bad := (*sources.BadEvent)(nil)
			if !errors.As(err, &bad) || !strings.Contains(bad.Reason, "time") || strings.Contains(bad.Reason, text) {
				t.Errorf("%s: %v", text, err)
			}
			return
		}
		if err != nil || !got[0].At.Equal(want) {
			t.Errorf("%s: %+v, %v; want %s", text, got, err, want)
		}
	}
	f("2021-04-28 21:50:00 +0200", time.Date(2021, 4, 28, 19, 50, 0, 0, time.UTC))
	f("2021-04-28 21:50:00 UTC", time.Date(2021, 4, 28, 21, 50, 0, 0, time.UTC))
	f("2021-04-28T21:50:00Z", time.Date(2021, 4, 28, 21, 50, 0, 0, time.UTC))
	f("2021-04-28T21:50:00.123Z", time.Date(2021, 4, 28, 21, 50, 0, 123e6, time.UTC))
	f("2021-04-28 21:50:00 -0330", time.Date(2021, 4, 29, 1, 20, 0, 0, time.UTC))
	f("2021-04-28 21:50:00 CEST", time.Time{})
	f("2021-04-28 21:50:00", time.Time{})
	f("yesterday", time.Time{})
}

func TestShas(t *testing.T) {
	s, body := everything(t), fixture(t, "deployment.json")
	const whole = "3f786850e387550fdab836ed7e6dc881de23001b"
	f := func(url, want string) {
		t.Helper()
		got, err := s.Parse(nil, []byte(strings.Replace(body, "https://gitlab.example.org/acme/cart/-/commit/"+whole, url, 1)))
		if err != nil || got[0].Version != want {
			t.Errorf("%s: %+v, %v; want %s", url, got, err, want)
		}
	}
	f("https://gitlab.example.org/acme/cart/commit/"+whole, whole)
	f("https://gitlab.example.org/acme/cart/-/commit/"+whole+"?x=1", whole)
	f("https://gitlab.example.org/acme/cart/-/commit/"+strings.Repeat("a", 40), "3f786850") // another commit's
	f("https://gitlab.example.org/acme/cart", "3f786850")
	f("", "3f786850")
}

func TestDeliveriesThatLackAField(t *testing.T) {
	s := everything(t)
	h := http.Header{"Idempotency-Key": {"k"}}
	f := func(file, field, want string) {
		t.Helper()
		_, err := s.Parse(h, []byte(strings.ReplaceAll(fixture(t, file), `"`+field+`"`, `"x"`)))
		bad := (*sources.BadEvent)(nil)
		if !errors.As(err, &bad) || !strings.Contains(bad.Reason, want) {
			t.Errorf("%s without %s: %v", file, field, err)
		}
	}
	f("deployment.json", "object_kind", "object_kind")
	f("deployment.json", "deployment_id", "deployment_id")
	f("deployment.json", "environment", "environment")
	f("deployment.json", "status_changed_at", "status_changed_at")
	f("deployment.json", "path_with_namespace", "project.path_with_namespace")
	f("deployment.json", "project", "project.id")
	f("pipeline.json", "sha", "object_attributes.sha")
	f("pipeline.json", "created_at", "object_attributes.created_at")
	f("pipeline.json", "object_attributes", "object_attributes.id")
	f("feature_flag.json", "active", "object_attributes.active")
	f("feature_flag.json", "name", "object_attributes.name")
	f("release.json", "tag", "tag")
	f("release.json", "id", "project.id")
}

func TestSettingsAreChecked(t *testing.T) {
	f := func(c Config, want string) {
		t.Helper()
		c.Insecure = true
		_, err := New(changes.Options{Name: "gitlab"}, c)
		if err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%+v: %v, want %s", c, err, want)
		}
	}
	f(Config{Events: []string{"push"}}, "events")
	f(Config{Events: []string{"pipeline"}}, "pipelines is missing")
	f(Config{Pipelines: []Pipeline{{Ref: "main"}}}, "pipelines needs")
	f(Config{Events: []string{"pipeline"}, Pipelines: []Pipeline{{}}}, "pipelines[0].ref")
	f(Config{Events: []string{"pipeline"}, Pipelines: []Pipeline{{Ref: "["}}}, "pipelines[0].ref")
	f(Config{Environment: "a\n"}, "environment")
	f(Config{APIURL: DefaultAPI}, "api_url needs")
	f(Config{Projects: []string{"acme/cart"}}, "projects needs")
	f(Config{TokenFile: "absent", Projects: []string{"cart"}}, "projects[0]")
	f(Config{TokenFile: "absent"}, "token_file")
}
