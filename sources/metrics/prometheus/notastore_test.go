package prometheus

import (
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/prometheus/common/config"

	"github.com/pushback/pushback/sources"
	"github.com/pushback/pushback/sources/metrics/metricstest"
)

// TestWhatIsNoStoreIsCalledSo: the error says what answers at url, and what to write.
func TestWhatIsNoStoreIsCalledSo(t *testing.T) {
	f := func(name string, h http.Handler, c Config, words ...string) {
		t.Helper()
		_, err := ask(serve(t, h, c))
		metricstest.CheckFault(t, name, err, sources.SourceError)
		for _, want := range words {
			if !strings.Contains(err.Error(), want) {
				t.Errorf("%s: %v, want %q", name, err, want)
			}
		}
	}
	const page = "text/html; charset=utf-8"
	f("a page", answering(200, page, "<html>"), Config{}, "a web page", "not with the API of a metric store", "does it ask for a login?")
	f("a page with a title", answering(200, page, "<head><title lang=en>Log\x1b[1m in &amp; go\n on</title>"), Config{}, `the web page "Log [1m in & go on"`)
	f("Grafana", answering(200, page, "<title>Grafana</title>"), Config{}, `the web page "Grafana"`, "that Grafana's data source names")
	f("an endless title", answering(200, page, "<title>"+strings.Repeat("x", 1<<20)+"</title>"), Config{}, "xxx…")
	f("a title that never ends", answering(200, page, "<title>"+strings.Repeat("x", 1<<20)), Config{}, "a web page")
	f("an exporter", answering(200, "text/plain; version=0.0.4", "up 1"), Config{}, `"text/plain", not with JSON`)
	f("nothing there", answering(404, "text/plain", "404 page not found"), Config{}, "404", "no API of a metric store is below url", "behind a prefix")
	f("a login", answering(401, "text/plain", "no"), Config{}, "401", "it asks for a login", "basic_auth: {username: …, password_file: …}")
	f("a login of JSON", answering(401, "application/json", `{"message":"no"}`), Config{}, "it asks for a login")
	f("may not", answering(403, "text/plain", "no"), Config{}, "the login may not query it")
	f("TLS", answering(400, "text/plain", "Client sent an HTTP request to an HTTPS server.\n"), Config{}, "it speaks TLS; write https:// in url")
	login := Config{HTTP: config.HTTPClientConfig{BasicAuth: &config.BasicAuth{Username: "me", Password: "a-secret-of-mine"}}}
	f("a wrong login", answering(401, "text/plain", "no"), login, "it refuses the login of pushback.yml")
}

// TestPagesRepeatNoSecret: a page may repeat what it was sent, in its title too.
func TestPagesRepeatNoSecret(t *testing.T) {
	h := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, password, _ := r.BasicAuth()
		w.Header().Set("Content-Type", "text/html")
		_, _ = io.WriteString(w, "<title>"+password+" is wrong</title>")
	})
	_, err := ask(serve(t, h, Config{HTTP: config.HTTPClientConfig{BasicAuth: &config.BasicAuth{Username: "me", Password: "a-secret-of-mine"}}}))
	if err == nil || strings.Contains(err.Error(), "a-secret-of-mine") {
		t.Errorf("%v", err)
	}
}

// TestSchemes asks by the other scheme than a server speaks.
func TestSchemes(t *testing.T) {
	f := func(server *httptest.Server, scheme, want string) {
		t.Helper()
		defer server.Close()
		_, address, _ := strings.Cut(server.URL, "://")
		_, err := ask(serve(t, nil, Config{URL: scheme + address}))
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", scheme, err, want)
		}
	}
	h := answering(200, "application/json", "{}")
	tls := func() *httptest.Server {
		s := httptest.NewUnstartedServer(h)
		s.Config.ErrorLog = log.New(io.Discard, "", 0)
		s.StartTLS()
		return s
	}
	f(tls(), "http://", "it speaks TLS; write https://")
	f(httptest.NewServer(h), "https://", "it speaks http; write http://")
	f(tls(), "https://", "name its CA in tls_config: {ca_file: …}")
}
