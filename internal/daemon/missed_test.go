package daemon

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/pushback/pushback/internal/config"
	"github.com/pushback/pushback/internal/store"
)

const missedSecret = "what-the-webhook-signs-with"

// apis is a GitHub and a GitLab that made one deployment each, half an hour ago, which no webhook
// reported.
type apis struct {
	*httptest.Server
	at    time.Time
	asked atomic.Int32 // lists of deployments
}

func newAPIs(t *testing.T) *apis {
	t.Helper()
	a := &apis{at: time.Now().Add(-30 * time.Minute).UTC().Truncate(time.Second)}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /repos/acme/cart/deployments", func(w http.ResponseWriter, _ *http.Request) {
		a.asked.Add(1)
		_, _ = io.WriteString(w, "["+a.deployment()+"]")
	})
	mux.HandleFunc("GET /repos/acme/cart/deployments/4021/statuses", func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, "["+a.status()+"]")
	})
	mux.HandleFunc("POST /graphql", func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, `{"data": {"repository": {"deployments": {"nodes": [{"databaseId": 4000, "commitOid": "aaaa", "state": "INACTIVE"}]}}}}`)
	})
	mux.HandleFunc("GET /gitlab/projects/30/deployments", func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Query().Get("status") == "success" {
			_, _ = io.WriteString(w, `[{"id": 14, "sha": "eeee"}]`)
			return
		}
		a.asked.Add(1)
		_, _ = fmt.Fprintf(w, `[{"id": 15, "status": "success", "sha": "ffff", "updated_at": %q, "created_at": %[1]q, "user": {"username": "bea"},
			"environment": {"name": "production"}, "deployable": null}]`, a.at.Format(time.RFC3339))
	})
	mux.HandleFunc("GET /gitlab/projects/{path}", func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, `{"id": 30, "path_with_namespace": "acme/shop"}`)
	})
	a.Server = httptest.NewServer(mux)
	t.Cleanup(a.Close)
	return a
}

func (a *apis) deployment() string {
	return fmt.Sprintf(`{"id": 4021, "sha": "bbbb", "ref": "main", "task": "deploy", "environment": "production", "payload": {}, "creator": {"login": "ada"}, "created_at": %q}`, a.at.Format(time.RFC3339))
}

func (a *apis) status() string {
	return fmt.Sprintf(`{"id": 90210, "state": "success", "environment": "production", "creator": {"login": "ada"}, "created_at": %q}`, a.at.Add(time.Minute).Format(time.RFC3339))
}

// folder is a pushback.yml that asks both, and tells chat.
func (a *apis) folder(t *testing.T, chat string) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range map[string]string{
		"secret": missedSecret, "rules/.keep": "", "csv/.keep": "",
		"pushback.yml": fmt.Sprintf(`
allow_empty_rules: true
metrics: {files: {kind: csv, dir: csv}}
sources:
  github: {kind: github, secret_files: [secret], token_file: secret, api_url: %q, repositories: [acme/cart]}
  gitlab: {kind: gitlab, secret_files: [secret], token_file: secret, api_url: %q, projects: [acme/shop]}
receivers: {chat: {kind: webhook, url: %q, secret_file: secret}}
services: {default: {chat: chat}}
`, a.URL, a.URL+"/gitlab", chat),
	} {
		if err := errors.Join(os.MkdirAll(filepath.Dir(filepath.Join(dir, name)), 0o700), os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600)); err != nil {
			t.Fatal(err)
		}
	}
	return filepath.Join(dir, "pushback.yml")
}

// lastAsked stores that both sources were last asked an hour ago.
func lastAsked(t *testing.T, c config.Config) {
	t.Helper()
	url, err := c.StoreURL()
	if err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(c.Data, 0o700); err != nil {
		t.Fatal(err)
	}
	st, err := store.Open(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	now := time.Now()
	for _, source := range []string{"github", "gitlab"} {
		name := "missed-deliveries/" + source
		if _, err := st.ClaimRun(t.Context(), name, now.Add(time.Hour), now, now); err != nil {
			t.Fatal(err)
		}
		if err := st.FinishRun(t.Context(), name, now.Add(-time.Hour)); err != nil {
			t.Fatal(err)
		}
	}
	if err := st.Close(); err != nil {
		t.Fatal(err)
	}
}

// serveMissed runs a daemon and returns its address, and what stops it.
func serveMissed(t *testing.T, c config.Config) (address string, stop func()) {
	t.Helper()
	d, err := New(t.Context(), Options{Config: c, Table: Adapters(), Version: "test", Log: slog.New(slog.NewTextHandler(t.Output(), nil))})
	if err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- d.Run(ctx, l) }()
	return "http://" + l.Addr().String(), func() {
		cancel()
		if err := errors.Join(<-ended, d.Close()); err != nil {
			t.Error(err)
		}
	}
}

// TestLostDeliveriesAreFound runs the whole daemon beside a GitHub and a GitLab whose webhooks got
// lost: the changes are stored with the version before, counted and told once, also over a restart, and a
// delivery that comes late after all is a duplicate.
func TestLostDeliveriesAreFound(t *testing.T) {
	told := make(chan string, 10)
	chat := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		told <- string(body)
	}))
	defer chat.Close()
	a := newAPIs(t)
	c, mistakes := Adapters().Check(a.folder(t, chat.URL))
	if len(mistakes) > 0 {
		t.Fatal(mistakes)
	}
	lastAsked(t, c)
	address, stop := serveMissed(t, c)
	for range 2 {
		if text := <-told; !strings.Contains(text, "has lost deliveries") {
			t.Errorf("told %s", text)
		}
	}
	for change, want := range map[string][]string{"github:acme/cart/4021": {`"previous":"aaaa"`, `"status":"succeeded"`, `"version":"bbbb"`}, "gitlab:30/15": {`"previous":"eeee"`, `"actor":"bea"`}} {
		text := get(t, address+"/v1/changes?service="+map[bool]string{true: "acme/cart", false: "acme/shop"}[strings.HasPrefix(change, "github")])
		for _, one := range append(want, change) {
			if !strings.Contains(text, one) {
				t.Errorf("no %s in %s", one, text)
			}
		}
	}
	if text := get(t, address+"/metrics"); !strings.Contains(text, `pushback_missed_deliveries_total{source="github"} 2`) || !strings.Contains(text, `pushback_missed_deliveries_total{source="gitlab"} 1`) {
		t.Errorf("the metrics do not count them:\n%s", text)
	}
	stop()

	lastAsked(t, c)
	asked := a.asked.Load()
	address, stop = serveMissed(t, c)
	defer stop()
	for a.asked.Load() < asked+2 {
		time.Sleep(10 * time.Millisecond)
	}
	if code := a.deliverLate(t, address); code != http.StatusOK {
		t.Errorf("a late delivery was answered with %d, want 200 for a duplicate", code)
	}
	if text := get(t, address+"/metrics"); !strings.Contains(text, `pushback_missed_deliveries_total{source="github"} 0`) || !strings.Contains(text, `pushback_missed_deliveries_total{source="gitlab"} 0`) {
		t.Errorf("they are counted again:\n%s", text)
	}
	if len(told) > 0 {
		t.Errorf("told again: %s", <-told)
	}
}

// deliverLate delivers the webhook of GitHub's status.
func (a *apis) deliverLate(t *testing.T, address string) int {
	t.Helper()
	body := fmt.Sprintf(`{"action": "created", "deployment_status": %s, "deployment": %s, "repository": {"full_name": "acme/cart"}}`, a.status(), a.deployment())
	mac := hmac.New(sha256.New, []byte(missedSecret))
	mac.Write([]byte(body))
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, address+"/hooks/github", strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	r.Header = http.Header{"Content-Type": {"application/json"}, "X-Github-Event": {"deployment_status"}, "X-Hub-Signature-256": {"sha256=" + hex.EncodeToString(mac.Sum(nil))}}
	response, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	return response.StatusCode
}

func get(t *testing.T, url string) string {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	response, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
