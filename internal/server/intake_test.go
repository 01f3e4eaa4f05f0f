package server

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/pushback/pushback/internal/server/api"
	"github.com/pushback/pushback/internal/store"
	"github.com/pushback/pushback/sources"
	"github.com/pushback/pushback/sources/changes"
	"github.com/pushback/pushback/sources/changes/github"
)

// secretFile holds the secret of the sources.
func secretFile(tb testing.TB) string {
	tb.Helper()
	file := filepath.Join(tb.TempDir(), "secret")
	if err := os.WriteFile(file, []byte(shared), 0o600); err != nil {
		tb.Fatal(err)
	}
	return file
}

// withGitHub adds a GitHub source that may speak for the services of globs.
func withGitHub(tb testing.TB, globs ...string) func(*Options) {
	tb.Helper()
	source, err := github.New(changes.Options{Name: "github"}, github.Config{SecretFiles: []string{secretFile(tb)}})
	if err != nil {
		tb.Fatal(err)
	}
	return func(o *Options) {
		o.Sources = map[string]Endpoint{"github": {Source: source, Services: globs}}
		o.Canonical = func(e sources.Event) sources.Event {
			e.Service = e.Service[strings.LastIndex(e.Service, "/")+1:]
			return e
		}
	}
}

// deployment returns a deployment_status delivery of GitHub, with the fields that
// are read.
func deployment(id int, state string) string {
	return fmt.Sprintf(`{"action":"created","deployment_status":{"id":%d,"state":%q,"environment":"production","created_at":"2026-11-22T21:50:00Z","creator":{"login":"alice"}},
		"deployment":{"id":%d,"sha":"%040d","ref":"main","environment":"production","task":"deploy","created_at":"2026-11-22T21:49:00Z"},"repository":{"full_name":"octo/cart"}}`, id, state, id, id)
}

func sign(body string) string {
	mac := hmac.New(sha256.New, []byte(shared))
	mac.Write([]byte(body))
	return "sha256=" + hex.EncodeToString(mac.Sum(nil))
}

func githubHeaders(body string) []string {
	return []string{"Content-Type", "application/json", "X-GitHub-Event", "deployment_status", "X-Hub-Signature-256", sign(body)}
}

func event(change string, more ...string) string {
	fields := append([]string{`"service":"cart","environment":"production","version":"1.4.2","at":"2026-11-22T21:50:00Z","change_id":"` + change + `"`}, more...)
	return "{" + strings.Join(fields, ",") + "}"
}

func TestEventsAreTakenWithAToken(t *testing.T) {
	p := listen(t, nil)
	headers := []string{"Content-Type", "application/json; charset=utf-8", "Authorization", "Bearer " + oldToken}
	f := func(body string, wantStatus int, wantCreated, wantDuplicate bool) {
		t.Helper()
		status, answer, _ := p.ask(http.MethodPost, "/v1/events", body, headers...)
		var a api.Accepted
		if err := json.Unmarshal([]byte(answer), &a); err != nil {
			t.Fatalf("%d %s: %v", status, answer, err)
		}
		if status != wantStatus || a.Created != wantCreated || a.Duplicate != wantDuplicate || a.Key == "" || a.Change.Key != a.Key {
			t.Errorf("got %d %s, want %d, created %t, duplicate %t", status, answer, wantStatus, wantCreated, wantDuplicate)
		}
	}
	f(event("d1", `"status":"started"`), 201, true, false)
	f(event("d1", `"status":"started"`), 200, false, true)
	f(event("d1"), 200, false, false) // a later status is news
	f(event("d1"), 200, false, true)
	if n := p.changes(); n != 1 {
		t.Errorf("%d changes stored, want 1", n)
	}
}

// Every refused delivery leaves one log line without any of its body, and no row.
func TestBadDeliveriesAreTurnedAway(t *testing.T) {
	p := listen(t, withGitHub(t))
	good := deployment(1, "success")
	f := func(name, path, body string, want int, headers ...string) {
		t.Helper()
		status, answer, h := p.ask(http.MethodPost, path, body, headers...)
		var problem api.Problem
		if err := json.Unmarshal([]byte(answer), &problem); err != nil || h.Get("Content-Type") != api.ProblemType {
			t.Errorf("%s: %q is no problem: %v", name, answer, err)
		}
		if status != want || problem.Status != want || problem.Detail == "" || strings.Contains(problem.Detail, "\n") {
			t.Errorf("%s: got %d %s, want %d and one line", name, status, answer, want)
		}
	}
	hook := func(name, body string, want int, headers ...string) {
		t.Helper()
		f(name, "/hooks/github", body, want, append([]string{"Content-Type", "application/json", "X-GitHub-Event", "deployment_status"}, headers...)...)
	}
	own := func(name, body string, want int) {
		t.Helper()
		f(name, "/v1/events", body, want, "Content-Type", "application/json", "Authorization", "Bearer "+token)
	}

	hook("unsigned", good, 401)
	hook("wrongly signed", good, 401, "X-Hub-Signature-256", sign(good+" "))
	hook("signed with SHA-1 only", good, 401, "X-Hub-Signature", "sha1=00")
	hook("truncated, signed", good[:100], 400, "X-Hub-Signature-256", sign(good[:100]))
	hook("not JSON, signed", "payload=1", 400, "X-Hub-Signature-256", sign("payload=1"))
	hook("oversized", strings.Repeat(" ", maxBody+1), 413, "X-Hub-Signature-256", sign(strings.Repeat(" ", maxBody+1)))
	f("form encoded", "/hooks/github", good, 415, "Content-Type", "application/x-www-form-urlencoded", "X-Hub-Signature-256", sign(good))
	f("no content type", "/hooks/github", good, 415, "X-Hub-Signature-256", sign(good))
	f("unknown source", "/hooks/gitlab", good, 404, githubHeaders(good)...)

	f("no token", "/v1/events", event("d1"), 401, "Content-Type", "application/json")
	f("wrong token", "/v1/events", event("d1"), 401, "Content-Type", "application/json", "Authorization", "Bearer "+token+"x")
	f("a part of a token", "/v1/events", event("d1"), 401, "Content-Type", "application/json", "Authorization", "Bearer "+token[:20])
	own("truncated", event("d1")[:40], 400)
	own("not JSON", "service=cart", 400)
	own("an array", "["+event("d1")+"]", 400)
	own("two values", event("d1")+event("d2"), 400)
	own("unknown key", event("d1", `"verison":"1"`), 400)
	own("unknown status", event("d1", `"status":"exploded"`), 400)
	own("missing service", `{"environment":"production","version":"1","at":"2026-11-22T21:50:00Z"}`, 400)
	own("NUL in a name", event("d\\u0000"), 400)
	own("newline in a name", event("d\\n1"), 400)
	own("far future", strings.Replace(event("d1"), "2026-11-22T21:50", "2026-11-22T23:50", 1), 400)
	own("script for a URL", event("d1", `"url":"javascript:alert(1)"`), 400)

	if n := p.changes(); n != 0 {
		t.Errorf("%d changes were stored of refused deliveries", n)
	}
	for _, leak := range []string{"octo/cart", "exploded", "verison", shared, token, "sha256="} {
		if strings.Contains(p.log.String(), leak) {
			t.Errorf("the log holds %q", leak)
		}
	}
}

func TestGitHubDeliveries(t *testing.T) {
	p := listen(t, withGitHub(t, "ca*"))
	f := func(body string, want int, headers ...string) string {
		t.Helper()
		status, answer, _ := p.ask(http.MethodPost, "/hooks/github", body, append(githubHeaders(body), headers...)...)
		if status != want {
			t.Errorf("got %d %s, want %d", status, answer, want)
		}
		return answer
	}
	f(deployment(1, "in_progress"), 201, "X-GitHub-Delivery", "one")
	f(deployment(1, "in_progress"), 200, "X-GitHub-Delivery", "another") // a replay under a new delivery id
	f(`{"zen":"Keep it logically awesome."}`, 202, "X-GitHub-Event", "ping")
	foreign := strings.Replace(deployment(2, "success"), "octo/cart", "octo/payments", 1)
	f(foreign, 403)
	if n := p.changes(); n != 1 {
		t.Errorf("%d changes stored, want 1", n)
	}
}

// No signed event is lost, however many come at once: each is stored, or answered
// with a status that makes its sender try again.
func TestAThousandEventsAtOnce(t *testing.T) {
	const events = 1000
	p := listen(t, withGitHub(t))
	var wait sync.WaitGroup
	for i := range events {
		wait.Go(func() {
			body := strings.Replace(deployment(i+1, "success"), "octo/cart", fmt.Sprint("octo/cart-", i%50), 1)
			w := deliver(p.server.handler, body)
			for range 5 {
				if w.Code != http.StatusServiceUnavailable {
					break
				}
				w = deliver(p.server.handler, body) // as its Retry-After asks
			}
			if w.Code != http.StatusCreated {
				t.Errorf("event %d: %d %s", i, w.Code, w.Body)
			}
		})
	}
	wait.Wait()
	if n := p.changes(); n != events {
		t.Errorf("%d of %d changes stored", n, events)
	}
}

// deliver sends one signed GitHub delivery to a handler.
func deliver(handler http.Handler, body string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(http.MethodPost, "http://localhost/hooks/github", strings.NewReader(body))
	headers := githubHeaders(body)
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	w := httptest.NewRecorder()
	handler.ServeHTTP(w, r)
	return w
}

// brokenEngine cannot store.
type brokenEngine struct{ Engine }

func (brokenEngine) Accept(context.Context, sources.Admitted, []byte) (store.Accepted, error) {
	return store.Accepted{}, errors.New("disk I/O error on /var/lib/pushback")
}

func TestNoSuccessWithoutACommit(t *testing.T) {
	p := listen(t, func(o *Options) { o.Engine = brokenEngine{} })
	status, answer, h := p.ask(http.MethodPost, "/v1/events", event("d1"), "Content-Type", "application/json", "Authorization", "Bearer "+token)
	if status != http.StatusServiceUnavailable || h.Get("Retry-After") == "" || strings.Contains(answer, "/var/lib") {
		t.Errorf("got %d %s, Retry-After %q", status, answer, h.Get("Retry-After"))
	}
}

// An event that can never be stored is answered 400 even while nothing can be
// stored, so that its sender does not try again. Every way in agrees.
func TestBadEventsAreNotSentAgain(t *testing.T) {
	p := listen(t, func(o *Options) {
		withGitHub(t)(o)
		o.Engine = brokenEngine{}
		o.Canonical = func(e sources.Event) sources.Event {
			e.Service = strings.ReplaceAll(e.Service, "misnamed", strings.Repeat("x", sources.MaxName+1))
			return e
		}
	})
	f := func(name, path, body string, want int, headers ...string) {
		t.Helper()
		status, answer, h := p.ask(http.MethodPost, path, body, headers...)
		if again := h.Get("Retry-After") != ""; status != want || again != (want == http.StatusServiceUnavailable) {
			t.Errorf("%s: got %d %s, Retry-After %q, want %d", name, status, answer, h.Get("Retry-After"), want)
		}
	}
	own := []string{"Content-Type", "application/json", "Authorization", "Bearer " + token}
	good := deployment(1, "success")
	future := strings.ReplaceAll(good, "2026-11", "2027-11")
	misnamed := strings.ReplaceAll(good, "octo/cart", "octo/misnamed")
	f("good event", "/v1/events", event("d1"), 503, own...)
	f("good delivery", "/hooks/github", good, 503, githubHeaders(good)...)
	f("not parsed", "/v1/events", event("d1", `"status":1`), 400, own...)
	f("not valid", "/v1/events", event("d1", `"status":"exploded"`), 400, own...)
	f("far future", "/hooks/github", future, 400, githubHeaders(future)...)
	f("not valid under the catalogue's name", "/hooks/github", misnamed, 400, githubHeaders(misnamed)...)
}

// A body that ends before its length, or never begins, is no event.
func TestABodyThatEndsEarly(t *testing.T) {
	p := listen(t, nil)
	r := httptest.NewRequest(http.MethodPost, "http://localhost/v1/events", io.MultiReader(strings.NewReader(`{"service":`), brokenReader{}))
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Authorization", "Bearer "+token)
	w := httptest.NewRecorder()
	p.server.handler.ServeHTTP(w, r)
	if w.Code != http.StatusBadRequest {
		t.Errorf("got %d %s", w.Code, w.Body)
	}
}

type brokenReader struct{}

func (brokenReader) Read([]byte) (int, error) { return 0, io.ErrUnexpectedEOF }

// Whatever is sent, the answer is a 2xx and the event stored, or a 4xx with a
// problem.
func FuzzIntake(f *testing.F) {
	for _, body := range []string{event("d1"), event("d1", `"status":"failed","labels":{"a":"b"}`), deployment(1, "success"), `{}`, `[`, "\x00", `{"at":"2026-11-22T21:50:00Z"}`} {
		f.Add(body, true)
		f.Add(body, false)
	}
	st := openStore(f)
	o := Options{Engine: storeEngine{st}, Store: st, Ready: func() []api.ComponentProblem { return nil }, Now: func() time.Time { return testNow }, Listen: "localhost:1", TokenFile: tokenFile(f)}
	withGitHub(f)(&o)
	s, err := New(o)
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, body string, own bool) {
		r := httptest.NewRequest(http.MethodPost, "http://localhost/hooks/github", strings.NewReader(body))
		r.Header.Set("X-GitHub-Event", "deployment_status")
		r.Header.Set("X-Hub-Signature-256", sign(body))
		if own {
			r = httptest.NewRequest(http.MethodPost, "http://localhost/v1/events", strings.NewReader(body))
			r.Header.Set("Authorization", "Bearer "+token)
		}
		r.Header.Set("Content-Type", "application/json")
		w := httptest.NewRecorder()
		s.handler.ServeHTTP(w, r)
		checkFuzzed(t, st, w)
	})
}

func checkFuzzed(t *testing.T, st *store.Store, w *httptest.ResponseRecorder) {
	t.Helper()
	switch {
	case w.Code == http.StatusOK || w.Code == http.StatusCreated:
		var a api.Accepted
		if err := json.Unmarshal(w.Body.Bytes(), &a); err != nil {
			t.Fatalf("%s: %v", w.Body, err)
		}
		if _, err := st.Change(t.Context(), a.Key); err != nil {
			t.Errorf("answered %d, but stored no change: %v", w.Code, err)
		}
	case w.Code == http.StatusAccepted:
	case w.Code < 400 || w.Code >= 500 || strings.Count(w.Body.String(), "\n") != 1:
		t.Errorf("got %d %s", w.Code, w.Body)
	}
}
