package prometheus

import (
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"go.yaml.in/yaml/v4"

	"github.com/pushback/pushback/sources/metrics"
	"github.com/pushback/pushback/sources/metrics/metricstest"
)

func TestConfigFromYAML(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "token"), []byte(secret+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	f := &fake{samples: metricstest.Samples(start)}
	var header http.Header
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		header = r.Header.Clone()
		f.ServeHTTP(w, r)
	}))
	defer server.Close()
	var c Config
	text := "url: " + server.URL + `
timeout: 5s
resolution: 30s
headers: {X-Scope-OrgID: team-a}
params: {deny_partial_response: "", extra_label: env=production}
authorization: {credentials_file: token}
http_headers: {X-File: {files: [token]}}
`
	if err := yaml.Load([]byte(text), &c, yaml.WithKnownFields()); err != nil {
		t.Fatal(err)
	}
	c.SetDirectory(dir)
	s := serve(t, nil, c)
	if _, err := ask(s); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{
		"Authorization": "Bearer " + secret, "X-Scope-OrgID": "team-a", "X-File": secret, "User-Agent": "pushback",
	} {
		if got := header.Get(name); got != want {
			t.Errorf("%s is %q, want %q", name, got, want)
		}
	}
	sent := f.requests[0]
	for name, want := range map[string]string{
		"nocache": "1", "partial_response": "false", "deny_partial_response": "", "extra_label": "env=production", "timeout": "5s",
	} {
		if got := sent.Get(name); got != want {
			t.Errorf("parameter %s is %q, want %q", name, got, want)
		}
	}
	if s.Resolution() != 30*time.Second || !c.HTTP.FollowRedirects {
		t.Errorf("resolution %s, follow redirects %v", s.Resolution(), c.HTTP.FollowRedirects)
	}
}

func TestConfigIsStrict(t *testing.T) {
	f := func(text, want string) {
		t.Helper()
		var c Config
		err := yaml.Load([]byte(text), &c, yaml.WithKnownFields())
		if err == nil {
			_, err = New(metrics.Options{Name: "x"}, c)
		}
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: error %v, want %q", text, err, want)
		}
	}
	f("urll: http://h", "urll")
	f("{}", "url is missing")
	f("{url: 'h:9090'}", "url must begin with http")
	f("{url: 'http://h', timeout: -1s}", "negative")
	f("{url: 'http://h', headers: {Authorization: x}}", "Authorization")
	f("{url: 'http://h', headers: {X-A: x}, http_headers: {X-A: {values: [y]}}}", "X-A")
	f("{url: 'http://h', basic_auth: {username: u, password: p}, authorization: {credentials: x}}", "at most one")
}
