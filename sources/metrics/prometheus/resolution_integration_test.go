//go:build integration

package prometheus

import (
	"testing"
	"time"

	"github.com/pushback/pushback/internal/proof/servertest"
	"github.com/pushback/pushback/sources"
	"github.com/pushback/pushback/sources/metrics"
)

// samplesOfUp are samples of up, one every interval, until now.
func samplesOfUp(now time.Time, interval time.Duration) sources.Series {
	s := sources.Series{Labels: map[string]string{"__name__": "up", "job": "cart", "instance": "a"}}
	for at := now.Add(-10 * time.Minute); at.Before(now); at = at.Add(interval) {
		s.Samples = append(s.Samples, sources.Sample{T: at.UnixMilli(), V: 1})
	}
	return s
}

func TestMeasureFindsTheScrapeInterval(t *testing.T) {
	f := func(name string, start func(testing.TB, ...string) *servertest.Store, interval time.Duration) {
		t.Run(name+" "+interval.String(), func(t *testing.T) {
			t.Parallel()
			server := start(t)
			server.Seed(t, samplesOfUp(time.Now(), interval))
			s, err := New(metrics.Options{Name: "test"}, Config{URL: server.URL})
			if err != nil {
				t.Fatal(err)
			}
			if got := s.Resolution(); got != defaultResolution {
				t.Errorf("resolution before measuring: %s, want %s", got, defaultResolution)
			}
			if err := s.MeasureResolution(t.Context()); err != nil {
				t.Fatal(err)
			}
			if got := s.Resolution(); got != interval {
				t.Errorf("measured %s, want %s", got, interval)
			}
		})
	}
	for _, interval := range []time.Duration{5 * time.Second, 15 * time.Second, time.Minute} {
		f("prometheus", servertest.Prometheus, interval)
		f("victoria-metrics", servertest.VictoriaMetrics, interval)
	}
}
