//go:build integration

package main_test

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/pushback/pushback/internal/proof/servertest"
	"github.com/pushback/pushback/internal/server/api"
	"github.com/pushback/pushback/sources"
)

// instance is a program that serves its version to Prometheus.
type instance struct {
	*httptest.Server
	version atomic.Pointer[string]
}

func newInstance(t *testing.T, version string) *instance {
	t.Helper()
	i := new(instance)
	i.version.Store(&version)
	i.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprintf(w, "build_info{version=%q} 1\n", *i.version.Load())
	}))
	t.Cleanup(i.Close)
	return i
}

func (i *instance) deploy(version string) { i.version.Store(&version) }

// TestDeploysNobodyAnnounced watches three instances through a real Prometheus: a rollout that nobody
// reports is a change, instance by instance; a webhook joins it; what goes back has failed; a restart
// and a lost instance invent nothing; and a version that was announced and does not come is told.
func TestDeploysNobodyAnnounced(t *testing.T) {
	t.Parallel()
	one, two, three := newInstance(t, "v1"), newInstance(t, "v1"), newInstance(t, "v1")
	var hosts []string
	for _, i := range []*instance{one, two, three} {
		hosts = append(hosts, strings.TrimPrefix(i.URL, "http://"))
	}
	prometheus := servertest.Prometheus(t, hosts...)
	await(t, "Prometheus to have scraped every instance", time.Minute, func() bool {
		return prometheus.Answers(t, `count(build_info{version="v1"}) == 3`, time.Now().Add(-2*time.Second)) > 0
	})
	told := newTold(t)
	p := serve(t, fmt.Sprintf(`allow_empty_rules: true
metrics: {prod: {kind: prometheus, url: %q, resolution: 1s}}
sources: {running: {kind: versions, query: "count by (job, version) (build_info)", every: 1s, quiet: 5s, within: 10s}}
receivers: {chat: {kind: webhook, url: %q, secret_file: secret}}
services: {list: [{name: arge}], patterns: {running: "t(?<service>arge)t", "*": "acme/(?<service>.+)"}, default: {chat: chat}}
`, prometheus.URL, told.URL), "rules: []\n")
	change := func(version string) func() bool {
		return func() bool { return p.newest().Version == version }
	}
	// At once: what is deployed after the start is found, even if the daemon reads the versions for the
	// first time only later.
	one.deploy("v2")
	await(t, "v2 to be found", time.Minute, change("v2"))
	rolling := p.newest()
	if rolling.Service != "arge" || rolling.Status != sources.Started || rolling.Previous != "v1" {
		t.Errorf("%s %s %s after %s", rolling.Service, rolling.Version, rolling.Status, rolling.Previous)
	}
	await(t, "the instances to be counted", time.Minute, func() bool { return p.newest().Instances == "1 of 3 instances run v2" })
	p.kill() // what was found is not found again
	p.start()
	if key := p.report("arge", "v2", sources.Started, time.Now()); key != rolling.Key {
		t.Errorf("the webhook began another change, %s", key)
	}
	two.deploy("v2")
	three.deploy("v2")
	await(t, "v2 to succeed", time.Minute, func() bool { return p.newest().Status == sources.Succeeded })
	if c := p.newest(); len(c.Witnesses) != 2 || c.Instances != "" {
		t.Errorf("witnesses %v, %q", c.Witnesses, c.Instances)
	}

	one.deploy("v3")
	await(t, "v3 to be found", time.Minute, change("v3"))
	one.deploy("v2")
	await(t, "v3 to fail", time.Minute, func() bool { return p.newest().Status == sources.Failed })

	three.Close() // an instance is lost, and no version has changed
	key := p.report("arge", "v4", sources.Started, time.Now())
	await(t, "the version that did not come to be told", 2*time.Minute, func() bool {
		return told.has("arge v4 in production does not run 10s after api reported it: v2 does")
	})
	if e := p.explain(key); len(e.Journal) == 0 || e.Journal[len(e.Journal)-1].Action != "remark" {
		t.Errorf("the journal has %v", e.Journal)
	}
	if c := p.newest(); c.Version != "v4" {
		t.Errorf("the newest change is %s", c.Version)
	}
}

// newest is the newest change; the zero one where there is none.
func (p *process) newest() (c api.ChangeSummary) {
	p.t.Helper()
	var page api.Changes
	if status := p.request(http.MethodGet, "/v1/changes?limit=1", nil, nil, &page); status != http.StatusOK {
		p.t.Fatalf("changes: status %d", status)
	}
	if len(page.Changes) > 0 {
		c = page.Changes[0]
	}
	return c
}

// toldServer keeps what a receiver is sent.
type toldServer struct {
	*httptest.Server
	mu   sync.Mutex
	text strings.Builder
}

func newTold(t *testing.T) *toldServer {
	t.Helper()
	s := new(toldServer)
	s.Server = httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		s.mu.Lock()
		defer s.mu.Unlock()
		s.text.Write(body)
	}))
	t.Cleanup(s.Close)
	return s
}

func (s *toldServer) has(text string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return strings.Contains(s.text.String(), text)
}
