package server

import (
	"context"
	"net/http"
	"os"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/pushback/pushback/internal/server/api"
	"github.com/pushback/pushback/internal/store"
)

func TestWhoMayRead(t *testing.T) {
	listenOn := func(address, external string) *testServer {
		return listen(t, func(o *Options) { o.Listen, o.ExternalURL = address, external })
	}
	const external = "https://pushback.example.com"
	loopback, proxied, open := listenOn("127.0.0.1:8484", ""), listenOn("127.0.0.1:8484", external), listenOn("0.0.0.0:8484", external)
	byName := listenOn("127.0.0.1:8484", "http://localhost:8484")
	f := func(name string, p *testServer, path string, want int, headers ...string) {
		t.Helper()
		if status, answer, _ := p.ask(http.MethodGet, path, "", headers...); status != want {
			t.Errorf("%s: GET %s: got %d %s, want %d", name, path, status, answer, want)
		}
	}
	for _, path := range []string{"/v1/status", "/v1/changes", "/v1/orders", "/metrics", "/openapi.json"} {
		f("loopback", loopback, path, 200)
		f("loopback, by name", loopback, path, 200, "Host", "localhost:8484")
		f("loopback, forwarded by a proxy", loopback, path, 401, "X-Forwarded-For", "203.0.113.9")
		f("loopback, with an address of this host", byName, path, 200)
		f("loopback, with an address that others use", proxied, path, 401)
		f("loopback, under the external name", proxied, path, 401, "Host", "pushback.example.com")
		f("loopback, under a stranger's name", loopback, path, 421, "Host", "evil.example.com")
		f("open", open, path, 401)
		f("open, with a token", open, path, 200, "Authorization", "Bearer "+token)
		f("open, with a token beside basic auth", open, path, 200, "X-Pushback-Token", token)
	}
	f("open", open, "/healthz", 200)
	f("open", open, "/readyz", 200)
	f("open", open, "/schema/rules.json", 200)
	f("open", open, "/", 303)
	f("open", open, "/changes/abcdef", 303)
}

func TestChangingNeedsATokenEvenOnLoopback(t *testing.T) {
	p := listen(t, func(o *Options) { o.Reload = func(context.Context) []api.Diagnostic { return nil } })
	key := p.mustStore(bad)
	f := func(method, path string, want int, headers ...string) {
		t.Helper()
		body := ""
		if method == http.MethodPost {
			body = `{"actor":"alice"}`
		}
		headers = append([]string{"Content-Type", "application/json"}, headers...)
		if status, answer, _ := p.ask(method, path, body, headers...); status != want {
			t.Errorf("%s %s %v: got %d %s, want %d", method, path, headers, status, answer, want)
		}
	}
	for _, path := range []string{"/v1/reload", "/v1/orders/" + key + "/approve", "/v1/orders/" + key + "/reject", "/v1/events"} {
		f(http.MethodPost, path, 401)
		f(http.MethodPost, path, 401, "Authorization", "Bearer ")
		f(http.MethodPost, path, 403, "Authorization", "Bearer "+token, "Origin", "https://evil.example.com")
		f(http.MethodPost, path, 403, "Authorization", "Bearer "+token, "Sec-Fetch-Site", "cross-site")
	}
	f(http.MethodPost, "/v1/reload", 200, "Authorization", "Bearer "+token)
}

func TestARevokedTokenIsRefusedAtOnce(t *testing.T) {
	p := listen(t, nil)
	f := func(want int) {
		t.Helper()
		if status, _, _ := p.ask(http.MethodGet, "/v1/status", "", "Authorization", "Bearer "+oldToken, "X-Forwarded-For", "203.0.113.9"); status != want {
			t.Errorf("got %d, want %d", status, want)
		}
	}
	f(200)
	if err := os.WriteFile(p.server.TokenFile, []byte(token+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	f(401)
	if err := os.Remove(p.server.TokenFile); err != nil {
		t.Fatal(err)
	}
	f(401) // the token file cannot be read
}

func TestOptionsThatOpenADoor(t *testing.T) {
	st := openStore(t)
	f := func(want string, change func(*Options)) {
		t.Helper()
		o := Options{Engine: storeEngine{st}, Store: st, Now: func() time.Time { return testNow }, Listen: "127.0.0.1:0", TokenFile: tokenFile(t)}
		change(&o)
		_, err := New(o)
		if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), token) {
			t.Errorf("got %v, want an error that says %q", err, want)
		}
	}
	f("without a token file", func(o *Options) { o.Listen, o.TokenFile = ":8484", "" })
	f("allowed on loopback only", func(o *Options) {
		o.Listen, o.Sources = "0.0.0.0:8484", map[string]Endpoint{"ci": {Insecure: true}}
	})
	f("read the token file", func(o *Options) { o.TokenFile = "nowhere" })
	f("at least 16", func(o *Options) { write(t, o.TokenFile, "short\n") })
	f("holds no token", func(o *Options) { write(t, o.TokenFile, "# none yet\n") })
	f("has no host", func(o *Options) { o.ExternalURL = "pushback.example.com" })
	f("bad pattern", func(o *Options) { o.Sources = map[string]Endpoint{"ci": {Services: []string{"["}}} })
}

func write(t *testing.T, file, text string) {
	t.Helper()
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

func TestIsLoopback(t *testing.T) {
	for listen, want := range map[string]bool{
		"127.0.0.1:1": true, "[::1]:1": true, "localhost:1": true, "127.8.8.8:1": true,
		":1": false, "0.0.0.0:1": false, "[::]:1": false, "10.0.0.1:1": false, "127.0.0.1.evil.example.com:1": false, "nonsense": false,
	} {
		if got := isLoopback(listen); got != want {
			t.Errorf("isLoopback(%q) = %t", listen, got)
		}
	}
}

func TestQueriesAndTokensStayOutOfTheLog(t *testing.T) {
	p := listen(t, nil)
	p.ask(http.MethodGet, "/v1/changes?service=hush", "", "Authorization", "Bearer "+token)
	if log := p.log.String(); !strings.Contains(log, `"path":"/v1/changes"`) || strings.Contains(log, "hush") || strings.Contains(log, token) {
		t.Errorf("log: %s", log)
	}
}

func TestNowhere(t *testing.T) {
	p := listen(t, nil)
	f := func(method, path string, want int) http.Header {
		t.Helper()
		status, answer, h := p.ask(method, path, "")
		if status != want || h.Get("Content-Type") != api.ProblemType {
			t.Errorf("%s %s: got %d %s (%s)", method, path, status, answer, h.Get("Content-Type"))
		}
		return h
	}
	f(http.MethodGet, "/v2/changes", 404)
	if h := f(http.MethodDelete, "/v1/changes", 405); !strings.Contains(h.Get("Allow"), "GET") {
		t.Errorf("405 allows %q", h.Get("Allow"))
	}
}

// countedSessions counts the reads of sessions.
type countedSessions struct {
	Store
	reads *atomic.Int64
}

func (c countedSessions) Session(ctx context.Context, id string) (store.Session, error) {
	c.reads.Add(1)
	return c.Store.Session(ctx, id)
}

// However often a page asks who reads it, that is found out once.
func TestSenderIsFoundOutOnce(t *testing.T) {
	var reads atomic.Int64
	b := newBrowser(t, func(o *Options) {
		o.Store, o.Rules = countedSessions{o.Store, &reads}, oneRule{}
		o.Ready = func() []api.ComponentProblem { return []api.ComponentProblem{{Component: "metrics"}} }
	})
	key := b.mustStore(bad)
	_, _, session := b.signIn(token, "/")
	for _, path := range []string{"/", "/changes/" + key, "/rules", "/docs", "/signin", "/readyz", "/v1/status", "/v1/changes/" + key, "/changes/nothing"} {
		before := reads.Load()
		b.ask(http.MethodGet, path, "", "Cookie", session)
		if n := reads.Load() - before; n != 1 {
			t.Errorf("%s: the session was read %d times", path, n)
		}
	}
}

// What a stream is for says which keys it gets.
func TestStreamWantsOneChangeOrNoLooks(t *testing.T) {
	var wants func(key string, look bool) bool
	p := listen(t, func(o *Options) {
		o.Subscribe = func(w func(string, bool) bool) (<-chan string, func()) {
			wants = w
			return nil, func() {}
		}
	})
	for query, want := range map[string][4]bool{
		"": {true, true, true, true}, "?change=a": {true, true, false, false}, "?looks=no": {true, false, true, false}, "?change=a&looks=no": {true, false, false, false},
	} {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, p.URL+streamPath+query, nil)
		if err != nil {
			t.Fatal(err)
		}
		w, err := p.Client().Do(r)
		if err != nil {
			t.Fatal(err)
		}
		if got := [4]bool{wants("a", false), wants("a", true), wants("b", false), wants("b", true)}; got != want {
			t.Errorf("%q: %v, want %v", query, got, want)
		}
		_ = w.Body.Close()
	}
}
