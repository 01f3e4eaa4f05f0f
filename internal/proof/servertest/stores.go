package servertest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/golang/snappy"
	"github.com/prometheus/prometheus/prompb"

	"github.com/pushback/pushback/sources"
)

// Store is a metric store that accepts samples of the last days.
type Store struct {
	Server
	seed func(t testing.TB, url string, series []sources.Series)
}

// Seed writes samples, which can be read when it returns. The label __name__ of a
// series is the name of the metric.
func (s *Store) Seed(t testing.TB, series ...sources.Series) {
	t.Helper()
	for _, line := range series {
		for part := range slices.Chunk(line.Samples, 20_000) {
			s.seed(t, s.URL, []sources.Series{{Labels: line.Labels, Samples: part}})
		}
	}
}

// Scraped returns how many of the targets answered their last scrape.
func (s *Store) Scraped(t testing.TB) int {
	t.Helper()
	return s.Answers(t, "up == 1", time.Now())
}

// Answers returns how many series the answer to an instant query has, at a time.
func (s *Store) Answers(t testing.TB, query string, at time.Time) int {
	t.Helper()
	address := s.URL + "/api/v1/query?" + url.Values{"query": {query}, "time": {at.UTC().Format(time.RFC3339Nano)}}.Encode()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, address, nil)
	if err != nil {
		t.Fatal(err)
	}
	response, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	var answer struct {
		Data struct{ Result []json.RawMessage }
	}
	if err := json.NewDecoder(response.Body).Decode(&answer); err != nil {
		t.Fatal(err)
	}
	return len(answer.Data.Result)
}

// Prometheus starts a Prometheus that scrapes the targets (host:port) every second as
// job "target", accepts remote writes of the last ten days in any order, and
// stores native histograms.
func Prometheus(t testing.TB, targets ...string) *Store {
	t.Helper()
	file, data := prometheusFile(t, targets), t.TempDir()
	port, stop := program{
		names: []string{"prometheus"}, install: "prometheus",
		signal: syscall.SIGTERM, ready: answers200("/-/ready"),
		args: func(port string) []string {
			return []string{
				"--config.file=" + file, "--storage.tsdb.path=" + data,
				"--web.listen-address=127.0.0.1:" + port,
				// Seeded days stay in the head: while Prometheus moves them into blocks, queries fail.
				"--storage.tsdb.min-block-duration=31d",
				"--web.enable-remote-write-receiver", "--enable-feature=native-histograms",
			}
		},
	}.start(t)
	return &Store{Server: Server{URL: "http://127.0.0.1:" + port, stop: stop}, seed: remoteWrite}
}

func prometheusFile(t testing.TB, targets []string) string {
	t.Helper()
	lines := []string{
		"global: {scrape_interval: 1s, scrape_timeout: 1s}",
		"storage: {tsdb: {out_of_order_time_window: 10d}}",
	}
	return write(t, "prometheus.yml", append(lines, scrapeConfigs(targets)...)...)
}

// scrapeConfigs is the section of the configuration that both stores have.
func scrapeConfigs(targets []string) []string {
	if len(targets) == 0 {
		return nil
	}
	quoted := strings.Join(quoteAll(targets), ", ")
	return []string{"scrape_configs: [{job_name: target, static_configs: [{targets: [" + quoted + "]}]}]"}
}

func quoteAll(words []string) []string {
	quoted := make([]string, len(words))
	for i, w := range words {
		quoted[i] = strconv.Quote(w)
	}
	return quoted
}

// VictoriaMetrics starts a VictoriaMetrics that scrapes the targets as Prometheus
// does, and does not hide its newest samples.
func VictoriaMetrics(t testing.TB, targets ...string) *Store {
	t.Helper()
	data := t.TempDir()
	file := write(t, "promscrape.yml", append([]string{"global: {scrape_interval: 1s, scrape_timeout: 1s}"}, scrapeConfigs(targets)...)...)
	port, stop := program{
		names: []string{"victoria-metrics"}, install: "victoria-metrics",
		signal: syscall.SIGINT, ready: answers200("/health"),
		args: func(port string) []string {
			return []string{
				"-storageDataPath=" + data, "-httpListenAddr=127.0.0.1:" + port,
				"-retentionPeriod=1", "-search.latencyOffset=0s", "-promscrape.config=" + file,
			}
		},
	}.start(t)
	return &Store{Server: Server{URL: "http://127.0.0.1:" + port, stop: stop}, seed: importText}
}

// remoteWrite writes samples by remote write 1.0 (prometheus.io/docs/specs/prw).
func remoteWrite(t testing.TB, url string, all []sources.Series) {
	t.Helper()
	var request prompb.WriteRequest
	for _, line := range all {
		request.Timeseries = append(request.Timeseries, timeSeries(line))
	}
	body, err := request.Marshal()
	if err != nil {
		t.Fatal(err)
	}
	post(t, url+"/api/v1/write", bytes.NewReader(snappy.Encode(nil, body)), map[string]string{
		"Content-Type": "application/x-protobuf", "Content-Encoding": "snappy",
		"X-Prometheus-Remote-Write-Version": "0.1.0",
	})
}

func timeSeries(line sources.Series) prompb.TimeSeries {
	var s prompb.TimeSeries
	for name, value := range line.Labels {
		s.Labels = append(s.Labels, prompb.Label{Name: name, Value: value})
	}
	slices.SortFunc(s.Labels, func(a, b prompb.Label) int { return strings.Compare(a.Name, b.Name) })
	for _, sample := range line.Samples {
		s.Samples = append(s.Samples, prompb.Sample{Timestamp: sample.T, Value: sample.V})
	}
	return s
}

// importText writes samples in Prometheus's text format and makes them visible.
func importText(t testing.TB, url string, all []sources.Series) {
	t.Helper()
	var text bytes.Buffer
	for _, line := range all {
		name := selector(line.Labels)
		for _, sample := range line.Samples {
			fmt.Fprintf(&text, "%s %v %d\n", name, sample.V, sample.T)
		}
	}
	post(t, url+"/api/v1/import/prometheus", &text, nil)
	post(t, url+"/internal/force_flush", nil, nil)
}

func selector(labels map[string]string) string {
	var pairs []string
	for name, value := range labels {
		if name != "__name__" {
			pairs = append(pairs, name+"="+strconv.Quote(value))
		}
	}
	return labels["__name__"] + "{" + strings.Join(pairs, ",") + "}"
}

func post(t testing.TB, url string, body io.Reader, header map[string]string) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, url, body)
	if err != nil {
		t.Fatal(err)
	}
	for name, value := range header {
		r.Header.Set(name, value)
	}
	response, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	if response.StatusCode/100 != 2 {
		answer, _ := io.ReadAll(io.LimitReader(response.Body, 1024))
		t.Fatalf("POST %s: %s: %s", url, response.Status, answer)
	}
}
