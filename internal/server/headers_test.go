package server

import (
	"context"
	"encoding/base64"
	"net/http"
	"path/filepath"
	"strings"
	"testing"

	"github.com/pushback/pushback/dashboards/web"
	"github.com/pushback/pushback/internal/server/api"
)

// Every answer has the security headers and is stored by nobody: of every route, to readers
// and to strangers, with and without an error.
func TestHeadersOfEveryAnswer(t *testing.T) {
	change := func(o *Options) {
		o.Reload = func(context.Context) []api.Diagnostic { return nil }
		o.Rules = oneRule{}
		o.Frozen = func() (bool, string) { return true, secretWords }
	}
	reader := listen(t, change)
	key := reader.mustStore(bad)
	stranger := listen(t, func(o *Options) { change(o); o.Listen = "0.0.0.0:1" })
	names := strings.NewReplacer("{key}", key, "{name}", key, "{name...}", "app.css", "{rule}", "red", "{source}", "github", "{service}", "cart", "{id}", "h1")
	for _, r := range append(allRoutes(t, reader), route{"GET", "/nowhere"}, route{"GET", "/assets/"}, route{"GET", "/changes/%00"}, route{"DELETE", "/"}, route{"GET", "//evil.example/"}) {
		path := names.Replace(r.path)
		for _, method := range []string{r.method, http.MethodHead, http.MethodOptions} {
			for who, p := range map[string]*testServer{"a reader": reader, "a stranger": stranger} {
				status, body, h := p.ask(method, path, "")
				for name, want := range securityHeaders {
					if isAsset := name == "Cache-Control" && strings.HasSuffix(path, "app.css") && status == 200; !isAsset && h.Get(name) != want {
						t.Errorf("%s: %s %s: %d with %s %q", who, method, path, status, name, h.Get(name))
					}
				}
				if to := h.Get("Location"); to != "" && (!strings.HasPrefix(to, "/") || strings.HasPrefix(to, "//")) {
					t.Errorf("%s: %s %s leads to %q", who, method, path, to)
				}
				if p == stranger && (strings.Contains(body, secretWords) || strings.Contains(body, "rozen")) {
					t.Errorf("a stranger: %s %s says %s", method, path, body)
				}
			}
		}
	}
}

const secretWords = "sale of the ACME shares"

// The words of the freeze file are for readers: not for whoever has an approval link, signs in
// or asks whether Pushback is ready.
func TestWordsOfTheFreezeAreForReaders(t *testing.T) {
	b := newBrowser(t, func(o *Options) { o.Frozen = func() (bool, string) { return true, secretWords } })
	key := b.mustStore(bad)
	o, err := b.store.Order(t.Context(), key)
	if err != nil {
		t.Fatal(err)
	}
	f := func(method, path, form string, want bool, headers ...string) {
		t.Helper()
		status, body, _ := b.ask(method, path, form, append([]string{"Content-Type", formType}, headers...)...)
		if strings.Contains(body, secretWords) != want {
			t.Errorf("%s %s: %d %s", method, path, status, body)
		}
	}
	link := "/changes/" + key + "/approve"
	f("GET", "/signin", "", false)
	f("POST", "/signin", "token=wrong", false)
	f("GET", "/readyz", "", false)
	f("GET", "/healthz", "", false)
	f("GET", "/v1/status", "", false)
	f("GET", "/v1/gate/cart", "", false)
	f("GET", link+"?token="+approvals.Token(o), "", false)
	f("GET", link+"?token=wrong", "", false)
	f("POST", link, "actor=eve&token="+approvals.Token(o), false)
	_, _, session := b.signIn(token, "/")
	f("GET", "/", "", true, "Cookie", session)
	f("GET", "/signin", "", true, "Cookie", session)
	f("GET", "/v1/status", "", true, "Authorization", "Bearer "+token)
}

// Nobody is shown what files there are, and nothing but a file is served.
func TestAssetsHaveNoList(t *testing.T) {
	p := listen(t, nil)
	for _, path := range []string{
		"/assets/", "/assets", "/assets/.", "/assets/uplot", "/assets/uplot/", "/assets/..", "/assets/../templates/frame.html", "/assets/%2e%2e/templates/frame.html", "/assets/..%2ftemplates%2fframe.html",
		"/assets/.htaccess", "/assets/.git/config", "/assets/app.css/", "/assets//app.css", "/assets/%00", "/assets/templates/frame.html", "/assets/index.html", "/assets/uplot/index.html", "/assets/\\app.css",
	} {
		status, body, h := p.ask(http.MethodGet, path, "")
		if status == 200 || strings.Contains(body, "uPlot") || strings.Contains(body, "<pre>") || h.Get("Cache-Control") != "no-store" {
			t.Errorf("%s: got %d %q %.200s", path, status, h.Get("Cache-Control"), body)
		}
	}
	for _, name := range []string{"app.css", "app.js", "uplot/uPlot.min.css", "icon.svg"} {
		if status, body, h := p.ask(http.MethodGet, "/assets/"+name, ""); status != 200 || body == "" || h.Get("Cache-Control") != "max-age=300" {
			t.Errorf("%s: got %d %q", name, status, h.Get("Cache-Control"))
		}
	}
	for _, name := range []string{"", ".", "uplot", "../templates/frame.html", "nothing"} {
		if web.AssetVersion(name) != "" {
			t.Errorf("%q is an asset", name)
		}
	}
}

// What the web config file refuses is answered as everything else is.
func TestRefusedByTheWebConfigFile(t *testing.T) {
	const hash = "$2y$10$QOauhQNbBCuQDKes6eFzPeMqBSjb7Mr5DUmpZ/VcEd00UAV/LDeSi" // of fakepassword
	file := filepath.Join(t.TempDir(), "web.yml")
	write(t, file, "basic_auth_users: {amy: "+hash+"}\nhttp_server_config: {headers: {Strict-Transport-Security: max-age=60, Content-Security-Policy: default-src *}}\n")
	p := listen(t, func(o *Options) { o.Listen, o.WebConfig = "0.0.0.0:1", file })
	f := func(want int, headers ...string) {
		t.Helper()
		status, body, h := p.ask(http.MethodGet, "/v1/status", "", headers...)
		if status != want {
			t.Errorf("got %d %s, want %d", status, body, want)
		}
		for name, value := range securityHeaders {
			if h.Get(name) != value {
				t.Errorf("%d: %s is %q", status, name, h.Get(name))
			}
		}
		if h.Get("Strict-Transport-Security") != "max-age=60" && status != 500 {
			t.Errorf("%d: without the header of the file", status)
		}
	}
	amy := "Basic " + base64.StdEncoding.EncodeToString([]byte("amy:fakepassword"))
	f(401)
	f(401, "X-Pushback-Token", token)
	f(401, "Authorization", "Bearer "+token)
	f(401, "Authorization", amy)
	f(200, "Authorization", amy, "X-Pushback-Token", token)
	write(t, file, "basic_auth_users: [")
	f(500, "Authorization", amy, "X-Pushback-Token", token)
}
