//go:build integration

package servertest_test

import (
	"context"
	"net/http"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/pushback/pushback/internal/proof/servertest"
)

func TestServersAnswerAndStop(t *testing.T) {
	f := func(name, path string, start func(t testing.TB) *servertest.Server) {
		t.Helper()
		t.Run(name, func(t *testing.T) {
			s := start(t)
			response, err := http.Get(s.URL + path)
			if err != nil {
				t.Fatal(err)
			}
			response.Body.Close()
			if response.StatusCode != http.StatusOK {
				t.Fatalf("answers %s", response.Status)
			}
			s.Stop()
			if _, err := http.Get(s.URL + path); err == nil || !strings.Contains(err.Error(), "refused") {
				t.Fatalf("after Stop: %v, want a refused connection", err)
			}
		})
	}
	f("prometheus", "/-/healthy", func(t testing.TB) *servertest.Server { return &servertest.Prometheus(t).Server })
	f("victoria-metrics", "/health", func(t testing.TB) *servertest.Server { return &servertest.VictoriaMetrics(t).Server })
	f("alertmanager", "/-/healthy", servertest.Alertmanager)
}

func TestPostgreSQLAnswers(t *testing.T) {
	s := servertest.PostgreSQL(t)
	conn, err := pgx.Connect(t.Context(), s.URL)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(context.Background())
	var version string
	if err := conn.QueryRow(t.Context(), "SHOW server_version").Scan(&version); err != nil || version == "" {
		t.Fatalf("version %q, %v", version, err)
	}
}
