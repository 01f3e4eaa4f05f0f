package call_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pushback/pushback/rollback"
	"github.com/pushback/pushback/rollback/internal/call"
)

const token = "a-bearer-token-of-a-tool"

func api(t *testing.T, handler http.HandlerFunc) *call.API {
	t.Helper()
	s := httptest.NewServer(handler)
	t.Cleanup(s.Close)
	path := filepath.Join(t.TempDir(), "token")
	if err := os.WriteFile(path, []byte(token+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	a, err := call.New(call.Options{Name: "the tool", URL: s.URL + "/", TokenFile: path, Scheme: "Bearer "})
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func answering(t *testing.T, status int, header http.Header, body string) *call.API {
	return api(t, func(w http.ResponseWriter, _ *http.Request) {
		for name, values := range header {
			w.Header()[name] = values
		}
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	})
}

// outcome classifies an error as the engine does.
func outcome(err error) string {
	switch {
	case err == nil:
		return "done"
	case errors.Is(err, rollback.ErrOutcomeUnknown):
		return "unknown"
	case errors.Is(err, rollback.ErrNotSent):
		return "not sent"
	}
	return "failed"
}

func TestStatuses(t *testing.T) {
	f := func(status int, read, act string) {
		t.Helper()
		a := answering(t, status, nil, "{}")
		if got := outcome(a.Get(t.Context(), "/x", &struct{}{})); got != read {
			t.Errorf("a read answered with %d is %s, want %s", status, got, read)
		}
		_, err := a.Act(t.Context(), call.Request{Method: http.MethodPost, Path: "/x"}, nil)
		if got := outcome(err); got != act {
			t.Errorf("an act answered with %d is %s, want %s", status, got, act)
		}
		if want := status; status >= 300 && call.StatusCode(err) != want {
			t.Errorf("the error of %d has status %d: %v", status, call.StatusCode(err), err)
		}
	}
	f(200, "done", "done")
	f(302, "failed", "failed")
	f(401, "failed", "failed")
	f(404, "failed", "failed")
	f(408, "not sent", "failed")
	f(429, "not sent", "failed")
	f(500, "not sent", "failed")
	f(502, "not sent", "unknown")
	f(503, "not sent", "failed")
	f(504, "not sent", "unknown")
}

func TestRetryAfterIsReturned(t *testing.T) {
	a := answering(t, 503, http.Header{"Retry-After": {"7"}}, "")
	_, err := a.Act(t.Context(), call.Request{Method: http.MethodPost, Path: "/x"}, nil)
	for _, err := range []error{err, a.Get(t.Context(), "/x", nil)} {
		var after *rollback.RetryAfter
		if !errors.As(err, &after) || after.After != 7*time.Second {
			t.Errorf("got %v", err)
		}
	}
}

// An act whose answer cannot be decoded may have been carried out.
func TestUnreadableAnswers(t *testing.T) {
	for _, body := range []string{"<html>", "", `{"id":`, `{"id": "text"}`, "{" + strings.Repeat(" ", call.MaxAnswer) + "}"} {
		a := answering(t, 200, nil, body)
		var into struct{ ID int }
		if got := outcome(a.Get(t.Context(), "/x", &into)); got != "failed" {
			t.Errorf("a read answered with %.20q is %s", body, got)
		}
		_, err := a.Act(t.Context(), call.Request{Method: http.MethodPost, Path: "/x"}, &into)
		if got := outcome(err); got != "unknown" {
			t.Errorf("an act answered with %.20q is %s", body, got)
		}
	}
}

func TestRequest(t *testing.T) {
	var got *http.Request
	var body []byte
	a := api(t, func(_ http.ResponseWriter, r *http.Request) {
		got = r
		body, _ = io.ReadAll(r.Body)
	})
	_, err := a.Act(t.Context(), call.Request{
		Method: http.MethodPatch, Path: call.Path("a b", "c/d"), Body: map[string]int{"n": 1}, ContentType: "x/y", Key: "k",
	}, nil)
	if err != nil {
		t.Fatal(err)
	}
	sent := strings.Join([]string{got.Method, got.URL.EscapedPath(), got.Header.Get("Authorization"), got.Header.Get("Content-Type"), got.Header.Get("Idempotency-Key"), string(body)}, " ")
	if want := `PATCH /a%20b/c%2Fd Bearer a-bearer-token-of-a-tool x/y k {"n":1}`; sent != want {
		t.Errorf("got  %s\nwant %s", sent, want)
	}
}

func TestErrorsHoldNoSecret(t *testing.T) {
	a := api(t, func(w http.ResponseWriter, r *http.Request) {
		http.Error(w, "bad token "+r.Header.Get("Authorization"), http.StatusUnauthorized)
	})
	err := a.Get(t.Context(), "/x", nil)
	if err == nil || strings.Contains(err.Error(), token) || !strings.Contains(err.Error(), "bad token") {
		t.Errorf("got %v", err)
	}
}

func TestFollow(t *testing.T) {
	flaky, bad := errors.Join(rollback.ErrNotSent, errors.New("reset")), errors.New("nonsense")
	f := func(name, want string, within time.Duration, reads ...any) {
		t.Helper()
		synctest.Test(t, func(t *testing.T) {
			ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
			defer cancel()
			started, n := time.Now(), 0
			err := call.Follow(ctx, func(context.Context) (bool, error) {
				answer := reads[min(n, len(reads)-1)]
				n++
				if err, ok := answer.(error); ok {
					return false, err
				}
				return answer.(bool), nil
			})
			if got := outcome(err); got != want || time.Since(started) > within {
				t.Errorf("%s: %s after %s and %d reads: %v", name, got, time.Since(started), n, err)
			}
		})
	}
	f("done at once", "done", 0, true)
	f("done later", "done", 10*time.Second, false, false, true)
	f("an answer that did not come", "done", 5*time.Second, flaky, true)
	f("ended badly", "failed", 5*time.Second, false, &call.FailedError{Why: "exit 1"})
	f("nonsense", "unknown", 0, bad)
	f("never ends", "unknown", time.Minute, false)
	f("never answers", "unknown", time.Minute, flaky)
	f("a Retry-After", "done", 41*time.Second, &rollback.RetryAfter{After: 40 * time.Second, Err: flaky}, true)
}

func TestWrapUnknown(t *testing.T) {
	if err := call.WrapUnknown(errors.Join(rollback.ErrNotSent, errors.New("reset"))); outcome(err) != "unknown" || errors.Is(err, rollback.ErrNotSent) {
		t.Errorf("got %v", err)
	}
	if call.WrapUnknown(nil) != nil {
		t.Error("nothing became an error")
	}
}

func TestNewRefuses(t *testing.T) {
	f := func(o call.Options, want string) {
		t.Helper()
		if _, err := call.New(o); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%+v: %v, want %q", o, err, want)
		}
	}
	f(call.Options{}, "url is missing")
	f(call.Options{URL: "http://x"}, "token_file is missing")
	f(call.Options{URL: "http://x", TokenFile: "/nowhere"}, "no such file")
}
