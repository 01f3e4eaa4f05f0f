package embedded

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	client "github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	"go.uber.org/goleak"
	"go.yaml.in/yaml/v4"

	"github.com/pushback/pushback/sources"
	"github.com/pushback/pushback/sources/metrics"
	"github.com/pushback/pushback/sources/metrics/metricstest"
)

func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m)
}

func open(t *testing.T, c Config) *Store {
	t.Helper()
	if c.Dir == "" {
		c.Dir = t.TempDir()
	}
	s, err := New(metrics.Options{Name: metricstest.Name, Log: slog.New(slog.NewTextHandler(io.Discard, nil))}, c)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// closeAtEnd closes the store when the test ends.
func closeAtEnd(t *testing.T, s *Store) {
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
}

// newSeries returns a series of the job shop.
func newSeries(name string, samples ...sources.Sample) sources.Series {
	return sources.Series{Labels: map[string]string{"__name__": name, "job": "shop"}, Samples: samples}
}

func TestContract(t *testing.T) {
	s := open(t, Config{})
	closeAtEnd(t, s)
	begin := time.Now().Add(-3 * time.Hour).Truncate(time.Minute).Add(7 * time.Second)
	if err := s.Append(t.Context(), []sources.Series{newSeries("orders_total", metricstest.Samples(begin)...)}); err != nil {
		t.Fatal(err)
	}
	metricstest.Run(t, metricstest.Subject{
		Store: s, Start: begin,
		Query: "orders_total", Absent: "nothing_total", Broken: "sum(",
	})
}

func TestHistoryIsAppendedInAnyOrder(t *testing.T) {
	s := open(t, Config{})
	closeAtEnd(t, s)
	const week = 7 * 24 * time.Hour
	now := time.Now().Truncate(time.Minute)
	var samples []sources.Sample
	for at := now.Add(-week); !at.After(now); at = at.Add(time.Minute) {
		samples = append(samples, sources.Sample{T: at.UnixMilli(), V: 1})
	}
	newest, rest := samples[len(samples)-1:], samples[:len(samples)-1]
	for _, part := range [][]sources.Sample{newest, rest[5000:], rest[:5000]} {
		if err := s.Append(t.Context(), []sources.Series{newSeries("a", part...)}); err != nil {
			t.Fatal(err)
		}
	}
	w := sources.Window{From: now.Add(-week), To: now}
	got, err := s.Range(t.Context(), sources.Query{Expr: "a", Step: time.Minute}, w)
	if err != nil || len(got) != 1 || len(got[0].Samples) != len(samples) {
		t.Fatalf("%d series, %v; want one of %d points", len(got), err, len(samples))
	}
	err = s.Append(t.Context(), []sources.Series{newSeries("a", sources.Sample{T: now.Add(-60 * 24 * time.Hour).UnixMilli()})})
	metricstest.CheckFault(t, "older than the retention", err, sources.SourceError)
}

func TestWhatWasAppendedSurvivesClose(t *testing.T) {
	dir, at := t.TempDir(), time.Now().Truncate(time.Second)
	s := open(t, Config{Dir: dir})
	if _, err := New(metrics.Options{Name: "second", Log: slog.New(slog.DiscardHandler)}, Config{Dir: dir}); err == nil {
		t.Error("a second store opened the same folder")
	}
	if err := s.Append(t.Context(), []sources.Series{newSeries("a", sources.Sample{T: at.UnixMilli(), V: 7})}); err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	s = open(t, Config{Dir: dir})
	closeAtEnd(t, s)
	got, err := s.Instant(t.Context(), "a", at)
	if err != nil || len(got) != 1 || got[0].Samples[0].V != 7 {
		t.Fatalf("%v, %v; want 7", got, err)
	}
}

// TestScrape scrapes a real target: its counter, a native histogram, the
// heartbeat while it is dead, and the end of every series when Run ends.
func TestScrape(t *testing.T) {
	target := httptest.NewServer(shop())
	s := open(t, Config{ScrapeInterval: 100 * time.Millisecond, Targets: []Job{{
		Job: "shop", Targets: []string{strings.TrimPrefix(target.URL, "http://")}, Labels: map[string]string{"env": "test"},
	}}})
	closeAtEnd(t, s)
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- s.Run(ctx) }()

	eventually(t, s, `shop_orders_total{job="shop",env="test"}`, func(got []sources.Series) bool {
		return len(got) == 1 && got[0].Samples[0].V == 3
	})
	eventually(t, s, `shop_seconds{job="shop"}`, func(got []sources.Series) bool {
		return len(got) == 1 && len(got[0].Histograms) == 1 && wantHistogram(got[0].Histograms[0])
	})
	died := time.Now()
	target.Close()
	eventually(t, s, `up == 0`, func(got []sources.Series) bool { return len(got) == 1 })
	eventually(t, s, `shop_orders_total`, func(got []sources.Series) bool { return len(got) == 0 })
	said := func() string { return metrics.Trouble(s) }
	// The scrape under way when the target ended may have timed out.
	eventually(t, s, `vector(1)`, func([]sources.Series) bool { return strings.Contains(said(), "connection refused") })
	if !strings.HasPrefix(said(), "1 of 1 targets cannot be scraped (http://127.0.0.1:") {
		t.Errorf("the store says of its targets: %q", said())
	}
	if beat, err := s.Heartbeat(t.Context(), time.Now()); err != nil || beat.Before(died.Truncate(time.Millisecond)) {
		t.Errorf("heartbeat %v, %v; want one after %v, because the store works while its target is down", beat, err, died)
	}
	cancel()
	if err := <-ended; err != nil {
		t.Error(err)
	}
}

// shop serves a counter of 3 and a native histogram of 1, 2 and 2.
func shop() http.Handler {
	registry := client.NewRegistry()
	orders := client.NewCounter(client.CounterOpts{Name: "shop_orders_total"})
	seconds := client.NewHistogram(client.HistogramOpts{Name: "shop_seconds", NativeHistogramBucketFactor: 1.1})
	registry.MustRegister(orders, seconds)
	orders.Add(3)
	for _, v := range []float64{1, 2, 2} {
		seconds.Observe(v)
	}
	return promhttp.HandlerFor(registry, promhttp.HandlerOpts{})
}

func wantHistogram(h sources.HistogramSample) bool {
	b := h.Buckets
	return h.Count == 3 && h.Sum == 5 && len(b) == 2 &&
		b[0].Lower < 1 && b[0].Upper >= 1 && b[0].Count == 1 && b[1].Lower < 2 && b[1].Upper >= 2 && b[1].Count == 2
}

// eventually repeats a query until the answer is as wanted.
func eventually(t *testing.T, s *Store, expr string, ok func([]sources.Series) bool) {
	t.Helper()
	again := time.NewTicker(20 * time.Millisecond)
	defer again.Stop()
	limit := time.After(20 * time.Second)
	for {
		got, err := s.Instant(t.Context(), expr, time.Now())
		if err == nil && ok(got) {
			return
		}
		select {
		case <-again.C:
		case <-limit:
			t.Fatalf("%s: still %v, %v", expr, got, err)
		}
	}
}

func TestNothingIsRegisteredGlobally(t *testing.T) {
	before := gathered(t)
	closeAtEnd(t, open(t, Config{}))
	if after := gathered(t); after != before {
		t.Errorf("the default registry changed from %s to %s", before, after)
	}
}

func gathered(t *testing.T) string {
	t.Helper()
	families, err := client.DefaultGatherer.Gather()
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, f := range families {
		names = append(names, f.GetName())
	}
	return fmt.Sprint(names)
}

func TestSuspectAnswersAreFaults(t *testing.T) {
	s := open(t, Config{})
	closeAtEnd(t, s)
	at := time.Now()
	if err := s.Append(t.Context(), []sources.Series{newSeries("a", sources.Sample{T: at.UnixMilli(), V: 1})}); err != nil {
		t.Fatal(err)
	}
	for _, expr := range []string{"a[5m]", `"text"`, "quantile(7, a)"} { // the last comes with a warning
		_, err := s.Instant(t.Context(), expr, at)
		metricstest.CheckFault(t, expr, err, sources.SourceError)
	}
	_, err := s.Range(t.Context(), sources.Query{Expr: "a / 0", Step: time.Second}, sources.Window{From: at, To: at})
	if err != nil {
		t.Error(err)
	}
	histogram := sources.Series{Histograms: make([]sources.HistogramSample, 1)}
	metricstest.CheckFault(t, "histogram", s.Append(t.Context(), []sources.Series{histogram}), sources.SourceError)
}

func TestConfig(t *testing.T) {
	f := func(text, want string) {
		t.Helper()
		var c Config
		err := yaml.Load([]byte(text), &c, yaml.WithKnownFields())
		if err == nil {
			_, err = New(metrics.Options{Name: "x", Log: slog.New(slog.DiscardHandler)}, c)
		}
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: error %v, want %q", text, err, want)
		}
	}
	f("{}", "dir is missing")
	f("{dir: d, target: []}", "target")
	f("{dir: d, scrape_interval: 1ms}", "scrape_interval must be")
	f("{dir: d, retention: 1m}", "retention")
	f("{dir: d, targets: [{job: a}]}", "needs a job and at least one")
	f("{dir: d, targets: [{job: a, targets: [h]}, {job: a, targets: [h]}]}", "two entries have the job")
	c := Config{Dir: "d"}
	if c.SetDirectory("/etc/pushback"); c.Dir != "/etc/pushback/d" {
		t.Errorf("dir %s is not relative to the file", c.Dir)
	}
	if c.SetData("/data"); c.Dir != "/etc/pushback/d" {
		t.Errorf("dir %s is not the one that was named", c.Dir)
	}
	unnamed := Config{}
	if unnamed.SetData("/data"); unnamed.Dir != "/data/tsdb" {
		t.Errorf("dir %s is not in the data folder", unnamed.Dir)
	}
}

func BenchmarkAppendWeek(b *testing.B) {
	now := time.Now()
	var samples []sources.Sample
	for at := now.Add(-7 * 24 * time.Hour); at.Before(now); at = at.Add(15 * time.Second) {
		samples = append(samples, sources.Sample{T: at.UnixMilli(), V: 1})
	}
	for b.Loop() {
		s, err := New(metrics.Options{Name: "bench", Log: slog.New(slog.DiscardHandler)}, Config{Dir: b.TempDir()})
		if err != nil {
			b.Fatal(err)
		}
		for i := range 10 {
			if err := s.Append(b.Context(), []sources.Series{newSeries(fmt.Sprint("m", i), samples...)}); err != nil {
				b.Fatal(err)
			}
		}
		if err := s.Close(); err != nil {
			b.Fatal(err)
		}
	}
}
