//go:build integration

package gather_test

import (
	"math"
	"testing"
	"time"

	"github.com/pushback/pushback/detector"
	"github.com/pushback/pushback/internal/gather"
	"github.com/pushback/pushback/internal/proof/servertest"
	"github.com/pushback/pushback/sources"
	"github.com/pushback/pushback/watch"
)

// TestRealStoresAnswerAtTheNearestEdge writes a release that takes away the bucket of slow
// into stores that repeat the last sample of what is gone, and looks at it while they do and
// later.
func TestRealStoresAnswerAtTheNearestEdge(t *testing.T) {
	f := func(name string, start func(t testing.TB, targets ...string) *servertest.Store) {
		t.Run(name, func(t *testing.T) { readAtNearestEdge(t, start(t)) })
	}
	f("prometheus", servertest.Prometheus)
	f("victoria-metrics", servertest.VictoriaMetrics)
}

func readAtNearestEdge(t *testing.T, server *servertest.Store) {
	t.Helper()
	change := time.Now().Add(-2 * time.Hour).Truncate(time.Minute)
	from, end := change.Add(-40*time.Minute), change.Add(minutes*time.Minute)
	// bucket grows by so much a scrape before the change and after it; 0 is not there at all.
	bucket := func(name, le string, before, after float64) sources.Series {
		s := sources.Series{Labels: map[string]string{"__name__": name, "pod": "a"}}
		if le != "" {
			s.Labels["le"] = le
		}
		v := 0.0
		for at := from; !at.After(end); at = at.Add(scrape) {
			by := before
			if at.After(change) {
				by = after
			}
			if v += by; by > 0 {
				s.Samples = append(s.Samples, sources.Sample{T: at.UnixMilli(), V: v})
			}
		}
		return s
	}
	up := bucket("up", "", 1, 1)
	delete(up.Labels, "pod")
	server.Seed(t, up)
	server.Seed(t, bucket("near_bucket", "0.75", 80, 40), bucket("near_bucket", "1", 90, 0), bucket("near_bucket", "1.5", 0, 95), bucket("near_count", "", 100, 100))
	server.Seed(t, bucket("gone_bucket", "0.75", 80, 0), bucket("gone_bucket", "1", 90, 0), bucket("gone_bucket", "0.8", 0, 80), bucket("gone_count", "", 100, 100))
	for _, now := range []time.Time{change.Add(3 * time.Minute), end} {
		if r := readSlow(t, server, "near", change, now); r.Edge != 0.75 || r.BucketsChanged || !shares(r.Before, 0.2) || !shares(r.After, 0.6) {
			t.Errorf("near, %s after the change: %+v", now.Sub(change), r)
		}
		if r := readSlow(t, server, "gone", change, now); r.Edge != 0 || !r.BucketsChanged {
			t.Errorf("gone, %s after the change: %+v", now.Sub(change), r)
		}
	}
}

// shares reports whether all ticks but the first are about one share, and most are there.
func shares(t detector.Ticks, want float64) bool {
	there := 0
	for _, v := range t.Value[1:] {
		if v = math.Abs(v - want); v < 0.01 {
			there++
		} else if v > 0 {
			return false
		}
	}
	return there > 0 && there >= len(t.Value)-3
}

func readSlow(t *testing.T, server *servertest.Store, name string, change, now time.Time) detector.Reading {
	t.Helper()
	query := func(expr string) sources.Query { return sources.Query{Expr: expr, Step: scrape} }
	return readInput(t, server, watch.Input{
		Signal: "latency.slow", Form: watch.FormSlow, Edge: 1,
		Value: query(name + "_count"), Part: query(name + `_bucket{le=~"1"}`), Edges: "group by (le) (" + name + "_bucket)",
		Near: &watch.NearEdge{Edge: 1, Part: name + `_bucket{le=~"` + watch.EdgePlaceholder + `"}`},
	}, gather.View{
		Before: detector.Grid{Start: change.Add(-30 * time.Minute), Tick: time.Minute, N: 30},
		After:  detector.Grid{Start: change, Tick: time.Minute, N: int(now.Sub(change) / time.Minute)}, Now: now, Step: scrape,
	})
}
