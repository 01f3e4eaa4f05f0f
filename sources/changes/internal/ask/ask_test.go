package ask_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/pushback/pushback/sources/changes"
	"github.com/pushback/pushback/sources/changes/internal/ask"
)

const token = "ghp_a-secret-token"

// tool is an API that answers with a handler, and counts what it is asked.
func tool(t *testing.T, handler http.HandlerFunc) (*ask.API, *atomic.Int32) {
	t.Helper()
	asked := &atomic.Int32{}
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked.Add(1)
		handler(w, r)
	}))
	t.Cleanup(s.Close)
	file := filepath.Join(t.TempDir(), "token")
	if err := os.WriteFile(file, []byte(token+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	a, err := ask.New(ask.Options{Tool: "GitHub", URL: s.URL + "/", TokenFile: file, Auth: "Authorization", Scheme: "Bearer ", Header: http.Header{"X-A": {"b"}}})
	if err != nil {
		t.Fatal(err)
	}
	return a, asked
}

func TestGet(t *testing.T) {
	a, _ := tool(t, func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") != "Bearer "+token || r.Header.Get("X-A") != "b" || r.URL.RequestURI() != "/x?page=2" {
			t.Errorf("asked %s with %v", r.URL, r.Header)
		}
		_, _ = io.WriteString(w, `{"n":7}`)
	})
	var got struct{ N int }
	if err := a.Get(t.Context(), "/x?page=2", &got); err != nil || got.N != 7 {
		t.Errorf("%+v, %v", got, err)
	}
}

// Errors say what the operator can mend, and hold neither the token nor what the tool wrote.
func TestErrors(t *testing.T) {
	f := func(status int, body, want string) {
		t.Helper()
		a, _ := tool(t, func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(status)
			_, _ = io.WriteString(w, body)
		})
		err := a.Get(t.Context(), "/x", &struct{ N int }{})
		if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "hunter2") || strings.Contains(err.Error(), token) {
			t.Errorf("%d %.20q: %v, want %q", status, body, err, want)
		}
	}
	f(401, "hunter2 "+token, "wrong or has expired")
	f(403, "hunter2", "lacks a permission")
	f(404, "hunter2", "may not see it")
	f(500, "hunter2", "status 500")
	f(302, "hunter2", "status 302")
	f(200, "<html>hunter2", "not the JSON")
	f(200, `{"n":"hunter2"}`, "not the JSON")
	f(200, `{"n":1`, "not the JSON")
	f(200, `{"n":1,"x":"`+strings.Repeat("x", ask.MaxAnswer)+`"}`, "not the JSON")
}

func TestRateLimits(t *testing.T) {
	f := func(name string, status int, header map[string]string, least, most time.Duration) {
		t.Helper()
		a, asked := tool(t, func(w http.ResponseWriter, _ *http.Request) {
			for k, v := range header {
				w.Header().Set(k, v)
			}
			w.WriteHeader(status)
		})
		limited := (*changes.RateLimited)(nil)
		if err := a.Get(t.Context(), "/x", nil); !errors.As(err, &limited) || limited.After < least || limited.After > most {
			t.Errorf("%s: %v", name, err)
			return
		}
		if err := a.Get(t.Context(), "/x", nil); !errors.As(err, &limited) || asked.Load() != 1 {
			t.Errorf("%s: %v, asked %d times", name, err, asked.Load())
		}
	}
	in := func(d time.Duration) string { return strconv.FormatInt(time.Now().Add(d).Unix(), 10) }
	f("429", 429, nil, time.Minute, time.Minute)
	f("a secondary limit", 403, map[string]string{"Retry-After": "90"}, 90*time.Second, 90*time.Second)
	f("GitHub's limit", 403, map[string]string{"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": in(20 * time.Minute)}, 19*time.Minute, 20*time.Minute)
	f("GitLab's limit", 429, map[string]string{"RateLimit-Remaining": "0", "RateLimit-Reset": in(5 * time.Minute)}, 4*time.Minute, 5*time.Minute)
	f("a limit that never ends", 429, map[string]string{"Retry-After": "99999999"}, time.Hour, time.Hour)
	f("a limit that just ended", 429, map[string]string{"RateLimit-Remaining": "0", "RateLimit-Reset": in(-time.Minute)}, time.Minute, time.Minute)
	a, _ := tool(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("X-RateLimit-Remaining", "4999")
		w.Header().Set("X-RateLimit-Reset", in(time.Hour))
		w.WriteHeader(403)
	})
	if err := a.Get(t.Context(), "/x", nil); errors.As(err, new(*changes.RateLimited)) {
		t.Errorf("a token without a permission is taken for a rate limit: %v", err)
	}
}

func TestATimeOutEndsTheCall(t *testing.T) {
	a, _ := tool(t, func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() })
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if err := a.Get(ctx, "/x", nil); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("%v", err)
	}
}

func TestQuery(t *testing.T) {
	answer := ""
	a, _ := tool(t, func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		if r.Method != http.MethodPost || r.Header.Get("Content-Type") != "application/json" || string(body) != `{"query":"q","variables":{"a":1}}` {
			t.Errorf("%s %s", r.Method, body)
		}
		_, _ = io.WriteString(w, answer)
	})
	var got struct{ N int }
	ask := func() error { return a.Query(t.Context(), a.URL()+"/graphql", "q", map[string]any{"a": 1}, &got) }
	if answer = `{"data":{"n":3}}`; ask() != nil || got.N != 3 {
		t.Errorf("%+v", got)
	}
	answer = `{"data":null,"errors":[{"type":"NOT_FOUND","message":"hunter2"}]}`
	if err := ask(); err == nil || strings.Contains(err.Error(), "hunter2") {
		t.Errorf("%v", err)
	}
	answer = `{"errors":[{"type":"RATE_LIMITED","message":"x"}]}`
	if err := ask(); !errors.As(err, new(*changes.RateLimited)) {
		t.Errorf("%v", err)
	}
}

func TestSettings(t *testing.T) {
	file := filepath.Join(t.TempDir(), "token")
	if err := os.WriteFile(file, []byte(token), 0o600); err != nil {
		t.Fatal(err)
	}
	for want, o := range map[string]ask.Options{
		"api_url": {URL: "ftp://x", TokenFile: file}, "api_url: the url is refused": {URL: "http://169.254.169.254", TokenFile: file}, "token_file": {URL: "https://x", TokenFile: file + "x"},
	} {
		if _, err := ask.New(o); err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%s: %v", want, err)
		}
	}
}
