package prometheus

import (
	"encoding/json"
	"fmt"
	"math"
	"net/http"
	"net/http/httptest"
	"runtime"
	"runtime/debug"
	"syscall"
	"testing"
	"time"

	"github.com/prometheus/client_golang/api"
	v1 "github.com/prometheus/client_golang/api/prometheus/v1"
	"github.com/prometheus/common/model"

	"github.com/pushback/pushback/sources"
	"github.com/pushback/pushback/sources/metrics"
)

// BenchmarkRange compares Range with what it stands on: the API client alone, which checks
// nothing and whose answer nobody uses yet.
func BenchmarkRange(b *testing.B) {
	bare, ours := askBoth(b)
	for name, ask := range map[string]func(){"client_golang": bare, "Range": ours} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			before := computed(b)
			for b.Loop() {
				ask()
			}
			b.ReportMetric(float64((computed(b)-before).Microseconds())/float64(b.N), "cpu-µs/op")
		})
	}
}

// TestRangeAllocatesLittle compares what Range allocates, and how often, with what the client does by itself. No
// other test runs beside it.
func TestRangeAllocatesLittle(t *testing.T) {
	bare, ours := askBoth(t)
	defer debug.SetGCPercent(debug.SetGCPercent(-1)) // which empties pools when it likes
	allocated := func(ask func()) (bytes, times float64) {
		var before, after runtime.MemStats
		ask()
		runtime.ReadMemStats(&before)
		for range 5 {
			ask()
		}
		runtime.ReadMemStats(&after)
		return float64(after.TotalAlloc - before.TotalAlloc), float64(after.Mallocs - before.Mallocs)
	}
	bytes, times := allocated(ours)
	bareBytes, bareTimes := allocated(bare)
	// It is .9. The race detector has pools lose every fourth buffer.
	if share := bytes / bareBytes; share > 1.35 {
		t.Errorf("Range allocates %.2f times what the client does", share)
	}
	// It is .07, and 1.01 where the client reads the answer.
	if share := times / bareTimes; share > .2 {
		t.Errorf("Range allocates %.2f times as often as the client", share)
	}
}

// askBoth asks a server, which gives one realistic answer, through the client alone and by Range.
func askBoth(t testing.TB) (bare, ours func()) {
	t.Helper()
	w := sources.Window{From: time.Unix(1_700_000_000, 0), To: time.Unix(1_700_000_000+119*15, 0)}
	answer := matrixOf(200, 120, w.From, 15*time.Second)
	server := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, _ *http.Request) {
		rw.Header().Set("Content-Type", "application/json")
		_, _ = rw.Write(answer)
	}))
	t.Cleanup(server.Close)
	store, err := New(metrics.Options{Name: "prod"}, Config{URL: server.URL, Timeout: time.Minute})
	if err != nil {
		t.Fatal(err)
	}
	conn, err := api.NewClient(api.Config{Address: server.URL})
	if err != nil {
		t.Fatal(err)
	}
	client, step := v1.NewAPI(conn), 15*time.Second
	return func() {
			if _, _, _, err := client.QueryRange(t.Context(), "up", v1.Range{Start: w.From, End: w.To, Step: step}); err != nil {
				t.Fatal(err)
			}
		}, func() {
			if series, err := store.Range(t.Context(), sources.Query{Expr: "up", Step: step}, w); err != nil || len(series) != 200 {
				t.Fatal(len(series), err)
			}
		}
}

// TestSeriesDoNotGrowIntoEachOther: the samples of an answer lie side by side.
func TestSeriesDoNotGrowIntoEachOther(t *testing.T) {
	t.Parallel()
	pair := func(name string, values ...model.SampleValue) *model.SampleStream {
		s := &model.SampleStream{Metric: model.Metric{"name": model.LabelValue(name)}}
		for i, v := range values {
			s.Values = append(s.Values, model.SamplePair{Timestamp: model.Time(i), Value: v})
		}
		return s
	}
	nan := model.SampleValue(math.NaN())
	all := fromMatrix(model.Matrix{pair("a", 1, nan, 2), pair("b", nan), pair("c", 3)})
	if len(all) != 2 || len(all[0].Samples) != 2 || len(all[1].Samples) != 1 {
		t.Fatalf("%v", all)
	}
	_ = append(all[0].Samples, sources.Sample{V: 9})
	if all[1].Samples[0].V != 3 || all[0].Samples[1].V != 2 {
		t.Errorf("%v", all)
	}
}

// computed is how long the processors have worked for this process.
func computed(b *testing.B) time.Duration {
	b.Helper()
	var used syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &used); err != nil {
		b.Fatal(err)
	}
	return time.Duration(used.Utime.Nano() + used.Stime.Nano())
}

// matrixOf is an answer of Prometheus with so many series of requests.
func matrixOf(series, points int, from time.Time, step time.Duration) []byte {
	var result []map[string]any
	for i := range series {
		var values []any
		for j := range points {
			values = append(values, []any{from.Add(time.Duration(j) * step).Unix(), fmt.Sprint(float64(i*7919+j*104729%9973) / 7)})
		}
		labels := map[string]string{
			"__name__": "http_requests_total", "job": "cart", "namespace": "shop", "code": fmt.Sprint(200 + i%5),
			"instance": fmt.Sprintf("10.0.%d.%d:8080", i/250, i%250), "pod": fmt.Sprintf("cart-6f9c7d8b5-%05d", i),
		}
		result = append(result, map[string]any{"metric": labels, "values": values})
	}
	answer, err := json.Marshal(map[string]any{"status": "success", "data": map[string]any{"resultType": "matrix", "result": result}})
	if err != nil {
		panic(err) // plain values
	}
	return answer
}
