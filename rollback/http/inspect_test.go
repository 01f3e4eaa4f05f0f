package http

import (
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/pushback/pushback/rollback"
	"github.com/pushback/pushback/rollback/hooktest"
)

// answering is a hook whose check_url and verify_url give one answer. Nothing listens at
// its own url.
func answering(t *testing.T, status int, body string) *Hook {
	t.Helper()
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodGet || r.URL.RawQuery != "environment=production&kind=deploy&region=eu&service=cart" {
			t.Errorf("asked %s %s", r.Method, r.URL)
		}
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	}))
	t.Cleanup(s.Close)
	h, err := New(Config{
		URL: "http://127.0.0.1:1/rollback?token=in-the-query", CheckURL: s.URL + "/check", VerifyURL: s.URL + "/version",
		SecretFile: secretFile(t, secret), Timeout: time.Second,
	})
	if err != nil {
		t.Fatal(err)
	}
	return h
}

func TestPreflight(t *testing.T) {
	f := func(status int, problem string, passing bool) {
		t.Helper()
		bad := rollback.Problems(answering(t, status, "rolling back is off").Preflight(t.Context(), hooktest.Warrant(t).Plan()))
		if (len(bad) == 0) != (problem == "") || len(bad) > 0 && (!strings.Contains(bad[0].Problem, problem) || bad[0].Temporary != passing) {
			t.Errorf("%d: %+v", status, bad)
		}
	}
	f(204, "", false)
	f(403, "403 Forbidden: rolling back is off", false)
	f(302, "302 Found", false)
	f(503, "503 Service Unavailable", true)
}

func TestPreflightUnreachable(t *testing.T) {
	h := answering(t, 200, "")
	h.config.CheckURL = "http://127.0.0.1:1"
	bad := rollback.Problems(h.Preflight(t.Context(), rollback.Plan{}))
	if len(bad) != 1 || !bad[0].Temporary {
		t.Errorf("got %+v", bad)
	}
}

func TestVerify(t *testing.T) {
	f := func(body, running string, settled bool) {
		t.Helper()
		got, err := answering(t, 200, body).Verify(t.Context(), hooktest.Warrant(t).Plan())
		if err != nil || got.Version != running || got.TargetRuns != settled || got.At.IsZero() {
			t.Errorf("%.40q: %+v, %v", body, got, err)
		}
	}
	f("v1\n", "v1", true)
	f(`{"version": "v1", "since": 5}`, "v1", true)
	f(`{"version": "v2"}`, "v2", false)
	f(`{"other": "v1"}`, "", false)
	f("", "", false)
	f("\x1b[2Jv1", "[2Jv1", false)
	if _, err := answering(t, 500, "").Verify(t.Context(), rollback.Plan{Change: hooktest.Situation().Change}); err == nil {
		t.Error("a 500 was accepted as an answer")
	}
	var unverifiable *rollback.UnverifiableError
	if _, err := newHook(t, "http://x").Verify(t.Context(), rollback.Plan{}); !errors.As(err, &unverifiable) {
		t.Errorf("without verify_url: %v", err)
	}
}

func TestDryRunShowsNoQuery(t *testing.T) {
	got, err := answering(t, 200, "").DryRun(t.Context(), hooktest.Warrant(t).Plan())
	if err != nil || len(got.Steps) != 1 || strings.Contains(got.Steps[0], "in-the-query") || !strings.Contains(got.Steps[0], `cart v2 in production back to "v1"`) {
		t.Errorf("%+v, %v", got, err)
	}
}
