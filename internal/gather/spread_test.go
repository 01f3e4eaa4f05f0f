package gather

import (
	"fmt"
	"log/slog"
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/pushback/pushback/detector"
	"github.com/pushback/pushback/sources"
	"github.com/pushback/pushback/sources/metrics"
	"github.com/pushback/pushback/sources/metrics/embedded"
	"github.com/pushback/pushback/watch"
)

// TestSpreadIsTheStores: the quantiles that people see are those that
// histogram_quantile shows in the store's own interface.
func TestSpreadIsTheStores(t *testing.T) {
	db, err := embedded.New(metrics.Options{Name: "here", Log: slog.New(slog.DiscardHandler)}, embedded.Config{Dir: t.TempDir(), ScrapeInterval: 15 * time.Second})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	now := time.Now().Truncate(time.Minute)
	from := now.Add(-10 * time.Minute)
	edges := []float64{0.05, 0.1, 0.2, 0.4, 0.8, math.Inf(+1)}
	r, counts := rand.New(rand.NewPCG(8, 8)), make([]float64, len(edges))
	series := make([]sources.Series, len(edges))
	for at := now.Add(-50 * time.Minute); !at.After(now); at = at.Add(15 * time.Second) {
		for range 40 {
			latency := 0.08 * math.Exp(0.6*r.NormFloat64())
			if at.After(from) {
				latency *= 3
			}
			for i, e := range edges {
				if latency <= e {
					counts[i]++
				}
			}
		}
		for i, e := range edges {
			series[i].Labels = map[string]string{"__name__": "lat_seconds_bucket", "le": fmt.Sprint(e)}
			series[i].Samples = append(series[i].Samples, sources.Sample{T: at.UnixMilli(), V: counts[i]})
		}
	}
	if err := db.Append(t.Context(), series); err != nil {
		t.Fatal(err)
	}
	in := watch.Input{
		Signal: "l.mean", Form: watch.FormMean, Buckets: "lat_seconds_bucket",
		Value: sources.Query{Expr: "lat_seconds_bucket", Step: 15 * time.Second},
	}
	v := View{
		Before: detector.Grid{Start: from.Add(-30 * time.Minute), Tick: time.Minute, N: 30},
		After:  detector.Grid{Start: from, Tick: time.Minute, N: 10}, Now: now, Step: 15 * time.Second,
	}
	past, err := FetchBefore(t.Context(), db, in, v.Before)
	if err != nil {
		t.Fatal(err)
	}
	got := past.spreadOf(t.Context(), db, in, detector.Raw{}, detector.Reading{}, v)
	if got == nil {
		t.Fatal("no spread")
	}
	for _, c := range []struct {
		share float64
		at    time.Time
		span  string
		got   float64
	}{
		{0.5, from, "30m", got.Before.P50},
		{0.9, from, "30m", got.Before.P90},
		{0.99, from, "30m", got.Before.P99},
		{0.5, now, "10m", got.After.P50},
		{0.9, now, "10m", got.After.P90},
		{0.99, now, "10m", got.After.P99},
	} {
		want, err := db.Instant(t.Context(), fmt.Sprintf("histogram_quantile(%v, sum by (le) (increase(lat_seconds_bucket[%s])))", c.share, c.span), c.at)
		if err != nil || len(want) != 1 {
			t.Fatal(want, err)
		}
		if v := want[0].Samples[0].V; math.Abs(c.got-v) > 1e-9 {
			t.Errorf("p%v over %s: %v, the store says %v", 100*c.share, c.span, c.got, v)
		}
	}
	if got.After.P50 < 2*got.Before.P50 {
		t.Errorf("%+v", got)
	}
	in.Whole = watch.Whole{Value: in.Value.Expr, Label: "le", LabelValue: "0.1"}
	if past, err = FetchBefore(t.Context(), db, in, v.Before); err != nil || past.spreadOf(t.Context(), db, in, detector.Raw{}, detector.Reading{}, v) != nil {
		t.Error("a part asks for quantiles of its own")
	}
}
