//go:build integration

package prometheus

import (
	"testing"
	"time"

	"github.com/pushback/pushback/internal/proof/servertest"
	"github.com/pushback/pushback/sources"
	"github.com/pushback/pushback/sources/metrics"
	"github.com/pushback/pushback/sources/metrics/metricstest"
)

func TestContractOfRealStores(t *testing.T) {
	f := func(name string, start func(t testing.TB, targets ...string) *servertest.Store) {
		t.Run(name, func(t *testing.T) { holdToContract(t, start(t)) })
	}
	f("prometheus", servertest.Prometheus)
	f("victoria-metrics", servertest.VictoriaMetrics)
}

func holdToContract(t *testing.T, server *servertest.Store) {
	t.Helper()
	// The samples are hours old, because a store may hide its newest ones. They are
	// not on a full minute, so that a store fails that moves points to its own grid.
	begin := time.Now().Add(-3 * time.Hour).Truncate(time.Minute).Add(7 * time.Second)
	server.Seed(t, sources.Series{
		Labels:  map[string]string{"__name__": "orders_total", "shop": `a "b" \c`},
		Samples: metricstest.Samples(begin),
	})
	s, err := New(metrics.Options{Name: metricstest.Name}, Config{URL: server.URL, Heartbeat: "max(timestamp(orders_total))"})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	metricstest.Run(t, metricstest.Subject{
		Store: s, Start: begin,
		Query: "orders_total", Absent: "nothing_total", Broken: "sum(",
	})
	checkLongRange(t, s, begin)
}

// checkLongRange queries more points than Prometheus returns in one answer.
func checkLongRange(t *testing.T, s *Store, begin time.Time) {
	t.Helper()
	q := sources.Query{Expr: "vector(1)", Step: time.Second}
	w := sources.Window{From: begin.Add(-5 * time.Hour), To: begin}
	got, err := s.Range(t.Context(), q, w)
	if err != nil || len(got) != 1 || len(got[0].Samples) != 18_001 {
		t.Fatalf("%d series, %v; want one of 18001 points", len(got), err)
	}
	for i, sample := range got[0].Samples {
		if want := w.From.Add(time.Duration(i) * time.Second).UnixMilli(); sample.T != want {
			t.Fatalf("point %d at %d, want %d", i, sample.T, want)
		}
	}
}
