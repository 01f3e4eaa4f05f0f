//go:build integration

package gather_test

import (
	"testing"
	"time"

	"github.com/pushback/pushback/detector"
	"github.com/pushback/pushback/internal/gather"
	"github.com/pushback/pushback/internal/proof/servertest"
	"github.com/pushback/pushback/sources"
	"github.com/pushback/pushback/sources/metrics"
	"github.com/pushback/pushback/sources/metrics/prometheus"
	"github.com/pushback/pushback/watch"
)

// TestRealStoresShowNoImpossibleEvents writes counters that cannot be true into Prometheus and
// VictoriaMetrics, which repeat samples and fill gaps each in its own way, and counts what a
// look sees: one error a minute, and nothing that never happened.
func TestRealStoresShowNoImpossibleEvents(t *testing.T) {
	f := func(name string, start func(t testing.TB, targets ...string) *servertest.Store) {
		t.Run(name, func(t *testing.T) { readImpossible(t, start(t)) })
	}
	f("prometheus", servertest.Prometheus)
	f("victoria-metrics", servertest.VictoriaMetrics)
}

const (
	scrape  = 15 * time.Second
	minutes = 10 // of the after window
)

func readImpossible(t *testing.T, server *servertest.Store) {
	t.Helper()
	change := time.Now().Add(-2 * time.Hour).Truncate(time.Minute)
	from, end := change.Add(-40*time.Minute), change.Add(minutes*time.Minute)
	// counter grows by so much a scrape; shown changes what the store gets, false leaves it out.
	counter := func(name, code, pod string, began, by float64, shown func(at time.Time, v float64) (float64, bool)) sources.Series {
		s := sources.Series{Labels: map[string]string{"__name__": name, "code": code, "pod": pod}}
		for at, v := from, began; !at.After(end); at, v = at.Add(scrape), v+by {
			if x, ok := shown(at, v); ok {
				s.Samples = append(s.Samples, sources.Sample{T: at.UnixMilli(), V: x})
			}
		}
		return s
	}
	asIs := func(_ time.Time, v float64) (float64, bool) { return v, true }
	late := func(after time.Duration) func(time.Time, float64) (float64, bool) {
		return func(at time.Time, v float64) (float64, bool) { return v, !at.Before(change.Add(after)) }
	}
	dips := func(by float64) func(time.Time, float64) (float64, bool) {
		return func(at time.Time, v float64) (float64, bool) {
			if since := at.Sub(change); since > 0 && since%(90*time.Second) == 0 {
				return v - by, true
			}
			return v, true
		}
	}
	alive := counter("up", "", "", 1, 0, asIs)
	server.Seed(t, alive)
	f := func(name string, errors float64, more ...sources.Series) {
		t.Helper()
		server.Seed(t, more...)
		r := readSignal(t, server, name, change, end)
		bad, ticks := 0.0, 0
		for i, n := range r.After.Total {
			if n >= 0 {
				bad, ticks = bad+r.After.Bad[i], ticks+1
			}
			if n > 1500 {
				t.Errorf("%s: %g events in minute %d", name, n, i)
			}
		}
		if ticks < minutes-1 || bad < errors-4 || bad > errors+4 {
			t.Errorf("%s: %g errors in %d minutes, want %g: %+v", name, bad, ticks, errors, r.After)
		}
	}
	good := func(name string) sources.Series { return counter(name, "200", "a", 1e6, 150, asIs) }
	f("clean_total", 40, good("clean_total"), counter("clean_total", "500", "a", 50_000, 1, asIs))
	f("one_total", 40, good("one_total"), counter("one_total", "500", "a", 50_000, 1, dips(3)))
	f("share_total", 40, good("share_total"), counter("share_total", "500", "a", 50_000, 1, dips(2500)))
	f("far_total", 40, good("far_total"), counter("far_total", "500", "a", 50_000, 1, dips(49_000)))
	f("old_total", 40+3*24, good("old_total"), counter("old_total", "500", "a", 50_000, 1, asIs),
		counter("old_total", "200", "b", 5e6, 50, late(2*time.Minute)), counter("old_total", "500", "b", 4e5, 1, late(2*time.Minute)),
		counter("old_total", "200", "c", 5e6, 50, late(4*time.Minute)), counter("old_total", "500", "c", 4e5, 1, late(4*time.Minute)),
		counter("old_total", "200", "d", 5e6, 50, late(6*time.Minute)), counter("old_total", "500", "d", 4e5, 1, late(6*time.Minute)))
}

func readSignal(t *testing.T, server *servertest.Store, name string, change, end time.Time) detector.Reading {
	t.Helper()
	return readInput(t, server, watch.Input{
		Signal: "errors", Form: watch.FormCounts,
		Value: sources.Query{Expr: name, Step: scrape}, Part: sources.Query{Expr: name + `{code="500"}`, Step: scrape},
	}, gather.View{
		Before: detector.Grid{Start: change.Add(-30 * time.Minute), Tick: time.Minute, N: 30},
		After:  detector.Grid{Start: change, Tick: time.Minute, N: minutes}, Now: end, Step: scrape,
	})
}

func readInput(t *testing.T, server *servertest.Store, in watch.Input, v gather.View) detector.Reading {
	t.Helper()
	store, err := prometheus.New(metrics.Options{Name: "test"}, prometheus.Config{URL: server.URL, Resolution: scrape, Heartbeat: `max(timestamp(up{pod=""}))`})
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close()
	r, _, err := gather.Read(t.Context(), store, in, v, func() (*gather.Before, error) { return gather.FetchBefore(t.Context(), store, in, v.Before) })
	if err != nil {
		t.Fatal(err)
	}
	return r
}
