//go:build integration

package main_test

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/pushback/pushback/internal/server/api"
)

const probeRule = `
team: shop
rules:
  - name: probe
    use: library/probe
    watch: {service: "*"}
    set: {settle: 2s, tick: 4s, bake: 40s, every: 2s, down.min_events: 3}
`

// TestProbesJudgeADeploy runs the daemon with a probe and nothing else: no metric store and no
// services. The page of a real web server turns to 500 with a deploy, which is reported and then
// regressed; the deploy before it, after which the page went on as it was, is not.
func TestProbesJudgeADeploy(t *testing.T) {
	t.Parallel()
	var broken atomic.Bool
	var asked atomic.Int64
	shop := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		asked.Add(1)
		if broken.Load() {
			w.WriteHeader(http.StatusInternalServerError)
		}
		_, _ = io.WriteString(w, "Checkout")
	}))
	defer shop.Close()
	p := serve(t, fmt.Sprintf("probes: [{name: home, service: shop, http: %q, text: Checkout, every: 1s}]\n", shop.URL), probeRule)
	await(t, "a minute of probes", 2*time.Minute, func() bool { return asked.Load() >= 60 })

	good := p.deploy("shop", "v1")
	e := p.await(good, "the good release to end", 2*time.Minute, ended)
	if e.Watches[0].State != "healthy" {
		t.Errorf("the good release: %s", describe(e))
	}
	broken.Store(true)
	bad := p.deploy("shop", "v2")
	p.await(bad, "the bad release to be certain", 90*time.Second, func(e api.Explanation) bool {
		return len(e.Watches) > 0 && e.Watches[0].Grade == "certain"
	})
	p.await(bad, "the bad release to end", 2*time.Minute, ended)
	if e = p.explain(bad); e.Watches[0].State != "regressed" {
		t.Errorf("the bad release: %s", describe(e))
	}

	// A page that is gone altogether is a failure too. A busy machine may have gaps in between.
	shop.Close()
	await(t, "the metrics to show a failing probe", time.Minute, func() bool {
		return strings.Contains(p.metrics(), "pushback_probes_failing 1")
	})
}

// metrics is what the daemon serves about itself.
func (p *process) metrics() string {
	p.t.Helper()
	r, err := http.NewRequestWithContext(p.t.Context(), http.MethodGet, p.url+"/metrics", nil)
	if err != nil {
		p.t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+apiToken)
	response, err := http.DefaultClient.Do(r)
	if err != nil {
		p.t.Fatal(err)
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		p.t.Fatal(err)
	}
	return string(text)
}
