//go:build integration

package main_test

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/pushback/pushback/internal/proof/servertest"
	"github.com/pushback/pushback/sources"
)

// The traffic of every target: 50 requests per second, of which one in 200 fails, and
// one in 33 once it is bad. Failures are spread evenly, so that no verdict depends on
// chance.
const (
	perSecond = 50
	pace      = time.Second / perSecond
	quiet     = 200
	bad       = 33
)

// past is the length of the history of a target.
const past = 10 * time.Minute

// target is a service with /metrics.
type target struct {
	server *httptest.Server
	fails  atomic.Int64 // every n-th request

	mu           sync.Mutex
	good, failed sources.Series // what scraping every second would have stored
}

func newTarget(t *testing.T) *target {
	t.Helper()
	registry := prometheus.NewRegistry()
	requests := prometheus.NewCounterVec(prometheus.CounterOpts{Name: "http_requests_total", Help: "Requests."}, []string{"code"})
	registry.MustRegister(requests)
	g := &target{server: httptest.NewServer(promhttp.HandlerFor(registry, promhttp.HandlerOpts{}))}
	t.Cleanup(g.server.Close)
	g.fails.Store(quiet)
	now := time.Now()
	good, failed := g.history(now)
	requests.WithLabelValues("200").Add(good)
	requests.WithLabelValues("500").Add(failed)
	go g.serve(t, requests, now, good, failed)
	return g
}

func (g *target) address() string { return g.server.Listener.Addr().String() }

// history records the requests of the time until a moment, and returns how many they were.
func (g *target) history(until time.Time) (good, failed float64) {
	for _, line := range []struct {
		code string
		to   *sources.Series
	}{{"200", &g.good}, {"500", &g.failed}} {
		line.to.Labels = map[string]string{"__name__": "http_requests_total", "job": "target", "instance": g.address(), "code": line.code}
	}
	n := 0
	for at := until.Add(-past); at.Before(until); at = at.Add(time.Second) {
		n += perSecond
		failed = float64(n / quiet)
		good = float64(n) - failed
		g.record(at, good, failed)
	}
	return good, failed
}

func (g *target) record(at time.Time, good, failed float64) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.good.Samples = append(g.good.Samples, sources.Sample{T: at.UnixMilli(), V: good})
	g.failed.Samples = append(g.failed.Samples, sources.Sample{T: at.UnixMilli(), V: failed})
}

// recorded is all requests until now.
func (g *target) recorded() []sources.Series {
	g.mu.Lock()
	defer g.mu.Unlock()
	return []sources.Series{
		{Labels: g.good.Labels, Samples: slices.Clone(g.good.Samples)},
		{Labels: g.failed.Labels, Samples: slices.Clone(g.failed.Samples)},
	}
}

// serve counts requests until the test ends, from what was counted before on. After a pause on a busy machine
// it makes up for the missing ones, because a ticker does not. It records them every second: a store that takes
// long to start has missed none.
func (g *target) serve(t *testing.T, requests *prometheus.CounterVec, began time.Time, good, failed float64) {
	tick := time.NewTicker(pace)
	defer tick.Stop()
	n := int64(1)
	for last := began; ; {
		select {
		case <-t.Context().Done():
			return
		case <-tick.C:
		}
		now := time.Now()
		for ; n <= int64(now.Sub(began)/pace); n++ {
			if n%g.fails.Load() == 0 {
				requests.WithLabelValues("500").Inc()
				failed++
			} else {
				requests.WithLabelValues("200").Inc()
				good++
			}
		}
		if now.Sub(last) >= time.Second {
			g.record(now, good, failed)
			last = now
		}
	}
}

// metricStore is a real metric store that scrapes the targets and has their history. It has scraped all when the
// history is written, so that no gap is between them.
func metricStore(t *testing.T, start func(testing.TB, ...string) *servertest.Store, targets ...*target) *servertest.Store {
	t.Helper()
	var addresses []string
	for _, g := range targets {
		addresses = append(addresses, g.address())
	}
	s := start(t, addresses...)
	await(t, "the first scrape of all targets", 20*time.Second, func() bool { return s.Scraped(t) >= len(targets) })
	for _, g := range targets {
		s.Seed(t, g.recorded()...)
	}
	return s
}

// settings is a pushback.yml with the metric store, and a service for each target.
func settings(s *servertest.Store, tool *deployTool, services map[string]*target) string {
	text := fmt.Sprintf(`metrics: {prod: {kind: prometheus, url: %q, resolution: 2s}}
hooks:
  once: {kind: http, url: %q, secret_file: secret}
  again: {kind: http, url: %q, secret_file: secret, idempotent: true}
receivers:
  chat: {kind: webhook, url: %q, secret_file: secret}
services:
  default: {chat: chat}
  list:
`, s.URL, tool.URL, tool.URL, tool.URL+"/chat")
	for name, g := range services {
		text += fmt.Sprintf("    - {name: %s, match: {job: target, instance: %q}}\n", name, g.address())
	}
	return text
}

// rule is a rule with a bake of 48 seconds and ticks of two seconds.
func rule(hook string) string {
	return `team: shop
rules:
  - name: red
    watch: {service: "*", environment: production}
    settle: 2s
    bake: 48s
    every: 2s
    signals:
      - name: errors
        counter: 'http_requests_total{$match}'
        bad: 'code=~"5.."'
        min_effect: 0.5 points
        min_events: 100
        limit: 30%
    respond:
      - {at_least: likely, tell: chat}
      - {at_least: certain, rollback: {hook: ` + hook + `, mode: act}}
      - {on: blind, tell: chat}
      - {on: signal_lost, tell: chat}
`
}

// deployTool receives hooks and messages. It counts calls by key, and a test can delay
// an answer.
type deployTool struct {
	*httptest.Server
	mu     sync.Mutex
	keys   []string
	bodies []string
	chat   []string       // what the receiver of that name got
	called func(call int) // nil: answers at once
}

func newDeployTool(t *testing.T, called func(call int)) *deployTool {
	t.Helper()
	d := &deployTool{called: called}
	d.Server = httptest.NewServer(d)
	t.Cleanup(d.CloseClientConnections)
	return d
}

func (d *deployTool) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	if r.URL.Path == "/chat" {
		d.mu.Lock()
		defer d.mu.Unlock()
		d.chat = append(d.chat, string(body))
		return
	}
	d.mu.Lock()
	d.keys = append(d.keys, r.Header.Get("Idempotency-Key"))
	d.bodies = append(d.bodies, string(body))
	n := len(d.keys)
	d.mu.Unlock()
	if d.called != nil {
		d.called(n)
	}
	w.WriteHeader(http.StatusNoContent)
}

// calls is the number of calls with a key.
func (d *deployTool) calls(key string) (n int) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, k := range d.keys {
		if k == key {
			n++
		}
	}
	return n
}

// messages is the number of messages that contain a text.
func (d *deployTool) messages(text string) (n int) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, m := range d.chat {
		if strings.Contains(m, text) {
			n++
		}
	}
	return n
}

// nowhere is an address that nobody listens on.
func nowhere(t *testing.T) string {
	t.Helper()
	port, err := servertest.FreePort()
	if err != nil {
		t.Fatal(err)
	}
	return "http://127.0.0.1:" + port
}
