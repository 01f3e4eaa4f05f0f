package load

import (
	"context"
	"encoding/json"
	"net"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/pushback/pushback/internal/proof/program"
)

// metricStore is a small Prometheus that has two counters of every service, and keeps when
// it was first asked about each.
type metricStore struct {
	url    string
	server *http.Server
	mu     sync.Mutex
	asked  map[string]time.Time // service → when it was first asked about
}

func newMetricStore() (*metricStore, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	m := &metricStore{url: "http://" + l.Addr().String(), asked: map[string]time.Time{}}
	m.server = &http.Server{Handler: m, ReadHeaderTimeout: time.Minute}
	go func() { _ = m.server.Serve(l) }()
	return m, nil
}

func (m *metricStore) close() { _ = m.server.Close() }

var serviceLabel = regexp.MustCompile(`job=~?"(watched-[^"]+)"`)

func isProbe(service string) bool { return strings.HasPrefix(service, "watched-probe-") }

func (m *metricStore) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	query := r.FormValue("query")
	var services []string
	if found := serviceLabel.FindStringSubmatch(query); found != nil {
		services = strings.Split(found[1], "|") // several are asked about at once
	}
	for _, s := range services {
		m.note(s)
	}
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(map[string]any{"status": "success", "data": answer(r, query, services)})
}

func (m *metricStore) note(service string) {
	now := time.Now()
	m.mu.Lock()
	defer m.mu.Unlock()
	if _, before := m.asked[service]; !before {
		m.asked[service] = now
	}
}

// answer is the data of a response: the pulse, whether a counter exists, or the counter.
func answer(r *http.Request, query string, services []string) map[string]any {
	from, to, step := seconds(r, "start"), seconds(r, "end"), max(seconds(r, "step"), 1)
	kind := "matrix"
	if !strings.HasSuffix(r.URL.Path, "/query_range") {
		from, kind = seconds(r, "time"), "vector"
		to = from
	}
	result := []map[string]any{}
	if strings.Contains(query, "timestamp(") {
		result = append(result, series(kind, map[string]string{}, from, to, step, 1))
	}
	for _, s := range services {
		if strings.HasPrefix(query, "group") {
			result = append(result, series(kind, groupLabels(query, s), from, to, step, 0))
			continue
		}
		for code, rate := range map[string]float64{"200": 20, "500": 0.1} {
			labels := map[string]string{"__name__": "http_requests_total", "job": s, "code": code}
			if code == "500" || !strings.Contains(query, "5..") {
				result = append(result, series(kind, labels, from, to, step, rate))
			}
		}
	}
	return map[string]any{"resultType": kind, "result": result}
}

func groupLabels(query, service string) map[string]string {
	if strings.HasPrefix(query, "group by (job) (") {
		return map[string]string{"job": service}
	}
	return map[string]string{}
}

// series is a counter that grows by rate a second; it is 1 where rate is 0.
func series(kind string, labels map[string]string, from, to, step, rate float64) map[string]any {
	var values [][2]any
	for at := from; at <= to; at += step {
		v := 1.0
		if rate > 0 {
			v = float64(int64(at * rate))
		}
		values = append(values, [2]any{at, strconv.FormatFloat(v, 'f', -1, 64)})
	}
	if kind == "vector" {
		return map[string]any{"metric": labels, "value": values[0]}
	}
	return map[string]any{"metric": labels, "values": values}
}

func seconds(r *http.Request, name string) float64 {
	v, err := strconv.ParseFloat(r.FormValue(name), 64)
	if err != nil {
		return 0
	}
	return v
}

// delays waits until the store was asked about every probe, for at most limit, and
// returns how long after its event's answer each first look was.
func (m *metricStore) delays(ctx context.Context, probes map[string]time.Time, limit time.Duration) (q program.Quantiles, missing int) {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	for {
		found := m.found(probes)
		if missing = len(probes) - len(found); missing == 0 {
			return program.QuantilesOf(found), 0
		}
		select {
		case <-ctx.Done():
			return program.QuantilesOf(found), missing
		case <-tick.C:
		}
	}
}

func (m *metricStore) found(probes map[string]time.Time) (waits []time.Duration) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for service, answered := range probes {
		if at, ok := m.asked[service]; ok {
			waits = append(waits, max(0, at.Sub(answered)))
		}
	}
	return waits
}
