package cluster_test

import (
	"encoding/pem"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/pushback/pushback/rollback"
	"github.com/pushback/pushback/rollback/hooktest"
	"github.com/pushback/pushback/rollback/internal/cluster"
	"github.com/pushback/pushback/rollback/internal/clustertest"
)

var cart = cluster.Object{Resource: cluster.Deployments, Namespace: "shop", Name: "cart"}

// opened is a cluster whose API server gives one answer, and how often it was called.
func opened(t *testing.T, answer http.HandlerFunc) (*cluster.Cluster, *int) {
	t.Helper()
	calls := 0
	s := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		calls++
		answer(w, r)
	}))
	t.Cleanup(s.Close)
	ca := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: s.Certificate().Raw})
	c, err := cluster.Open(cluster.Config{Kubeconfig: clustertest.Kubeconfig(t, &hooktest.Server{URL: s.URL, CA: ca})})
	if err != nil {
		t.Fatal(err)
	}
	return c, &calls
}

// Without our transport client-go would repeat the call up to ten times.
func TestOneRequestPerCall(t *testing.T) {
	for _, status := range []int{301, 307, 429, 500, 503} {
		c, calls := opened(t, func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Retry-After", "1")
			w.Header().Set("Location", "/elsewhere")
			w.WriteHeader(status)
		})
		err := c.Patch(t.Context(), cart, nil)
		var after *rollback.RetryAfter
		if !errors.As(err, &after) || after.After != time.Second || *calls != 1 {
			t.Errorf("%d: %d calls, %v", status, *calls, err)
		}
	}
}

func TestHostileAnswers(t *testing.T) {
	f := func(what, read, act, contains string, answer http.HandlerFunc) {
		t.Helper()
		c, _ := opened(t, answer)
		_, err := c.Get(t.Context(), cart)
		hooktest.CheckOutcome(t, what, err, read, contains)
		hooktest.CheckOutcome(t, what, c.Patch(t.Context(), cart, nil), act, contains)
	}
	say := func(status int, text string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(status)
			_, _ = io.WriteString(w, text)
		}
	}
	f("a page", "failed", "done", "cannot be read", say(200, "<html>"))
	f("half an object", "failed", "done", "cannot be read", say(200, `{"kind": "Deploy`))
	f("an endless object", "failed", "done", "larger than 8388608 bytes", say(200, strings.Repeat(" ", 9<<20)))
	f("a page that refuses", "failed", "failed", "403 Forbidden: <html>", say(403, "<html>"))
	f("escapes", "failed", "failed", "404 Not Found: not[2J found", say(404, `{"message": "not\u001b[2J found"}`))
	f("the token", "failed", "failed", "bad token [secret]", func(w http.ResponseWriter, r *http.Request) {
		http.Error(w, "bad token "+r.Header.Get("Authorization"), http.StatusUnauthorized)
	})
}

func TestTemplateHasVersion(t *testing.T) {
	template := cluster.Template{
		"metadata": map[string]any{"labels": map[string]any{"app.kubernetes.io/version": "1.4.0"}},
		"spec": map[string]any{"containers": []any{
			map[string]any{"name": "cart", "image": "cart@sha256:abc"}, map[string]any{"name": "proxy", "image": "envoy:1.30"}, "nonsense",
		}},
	}
	f := func(version, container string, want bool) {
		t.Helper()
		if cluster.HasVersion(template, version, container) != want {
			t.Errorf("version %q in %q: %v", version, container, !want)
		}
	}
	f("1.4.0", "", true)
	f("sha256:abc", "", true)
	f("sha256:abc", "cart", true)
	f("1.30", "", true)
	f("1.30", "cart", false)
	f("1.4.0", "cart", false)
	f("", "", false)
}
