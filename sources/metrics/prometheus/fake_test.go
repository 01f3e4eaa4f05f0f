package prometheus

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strconv"
	"testing"
	"time"

	"github.com/pushback/pushback/sources"
	"github.com/pushback/pushback/sources/metrics"
	"github.com/pushback/pushback/sources/metrics/metricstest"
)

// fake is a server with the part of the HTTP API that the contract needs. It has one
// series, looks back one step for a point, and refuses ranges of more than 11,000
// points as Prometheus does. The integration tests use real servers instead.
type fake struct {
	samples  []sources.Sample
	requests []url.Values
}

func (f *fake) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if err := r.ParseForm(); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	f.requests = append(f.requests, r.Form)
	w.Header().Set("Content-Type", "application/json")
	switch query := r.Form.Get("query"); {
	case query == "sum(":
		w.WriteHeader(http.StatusBadRequest)
		fmt.Fprint(w, `{"status":"error","errorType":"bad_data","error":"1:5: parse error: unexpected end of input"}`)
	case query == "absent_metric":
		reply(w, "matrix", []any{})
	case r.URL.Path == "/api/v1/query_range":
		f.queryRange(w, r.Form)
	default:
		f.query(w, r.Form, query == "newest")
	}
}

func (f *fake) queryRange(w http.ResponseWriter, form url.Values) {
	from, to, step := millis(form.Get("start")), millis(form.Get("end")), millis(form.Get("step"))
	if (to-from)/step > 11_000 {
		w.WriteHeader(http.StatusBadRequest)
		fmt.Fprint(w, `{"status":"error","errorType":"bad_data","error":"exceeded maximum resolution of 11,000 points"}`)
		return
	}
	var values []any
	for t := from; t <= to; t += step {
		if s, ok := f.last(t, max(step, 15_000)); ok {
			values = append(values, point(t, s.V))
		}
	}
	reply(w, "matrix", series("values", values, len(values)))
}

func (f *fake) query(w http.ResponseWriter, form url.Values, newest bool) {
	at := millis(form.Get("time"))
	s, ok := f.last(at, 300_000)
	if !ok {
		reply(w, "vector", []any{})
		return
	}
	if newest {
		s.V = float64(s.T) / 1000
	}
	reply(w, "vector", series("value", point(at, s.V), 1))
}

func (f *fake) last(t, within int64) (last sources.Sample, ok bool) {
	for _, s := range f.samples {
		if s.T > t-within && s.T <= t {
			last, ok = s, true
		}
	}
	return last, ok
}

func series(key string, values any, n int) []any {
	if n == 0 {
		return []any{}
	}
	return []any{map[string]any{"metric": map[string]string{"__name__": "m"}, key: values}}
}

func point(t int64, v float64) []any {
	return []any{float64(t) / 1000, strconv.FormatFloat(v, 'g', -1, 64)}
}

func reply(w http.ResponseWriter, kind string, result any) {
	_ = json.NewEncoder(w).Encode(map[string]any{
		"status": "success", "data": map[string]any{"resultType": kind, "result": result},
	})
}

func millis(seconds string) int64 {
	v, err := strconv.ParseFloat(seconds, 64)
	if err != nil {
		return 0
	}
	return int64(v*1000 + 0.5)
}

// serve starts h on loopback and returns a store that queries it.
func serve(t *testing.T, h http.Handler, c Config) *Store {
	t.Helper()
	server := httptest.NewServer(h)
	t.Cleanup(server.Close)
	if c.URL == "" {
		c.URL = server.URL
	}
	s, err := New(metrics.Options{Name: metricstest.Name}, c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

var start = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

func TestContract(t *testing.T) {
	f := &fake{samples: metricstest.Samples(start)}
	metricstest.Run(t, metricstest.Subject{
		Store: serve(t, f, Config{Heartbeat: "newest"}), Start: start,
		Query: "m", Absent: "absent_metric", Broken: "sum(",
	})
}
