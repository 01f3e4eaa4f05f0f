package metricstore

import (
	"context"
	"fmt"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/prometheus/client_golang/api"
	v1 "github.com/prometheus/client_golang/api/prometheus/v1"
	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql"
	"github.com/prometheus/prometheus/promql/parser"

	"github.com/pushback/pushback/sources"
	"github.com/pushback/pushback/sources/metrics"
	adapter "github.com/pushback/pushback/sources/metrics/prometheus"
)

var now = time.Date(2026, time.November, 23, 10, 0, 7, 123e6, time.UTC)

func newStore(services int) *Store {
	return New(Options{Services: services, Seed: 7, Now: func() time.Time { return now }})
}

func client(t *testing.T, s *Store) v1.API {
	t.Helper()
	server := httptest.NewServer(s)
	t.Cleanup(server.Close)
	c, err := api.NewClient(api.Config{Address: server.URL})
	if err != nil {
		t.Fatal(err)
	}
	return v1.NewAPI(c)
}

// byEngine evaluates a query with Prometheus's engine alone.
func byEngine(t *testing.T, s *Store, query string, w span) promql.Matrix {
	t.Helper()
	q, err := s.engine.NewRangeQuery(t.Context(), queryable{s, s.newSeen()}, nil, query,
		time.UnixMilli(w.from), time.UnixMilli(w.to), time.Duration(w.step)*time.Millisecond)
	value, err := execute(t.Context(), q, err)
	if err != nil {
		t.Fatal(query, err)
	}
	return value.(promql.Matrix)
}

// lines writes every series of an answer, sorted.
func lines(m promql.Matrix) []string {
	var all []string
	for _, x := range m {
		all = append(all, fmt.Sprint(x.Metric, x.Floats))
	}
	slices.Sort(all)
	return all
}

// TestBareSelectors compares what is evaluated here with Prometheus's engine: values, labels,
// the lookback, the last scrape, and ranges that begin before the counters or end after now.
func TestBareSelectors(t *testing.T) {
	t.Parallel()
	s := newStore(30)
	s.BreakDown(4, now.Add(-10*time.Minute))
	queries := []string{
		`http_requests_total{service="service-00004"}`,
		`http_requests_total{code=~"5..",service="service-00004"}`,
		`http_requests_total{service=~"service-00003|service-00004|nobody"}`,
		`http_requests_total{service=~"service-0000.",instance!="i-1",code="200"}`,
		`http_request_duration_seconds_bucket{le="0.3",service="service-00001"}`,
		`{__name__=~"http_request_duration_seconds_(sum|count)",service="service-00001"}`,
		`queue_depth{service="service-00001"}`, `sales_total{service!~"service-000[0-2]."}`, `service_info`, `up`, `up{job="machines",instance="i-2"}`,
		`http_requests_total{service="service-00030"}`, `http_requests_total{route="/"}`, `nothing`, `queue_depth{job="machines"}`,
	}
	spans := []span{
		{now.Add(-time.Hour).UnixMilli(), now.UnixMilli(), 15_000},
		{now.Add(-7 * time.Minute).UnixMilli(), now.Add(9 * time.Minute).UnixMilli(), 1000},
		{firstScrape - 60_000, firstScrape + 400_000, 7000},
		{now.UnixMilli(), now.UnixMilli(), 1},
	}
	for instance := range 3 { // around the end of the lookback after the last scrape
		last := s.scrapeBefore(4, instance, now.UnixMilli())*scrapeMillis + s.offset(4, instance)
		spans = append(spans, span{last + lookback - 2, last + lookback + 2, 1})
	}
	for _, query := range queries {
		expr, err := s.parser.ParseExpr(query)
		if err != nil {
			t.Fatal(err)
		}
		matchers, ok := bareSelector(expr)
		if !ok {
			t.Fatalf("%s is no bare selector", query)
		}
		for _, w := range spans {
			got, want := lines(s.bare(matchers, w, s.newSeen())), lines(byEngine(t, s, query, w))
			if !slices.Equal(got, want) {
				t.Errorf("%s over %v:\n%s\nthe engine:\n%s", query, w, strings.Join(got, "\n"), strings.Join(want, "\n"))
			}
		}
	}
}

// TestSelectorsThatAreNotBare: modifiers are left to the engine.
func TestSelectorsThatAreNotBare(t *testing.T) {
	t.Parallel()
	p := parser.NewParser(parser.Options{})
	for _, query := range []string{`up offset 5m`, `up offset -5m`, `up @ 1`, `up @ end()`, `(up)`, `-up`, `sum(up)`, `timestamp(up)`} {
		expr, err := p.ParseExpr(query)
		if err != nil {
			t.Fatal(err)
		}
		if _, ok := bareSelector(expr); ok {
			t.Errorf("%s was taken for a bare selector", query)
		}
	}
}

// TestQuestionsOfPushback: what the daemon asks has an answer, alone and merged over services.
func TestQuestionsOfPushback(t *testing.T) {
	t.Parallel()
	a := client(t, newStore(100))
	f := func(query string, want int) {
		t.Helper()
		value, _, _, err := a.QueryRange(t.Context(), query, v1.Range{Start: now.Add(-time.Hour), End: now, Step: 30 * time.Second})
		if err != nil {
			t.Fatal(query, err)
		}
		m := value.(model.Matrix)
		if len(m) != want {
			t.Errorf("%s: %d series, want %d", query, len(m), want)
		}
		for _, x := range m {
			if len(x.Values) < 115 {
				t.Errorf("%s: %d points, want 121 or nearly", query, len(x.Values))
			}
		}
	}
	f(`max(timestamp(up))`, 1)
	f(`group by (code) (present_over_time(http_requests_total{service="service-00007"}[20m]))`, 2)
	f(`sum by (le) (increase(http_request_duration_seconds_bucket{service="service-00007"}[20m]))`, 5)
	f(`histogram_quantile(0.9, sum(increase(http_request_duration_seconds{service="service-00007"}[20m])))`, 0)
	f(`max(queue_depth{service="service-00007"})`, 1)
	f(`max by (service) (queue_depth{service=~"service-00007|service-00008"})`, 2)
	f(`sum by (service) (rate(sales_total{service=~"service-00007|service-00008"}[2m]))`, 2)
	f(`timestamp(http_requests_total{service="service-00007"})`, 6)
	f(`group by (service) (service_info)`, 100)
}

// TestInstantAndErrors: what a query for one moment, and a mistake, are answered with.
func TestInstantAndErrors(t *testing.T) {
	t.Parallel()
	a := client(t, newStore(3))
	for query, want := range map[string]int{`up`: machines, `sum(up)`: 1, `nothing`: 0} {
		value, _, _, err := a.Query(t.Context(), query, now)
		if err != nil || len(value.(model.Vector)) != want {
			t.Errorf("%s: %v, %v; want %d series", query, value, err, want)
		}
	}
	if value, _, _, err := a.Query(t.Context(), "1.5", now); err != nil || value.(*model.Scalar).Value != 1.5 {
		t.Errorf("1.5 is answered with %v, %v", value, err)
	}
	if _, _, _, err := a.Query(t.Context(), "sum(", now); err == nil || !strings.Contains(err.Error(), "bad_data") {
		t.Errorf("a mistake is answered with %v", err)
	}
}

// TestCountersNeverFall: their noise is smaller than their growth, also around a breakdown.
func TestCountersNeverFall(t *testing.T) {
	t.Parallel()
	s := newStore(40)
	s.BreakDown(3, now.Add(-20*time.Minute))
	for i := range known {
		m := &known[i]
		if strings.HasSuffix(m.name, "_depth") {
			continue
		}
		for service := range 40 {
			for variant := range max(1, len(m.variants)) {
				x := series{target{s, service, service % 3, variant}, m}
				at := m.samples(x.target)
				first, last := x.bounds(now.Add(-time.Hour).UnixMilli(), now.UnixMilli())
				for k := first; k < last; k++ {
					if at(k+1) < at(k) {
						t.Fatalf("%s falls from %v to %v", x.labels(), at(k), at(k+1))
					}
				}
			}
		}
	}
}

// TestBreakDown: the share of failures before and after, and since when it was shown.
func TestBreakDown(t *testing.T) {
	t.Parallel()
	s := newStore(10)
	a := client(t, s)
	failures := func(service int, at time.Time) float64 {
		t.Helper()
		value, _, _, err := a.Query(t.Context(), fmt.Sprintf(
			`sum(increase(http_requests_total{code="500",service=%q}[5m])) / sum(increase(http_requests_total{service=%q}[5m]))`,
			ServiceName(service), ServiceName(service)), at)
		if err != nil || len(value.(model.Vector)) != 1 {
			t.Fatal(value, err)
		}
		return float64(value.(model.Vector)[0].Value)
	}
	broke := now.Add(-6 * time.Minute)
	s.BreakDown(5, broke)
	if f := failures(5, broke); f > 0.02 || s.Shown(5) != (Shown{}) {
		t.Errorf("before it broke down %v of the requests fail, shown %v", f, s.Shown(5))
	}
	if f := failures(5, now); f < 0.25 || f > 0.35 || s.Shown(5).First != now {
		t.Errorf("after it broke down %v of the requests fail, shown %v", f, s.Shown(5))
	}
	if f := failures(6, now); f > 0.02 || s.Shown(6) != (Shown{}) {
		t.Errorf("of another service %v of the requests fail, shown %v", f, s.Shown(6))
	}
}

// TestNamesAreAnIndex: a question about services by name does not read the list of all, which
// here has a billion.
func TestNamesAreAnIndex(t *testing.T) {
	t.Parallel()
	s := New(Options{Services: 1_000_000_000, Now: func() time.Time { return now }})
	for _, m := range []*labels.Matcher{
		labels.MustNewMatcher(labels.MatchEqual, "service", "service-123456789"),
		labels.MustNewMatcher(labels.MatchRegexp, "service", "service-123456789|service-00001|other"),
	} {
		found := s.selection([]*labels.Matcher{m, labels.MustNewMatcher(labels.MatchEqual, "__name__", "queue_depth")})
		if len(found) == 0 || len(found) > 2 {
			t.Errorf("%s selects %d series", m, len(found))
		}
	}
}

// TestRanger: a store that is asked without HTTP says the same.
func TestRanger(t *testing.T) {
	t.Parallel()
	s := newStore(3)
	server := httptest.NewServer(s)
	defer server.Close()
	over, err := adapter.New(metrics.Options{Name: "prod"}, adapter.Config{URL: server.URL})
	if err != nil {
		t.Fatal(err)
	}
	w := sources.Window{From: now.Add(-time.Hour).Truncate(time.Millisecond), To: now}
	for _, query := range []string{`http_requests_total{service="service-00001"}`, `sum by (service) (rate(sales_total[2m]))`, `nothing`} {
		q := sources.Query{Expr: query, Step: time.Minute}
		got, err := Ranger{s}.Range(t.Context(), q, w)
		want, wantErr := over.Range(t.Context(), q, w)
		if diff := cmp.Diff(want, got, cmpopts.EquateEmpty(), cmpopts.SortSlices(func(a, b sources.Series) bool { return fmt.Sprint(a.Labels) < fmt.Sprint(b.Labels) })); diff != "" || err != nil || wantErr != nil {
			t.Errorf("%s: %v, %v\n%s", query, err, wantErr, diff)
		}
		got, err = Ranger{s}.Instant(t.Context(), query, now)
		want, wantErr = over.Instant(t.Context(), query, now)
		if diff := cmp.Diff(want, got, cmpopts.EquateEmpty(), cmpopts.SortSlices(func(a, b sources.Series) bool { return fmt.Sprint(a.Labels) < fmt.Sprint(b.Labels) })); diff != "" || err != nil || wantErr != nil {
			t.Errorf("%s now: %v, %v\n%s", query, err, wantErr, diff)
		}
	}
}

// TestHang: a store that hangs answers when it no longer does.
func TestHang(t *testing.T) {
	t.Parallel()
	s := newStore(1)
	a := client(t, s)
	s.Hang(true)
	answered := make(chan error, 1)
	go func() {
		_, _, _, err := a.Query(context.WithoutCancel(t.Context()), "up", now)
		answered <- err
	}()
	for s.Counts().Requests == 0 {
		time.Sleep(time.Millisecond)
	}
	select {
	case err := <-answered:
		t.Fatal("it answered", err)
	default:
	}
	s.Hang(false)
	if err := <-answered; err != nil {
		t.Fatal(err)
	}
	if c := s.Counts(); c.Requests != 1 || c.Bytes < 100 {
		t.Errorf("counted %+v", c)
	}
}

func BenchmarkAnswer(b *testing.B) {
	s := New(Options{Services: 30_000, Seed: 7, Now: func() time.Time { return now }})
	names := make([]string, 50)
	for i := range names {
		names[i] = ServiceName(i * 100)
	}
	for name, query := range map[string]string{
		"selector": `http_requests_total{service="service-00007"}`,
		"merged":   `http_requests_total{service=~"` + strings.Join(names, "|") + `"}`,
		"rate":     `sum(rate(sales_total{service="service-00007"}[2m]))`,
		"pulse":    `max(timestamp(up))`,
	} {
		b.Run(name, func(b *testing.B) {
			path := fmt.Sprintf("/api/v1/query_range?start=%d&end=%d&step=30&query=", now.Add(-30*time.Minute).Unix(), now.Unix())
			r := httptest.NewRequest("GET", path, nil)
			form := r.URL.Query()
			form.Set("query", query)
			r.URL.RawQuery = form.Encode()
			b.ReportAllocs()
			for b.Loop() {
				s.ServeHTTP(httptest.NewRecorder(), r)
			}
		})
	}
}
