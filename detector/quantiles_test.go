package detector

import (
	"math"
	"strconv"
	"testing"

	"github.com/pushback/pushback/sources"
)

func TestClassicQuantiles(t *testing.T) {
	f := func(name string, edges map[string]float64, want Quantiles, ok bool) {
		t.Helper()
		var ss []sources.Series
		for le, v := range edges {
			ss = append(ss, sources.Series{Labels: map[string]string{"le": le}, Samples: []sources.Sample{{V: v}}})
		}
		got, known := ClassicQuantiles(ss)
		if known != ok || got.Highest != want.Highest {
			t.Errorf("%s: %+v, %v; want %+v", name, got, known, want)
		}
		near(t, name+" p50", got.P50, want.P50, 1e-12)
		near(t, name+" p90", got.P90, want.P90, 1e-12)
		near(t, name+" p99", got.P99, want.P99, 1e-12)
	}
	f("even", map[string]float64{"0.1": 50, "0.2": 100, "+Inf": 100}, Quantiles{0.1, 0.18, 0.198, 0.2}, true)
	f("beyond the last edge", map[string]float64{"0.1": 10, "1": 20, "+Inf": 100}, Quantiles{1, 1, 1, 1}, true)
	f("only the last", map[string]float64{"+Inf": 5}, Quantiles{}, true)
	f("nothing happened", map[string]float64{"0.1": 0, "+Inf": 0}, Quantiles{}, false)
	f("no edges", map[string]float64{"fast": 3}, Quantiles{}, false)
	f("a count that falls", map[string]float64{"1": 10, "2": 8, "+Inf": 10}, Quantiles{0.5, 0.9, 0.99, 2}, true)
	f("no number", map[string]float64{"1": math.NaN(), "+Inf": math.NaN()}, Quantiles{}, false)
}

// TestNativeQuantiles: a restart counts anew, and a quantile lies within its
// bucket on the scale of buckets.
func TestNativeQuantiles(t *testing.T) {
	sample := func(count float64, each ...float64) sources.HistogramSample {
		h := sources.HistogramSample{Count: count}
		for i, n := range each {
			h.Buckets = append(h.Buckets, sources.Bucket{Lower: math.Exp2(float64(i)), Upper: math.Exp2(float64(i + 1)), Count: n})
		}
		return h
	}
	q, ok := NativeQuantiles([]sources.Series{{Histograms: []sources.HistogramSample{
		sample(100, 50, 50), sample(150, 75, 75), sample(10, 10, 0), sample(60, 35, 25),
	}}})
	// 60 in (1, 2] and 50 in (2, 4]
	near(t, "p50", q.P50, math.Exp2(55.0/60), 1e-12)
	near(t, "p90", q.P90, 2*math.Exp2(39.0/50), 1e-12)
	near(t, "p99", q.P99, 2*math.Exp2(48.9/50), 1e-12)
	if !ok || q.Highest != 0 {
		t.Errorf("%+v, %v", q, ok)
	}
	if _, ok := NativeQuantiles(nil); ok {
		t.Error("nothing has quantiles")
	}
}

func FuzzClassicQuantiles(f *testing.F) {
	f.Add("0.5", "+Inf", 3.0, 9.0)
	f.Add("-1", "NaN", math.Inf(1), -3.0)
	f.Fuzz(func(t *testing.T, a, b string, x, y float64) {
		q, _ := ClassicQuantiles([]sources.Series{
			{Labels: map[string]string{"le": a}, Samples: []sources.Sample{{V: x}}},
			{Labels: map[string]string{"le": b}, Samples: []sources.Sample{{V: y}}},
		})
		for _, v := range []float64{q.P50, q.P90, q.P99, q.Highest} {
			if math.IsNaN(v) || math.IsInf(v, 0) {
				t.Errorf("%s of %s and %s: %+v", strconv.FormatFloat(v, 'g', -1, 64), a, b, q)
			}
		}
	})
}
