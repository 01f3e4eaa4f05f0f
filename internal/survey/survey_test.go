package survey

import (
	"errors"
	"log/slog"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/prometheus/model/histogram"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql"
	"github.com/prometheus/prometheus/promql/parser"
	"github.com/prometheus/prometheus/storage"
	"go.yaml.in/yaml/v4"

	"github.com/pushback/pushback/internal/gather"
	"github.com/pushback/pushback/rules"
	"github.com/pushback/pushback/sources"
	"github.com/pushback/pushback/sources/metrics/embedded"
)

var noon = time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)

// store makes a store with an hour of each series, until noon. A ! after the name
// makes a native histogram.
func store(t *testing.T, series ...string) *embedded.Store {
	t.Helper()
	var all []storage.Series
	for _, text := range series {
		name, native := strings.CutSuffix(text, "!")
		set, err := parser.NewParser(parser.Options{}).ParseMetric(name)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, line(set, native))
	}
	s := embedded.InMemory("town", 15*time.Second, all, slog.New(slog.DiscardHandler))
	t.Cleanup(func() { _ = s.Close() })
	return s
}

func line(set labels.Labels, native bool) storage.Series {
	s := promql.Series{Metric: set}
	for i := range 240 {
		at, n := noon.Add(time.Duration(i-239)*15*time.Second).UnixMilli(), float64(10*i)
		if native {
			s.Histograms = append(s.Histograms, promql.HPoint{T: at, H: &histogram.FloatHistogram{Count: n, Sum: n}})
			continue
		}
		s.Floats = append(s.Floats, promql.FPoint{T: at, F: n})
	}
	return promql.NewStorageSeries(s)
}

func quiet(string) {}

func TestLookFindsWhatIsThere(t *testing.T) {
	f := func(name string, series []string, services, libraries []string, discover string) {
		t.Run(name, func(t *testing.T) {
			s, err := Scan(t.Context(), store(t, series...), noon, quiet)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(services, s.Names()); diff != "" {
				t.Error(diff)
			}
			if diff := cmp.Diff(libraries, s.Libraries()); diff != "" {
				t.Error(diff)
			}
			if s.discover() != discover {
				t.Errorf("discover: %s", s.discover())
			}
		})
	}
	f("client libraries, and what only runs is no service",
		[]string{`http_requests_total{job="cart"}`, `go_goroutines{job="cart"}`, `go_goroutines{job="node-exporter"}`, `up{job="cart"}`},
		[]string{"cart"}, []string{"library/http-red", "library/go-runtime"}, `group by (job) (up)`)
	f("namespaces narrow",
		[]string{`grpc_server_handled_total{job="a",namespace="x"}`, `http_requests_total{job="b",namespace="y"}`, `up`},
		[]string{"a", "b"}, []string{"library/http-red", "library/grpc"},
		`group by (job, namespace) ({__name__=~"grpc_server_handled_total|http_requests_total"})`)
	f("native histograms", []string{`http_server_request_duration_seconds{job="cart"}!`, `up`},
		[]string{"cart"}, []string{"library/http-red"}, `group by (job) (http_server_request_duration_seconds)`)
	f("a mesh alone", []string{
		`istio_requests_total{job="envoy",reporter="destination",destination_workload="cart",destination_workload_namespace="shop"}`,
		`istio_requests_total{job="envoy",reporter="source",destination_workload="elsewhere",destination_workload_namespace="shop"}`, `up`,
	}, []string{"cart"}, []string{"library/http-red"}, `group by (destination_workload, destination_workload_namespace) (istio_requests_total)`)
	f("a mesh beside services of their own", []string{
		`istio_requests_total{job="envoy",reporter="destination",destination_workload="cart"}`, `http_requests_total{job="cart"}`, `up`,
	}, []string{"cart", "envoy"}, []string{"library/http-red"}, `group by (job) ({__name__=~"http_requests_total|istio_requests_total"})`)
	f("scraped, and pushed", []string{`up{job="cart"}`, `http_requests_total{job="mail"}`},
		[]string{"cart", "mail"}, []string{"library/http-red"}, `group by (job) ({__name__=~"http_requests_total|up"})`)
	f("pushed, and beside it a process of the monitoring", []string{`http_requests_total{job="mail"}`, `go_goroutines{job="mail"}`, `go_goroutines{job="node-exporter"}`, `up{job="cart"}`},
		[]string{"cart", "mail"}, []string{"library/http-red", "library/go-runtime"}, `group by (job) ({__name__=~"http_requests_total|up"})`)
	f("nothing but what runs", []string{`jvm_threads_current{job="cart"}`, `up`},
		[]string{"cart"}, []string{"library/jvm"}, `group by (job) (jvm_threads_current)`)
	if _, err := Scan(t.Context(), store(t, "up", "weather_degrees"), noon, quiet); !errors.Is(err, ErrNothing) {
		t.Errorf("a store without services: %v", err)
	}
}

func TestWhatIsWrittenCanBeRead(t *testing.T) {
	odd := `http_requests_total{job="ca\nrt: \"x\" # y"}`
	s, err := Scan(t.Context(), store(t, odd, `kafka_consumergroup_lag{job="mail"}`, `spring_batch_job_seconds_count{job="mail"}`), noon, quiet)
	if err != nil {
		t.Fatal(err)
	}
	if s.Heartbeat == "" {
		t.Error("there is no up, and no other heartbeat was chosen")
	}
	w := Header{URL: `http://host/a"b: #c`, Team: "shop", Environment: "production", At: noon}
	var config struct {
		Metrics  map[string]map[string]string
		Services struct {
			Discover, Name string
			Match          []string
		}
	}
	if err := yaml.Unmarshal([]byte(s.Configuration(w)), &config); err != nil {
		t.Fatalf("%v\n%s", err, s.Configuration(w))
	}
	if config.Metrics["prometheus"]["url"] != w.URL || config.Services.Discover != s.discover() || config.Metrics["prometheus"]["heartbeat"] != s.Heartbeat {
		t.Errorf("%+v", config)
	}
	text := s.Rules(w)
	set, found := rules.Load(fstest.MapFS{"start.yml": {Data: []byte(text)}}, rules.World{})
	if len(found) > 0 || set.Len() != 3 {
		t.Fatalf("%v\n%s", found, text)
	}
	// The lines that are commented out must load as well, because people uncomment
	// them.
	for hint := range strings.Lines(text) {
		if strings.Contains(hint, "# set:") {
			text = strings.Replace(text, hint, strings.Replace(hint, "# set:", "set:", 1), 1)
		}
	}
	text = strings.NewReplacer("# defaults:", "defaults:", "#   respond:", "  respond:", "#     - {at_least", "    - {at_least").Replace(text)
	if _, found := rules.Load(fstest.MapFS{"start.yml": {Data: []byte(text)}}, rules.World{}); len(found) > 0 || !strings.Contains(text, "\ndefaults:") {
		t.Errorf("%v\n%s", found, text)
	}
}

func TestEveryHintIsForARuleThatIsThere(t *testing.T) {
	for _, c := range rules.Conventions() {
		if hints[c.Library] == "" {
			t.Errorf("%s has no hint", c.Library)
		}
	}
}

// TestCoverNamesLabels: a counter without any label that the library knows.
func TestCoverNamesLabels(t *testing.T) {
	set, found := rules.Load(fstest.MapFS{"r.yml": {Data: []byte(`{team: shop, rules: [{name: red, use: library/http-red, watch: {service: "*"}}]}`)}}, rules.World{})
	if len(found) > 0 {
		t.Fatal(found)
	}
	f := func(labels, want string) {
		t.Helper()
		s := store(t, `http_requests_total{job="odd",`+labels+`}`, `up`)
		o := Options{Rules: set, Stores: map[string]gather.Ranger{"main": s}, Default: "main", At: noon, Like: sources.Change{Kind: sources.Deploy}}
		var got []string
		for _, c := range o.Cover(t.Context(), rules.Service{Name: "odd", Match: map[string]string{"job": "odd"}}).Covered {
			for _, w := range c.Warnings {
				got = append(got, w.Message)
			}
		}
		if text := strings.Join(got, "\n"); text != want {
			t.Errorf("%s: %q, want %q", labels, text, want)
		}
	}
	f(`colour="red"`, "errors: no series of http_requests_total has the label code; it has colour, so that bad events of odd cannot be seen")
	f(`outcome="ok"`, "")
	f(`code="200"`, "")
	f(`status="200"`, "")
	f(`status_code="200"`, "")
}

func TestCover(t *testing.T) {
	set, found := rules.Load(fstest.MapFS{"r.yml": {Data: []byte(`team: shop
rules:
  - {name: red, use: library/http-red, watch: {service: "*", except: [batch-*], environment: production}}
  - {name: elsewhere, watch: {service: cart}, store: other, signals: [{name: x, query: up}]}
  - {name: everywhere, scope: site, signals: [{name: x, query: up}]}
`)}}, rules.World{})
	if len(found) > 0 {
		t.Fatal(found)
	}
	s := store(t, `http_requests_total{job="cart",code="200"}`, `up`)
	f := func(service string, match map[string]string, environment string, want Coverage) {
		t.Helper()
		o := Options{
			Rules: set, Stores: map[string]gather.Ranger{"main": s}, Default: "main", At: noon,
			Like: sources.Change{Environment: environment, Kind: sources.Deploy},
		}
		want.Service = service
		if diff := cmp.Diff(want, o.Cover(t.Context(), rules.Service{Name: service, Match: match})); diff != "" {
			t.Error(diff)
		}
	}
	job := func(name string) map[string]string { return map[string]string{"job": name} }
	f("cart", job("cart"), "production", Coverage{
		Covered: []RuleCoverage{{Rule: "red", Signals: []string{"errors", "requests"}, Without: []string{"latency"}}},
		Missing: []Gap{{Rule: "elsewhere", Why: `no metric store "other" in pushback.yml`}},
	})
	none := "the store has none of its series: http_requests_total, http_server_request_duration_seconds_count, " +
		"http_server_request_duration_seconds, http_server_request_duration_count, http_server_duration_milliseconds_count, http_server_duration_count, and 99 more"
	f("mail", job("mail"), "production", Coverage{Covered: []RuleCoverage{}, Missing: []Gap{{Rule: "red", Why: none}}, Why: "red: " + none})
	f("mail", nil, "production", Coverage{
		Covered: []RuleCoverage{}, Missing: []Gap{{Rule: "red", Why: "the service catalogue has no labels for it"}}, Why: "red: the service catalogue has no labels for it",
	})
	f("mail", job("mail"), "staging", Coverage{Covered: []RuleCoverage{}, Missing: []Gap{}, Why: "rule red watches a service of this name, but not a deploy in staging"})
	f("batch-mail", job("batch-mail"), "production", Coverage{Covered: []RuleCoverage{}, Missing: []Gap{}, Why: "rule red excepts it, and no other rule watches a service of this name"})
}
