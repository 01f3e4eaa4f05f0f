//go:build integration

package main_test

import (
	"net/http"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/pushback/pushback/internal/proof/servertest"
)

const openSettings = "metrics: {prod: {kind: prometheus, url: \"http://127.0.0.1:9\"}}\nallow_empty_rules: true\n"

// Proxies as they come, on the same host and with nothing set up here, open nothing to whoever
// asks them, under whatever name.
func TestProxiesAsTheyCome(t *testing.T) {
	t.Parallel()
	p := serve(t, openSettings+"sources: {ci: {kind: generic, insecure: true}}\n", "rules: []\n")
	if status := get(t, p.url, "/v1/status", "", ""); status != http.StatusOK {
		t.Fatalf("whoever runs it is answered with %d", status)
	}
	f := func(name, proxy string) {
		t.Helper()
		for _, host := range []string{"", "localhost", "127.0.0.1:8484", strings.TrimPrefix(p.url, "http://"), "[::1]:8484", "pushback.example.org"} {
			for _, path := range []string{"/v1/status", "/v1/changes", "/metrics", "/", "/openapi.json"} {
				if status := get(t, proxy, path, host, ""); status == http.StatusOK {
					t.Errorf("%s: %s of host %q is open", name, path, host)
				}
			}
		}
		if status := post(t, proxy, "/hooks/ci"); status != http.StatusUnauthorized {
			t.Errorf("%s: an unsigned delivery is answered with %d", name, status)
		}
	}
	f("nginx", servertest.Nginx(t, "location / { proxy_pass "+p.url+"; }").URL)
	f("nginx with keepalive", servertest.Nginx(t, "location / { proxy_pass "+p.url+`; proxy_http_version 1.1; proxy_set_header Connection ""; }`).URL)
	f("caddy", servertest.Caddy(t, "reverse_proxy "+p.url).URL)
	f("caddy that rewrites the host", servertest.Caddy(t, "reverse_proxy "+p.url+" {", "header_up Host {upstream_hostport}", "}").URL)
	f("haproxy", servertest.HAProxy(t, p.url).URL)
}

var fenced = regexp.MustCompile("(?s)```(nginx|caddyfile)\n(.*?)```")

// What the page about proxies says works: those with a token read, and nobody else.
func TestProxiesAsThePageSays(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile("../../docs/proxy.md")
	if err != nil {
		t.Fatal(err)
	}
	p := serve(t, openSettings+"external_url: https://pushback.example.org\n", "rules: []\n")
	site := map[string]string{}
	for _, m := range fenced.FindAllStringSubmatch(string(page), -1) {
		site[m[1]] = strings.ReplaceAll(m[2], "127.0.0.1:8484", strings.TrimPrefix(p.url, "http://"))
	}
	for name, proxy := range map[string]string{
		"nginx": servertest.Nginx(t, site["nginx"]).URL, "caddy": servertest.Caddy(t, site["caddyfile"]).URL, "nothing": p.url,
	} {
		if status := get(t, proxy, "/v1/status", "pushback.example.org", ""); status != http.StatusUnauthorized {
			t.Errorf("%s: a stranger is answered with %d", name, status)
		}
		if status := get(t, proxy, "/v1/status", "pushback.example.org", apiToken); status != http.StatusOK {
			t.Errorf("%s: a token is answered with %d", name, status)
		}
	}
}

// get asks for a path under a host's name, on a connection of its own.
func get(t *testing.T, server, path, host, token string) int {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, server+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Host = host
	if token != "" {
		r.Header.Set("Authorization", "Bearer "+token)
	}
	return status(t, r)
}

func post(t *testing.T, server, path string) int {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, server+path, strings.NewReader(`{"service":"cart","version":"v2"}`))
	if err != nil {
		t.Fatal(err)
	}
	r.Host = "localhost"
	r.Header.Set("Content-Type", "application/json")
	return status(t, r)
}

func status(t *testing.T, r *http.Request) int {
	t.Helper()
	response, err := http.DefaultTransport.RoundTrip(r)
	if err != nil {
		t.Fatal(err)
	}
	response.Body.Close()
	return response.StatusCode
}
