//go:build integration

package main_test

import (
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/pushback/pushback/internal/proof/servertest"
	"github.com/pushback/pushback/internal/server/api"
	"github.com/pushback/pushback/sources"
)

// docWorld is what the readers of all pages share: the programs on their PATH, the metric store,
// the deploy tool and the cluster.
type docWorld struct {
	dir      string
	now      time.Time
	store    *servertest.Store // of the readers with a daemon
	fresh    *servertest.Store // of those who begin, with one service
	tool     *httptest.Server
	cluster  *httptest.Server
	settings map[string]any // the keys of pushback.yml
	mu       sync.Mutex
	call     *http.Request // of the hook
	body     string
}

// An hour in which cart was bad began three hours ago; it is the past that the pages speak of. The
// other services became bad eight minutes ago.
const (
	docsPast   = 36 * time.Hour
	docsWeek   = 8 * 24 * time.Hour // of cart, in which a backtest finds moments without a change
	docsFuture = 8 * time.Minute    // is seeded as well, so that nothing has to be scraped
	docsBadAgo = 8 * time.Minute
	docsStep   = time.Minute
	hookSecret = "a-signing-secret-of-32-characters"
)

// curlSettings make curl say how it was answered.
const curlSettings = "write-out = \"%{stderr}HTTP %{http_code}\\n\"\n"

func newDocWorld(t *testing.T) *docWorld {
	t.Helper()
	w := &docWorld{dir: t.TempDir(), now: time.Now().Truncate(docsStep), store: servertest.Prometheus(t), fresh: servertest.Prometheus(t)}
	all := w.series()
	w.store.Seed(t, all...)
	w.fresh.Seed(t, all[:7]...)
	w.tool = httptest.NewServer(http.HandlerFunc(w.rollBack))
	t.Cleanup(w.tool.Close)
	w.cluster = docCluster(t)
	var err error
	if w.settings, err = settingsKeys(); err != nil {
		t.Fatal(err)
	}
	program, err := binary()
	if err != nil {
		t.Fatal(err)
	}
	if err := os.CopyFS(w.dir, os.DirFS("testdata/docs/programs")); err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{"curl/.curlrc": curlSettings, "curl-endless/.curlrc": curlSettings + "max-time = 1\n"} {
		(&reader{t: t, dir: w.dir, names: strings.NewReplacer()}).write(name, text)
	}
	if err := os.Symlink(program, filepath.Join(w.dir, "bin/pushback")); err != nil {
		t.Fatal(err)
	}
	return w
}

// series are those of the services.
func (w *docWorld) series() (all []sources.Series) {
	cart := func(at time.Time) bool { return !at.Before(w.then()) && at.Before(w.then().Add(time.Hour)) }
	now := func(at time.Time) bool { return at.After(w.now.Add(-docsBadAgo)) }
	all = w.service("cart", cart, docsWeek)
	for _, name := range docsBad {
		all = append(all, w.service(name, now, docsPast)...)
	}
	return all
}

// docsBad are the services that are bad now.
var docsBad = []string{"ledger", "search", "payments", "billing"}

// then is the moment that the pages write as 2026-11-20T10:00:00Z.
func (w *docWorld) then() time.Time { return w.now.Add(-3 * time.Hour) }

// service is a service with ten requests a second, of which one in 200 fails, and one in 12 while
// it is bad.
func (w *docWorld) service(job string, bad func(time.Time) bool, past time.Duration) []sources.Series {
	chance := rand.New(rand.NewPCG(7, uint64(len(job))))
	name := func(metric string, more ...string) sources.Series {
		labels := map[string]string{"__name__": metric, "job": job, "instance": job + ":80"}
		for i := 0; i < len(more); i += 2 {
			labels[more[i]] = more[i+1]
		}
		return sources.Series{Labels: labels}
	}
	all := []sources.Series{
		name("http_requests_total", "code", "200"), name("http_requests_total", "code", "500"), name("up"),
		name("http_request_duration_seconds_bucket", "le", "0.1"), name("http_request_duration_seconds_bucket", "le", "+Inf"),
		name("http_request_duration_seconds_count"), name("http_request_duration_seconds_sum"),
	}
	var good, failed, slow float64
	for at := w.now.Add(-past); at.Before(w.now.Add(docsFuture)); at = at.Add(docsStep) {
		n := 600 + float64(int(10*chance.NormFloat64()))
		one := float64(chance.IntN(6))
		if bad(at) {
			one = 48 + float64(chance.IntN(3))
		}
		good, failed, slow = good+n-one, failed+one, slow+float64(chance.IntN(4))
		total := good + failed
		for i, v := range []float64{good, failed, 1, total - slow, total, total, total*0.05 + slow*0.1} {
			all[i].Samples = append(all[i].Samples, sources.Sample{T: at.UnixMilli(), V: v})
		}
	}
	return all
}

// rollBack is the deploy tool: it is a page, carries out every rollback, and keeps the first call.
func (w *docWorld) rollBack(answer http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	if r.Method != http.MethodPost {
		_, _ = io.WriteString(answer, "Checkout")
		return
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.call == nil {
		w.call, w.body = r, string(body)
	}
}

// called is the first call of the hook.
func (w *docWorld) called() (header http.Header, body string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.call == nil {
		return nil, ""
	}
	return w.call.Header, w.body
}

// document is a real document that a page shows the form of.
func (w *docWorld) document(t *testing.T, name string) string {
	t.Helper()
	header, body := w.called()
	switch name {
	case "what the hook got":
		return body
	case "webhook-signature":
		return strings.TrimPrefix(header.Get("webhook-signature"), "v1,") + "\n"
	}
	t.Errorf("there is no real document %q", name)
	return "{}"
}

// emptyFolder is where a new user begins.
func emptyFolder(t *testing.T, w *docWorld) *reader {
	t.Helper()
	return w.newReader(t, t.TempDir(), nowhere(t), w.fresh)
}

// newReader is somebody in a folder who would reach a daemon at a URL.
func (w *docWorld) newReader(t *testing.T, dir, url string, store *servertest.Store) *reader {
	t.Helper()
	then := func(d time.Duration) string { return w.then().Add(d).UTC().Format(time.RFC3339) }
	return &reader{
		t: t, dir: dir, url: url, world: w,
		env: []string{"PATH=" + filepath.Join(w.dir, "bin") + ":" + os.Getenv("PATH"), "HOME=" + dir, "PUSHBACK_SERVER=" + url},
		names: strings.NewReplacer(
			"http://127.0.0.1:8484", url, "127.0.0.1:8484", strings.TrimPrefix(url, "http://"), "https://pushback.example.org", url, "https://shop.example", w.tool.URL,
			"http://prometheus:9090", store.URL, "http://127.0.0.1:9090", store.URL,
			"2026-11-20T10:00:00Z", then(0), "2026-11-20T11:30:00Z", then(90*time.Minute),
			"--placebo 500", "--placebo 40", "rules init ", "rules init --moments 10 ", // quicker
			"/backups/", "", "holds/h12", "holds/h1", "incidents/i3", "incidents/i1", "/usr/local/bin", filepath.Join(w.dir, "bin"),
		),
	}
}

// docRules are the rule of the README, quicker, and with a response.
const docRules = `team: platform
rules:
  - name: red
    watch: {service: "*", environment: production}
    settle: 1m
    bake: 10m
    tick: 1m
    every: 2s
    history: 24h
    signals:
      - name: errors
        counter: 'http_requests_total{$match}'
        bad: 'code=~"5.."'
        min_effect: 0.5 points
        limit: 5%
    respond:
      - {at_least: certain, rollback: {hook: deployer, mode: ask}}
`

const docSettings = `listen: 127.0.0.1:0
token_file: token
trust: {new_rules: as_written}
metrics: {prod: {kind: prometheus, url: %q, resolution: 1m, timeout: 1m}}
services: {discover: group by (job) (up), name: job}
hooks:
  deployer: {kind: http, url: %q, secret_file: secret}
  cluster: {kind: kubernetes, kubeconfig_file: kubeconfig, namespace: shop}
`

// runningDaemon is where Pushback runs and has something to decide: three changes are bad and
// their rollbacks proposed, and one of the rollbacks was approved and done.
func runningDaemon(t *testing.T, w *docWorld) *reader {
	t.Helper()
	p := &process{t: t, dir: t.TempDir()}
	p.write("pushback.yml", fmt.Sprintf(docSettings, w.store.URL, w.tool.URL))
	for name, text := range map[string]string{
		"rules/red.yml": docRules, "token": apiToken + "\n", "secret": hookSecret + "\n", "kubeconfig": kubeconfig(w.cluster),
	} {
		p.write(name, text)
	}
	p.start()
	t.Cleanup(func() {
		p.kill()
		if t.Failed() {
			log, _ := os.ReadFile(p.log.Name())
			t.Logf("the daemon's log:\n%s", log)
		}
	})
	r := w.newReader(t, p.dir, p.url, w.store)
	if err := os.CopyFS(p.dir, os.DirFS("testdata/docs/folder")); err != nil {
		t.Fatal(err)
	}
	w.story(t, p, r)
	return r
}

// story makes what the pages take for given. The rollback of billing is approved and done.
func (w *docWorld) story(t *testing.T, p *process, r *reader) {
	t.Helper()
	r.keys = map[string]string{}
	for _, service := range append([]string{"cart"}, docsBad...) {
		r.keys[service] = p.report(service, "v2", sources.Succeeded, w.now.Add(-docsBadAgo))
	}
	for _, service := range docsBad {
		p.await(r.keys[service], "a proposed rollback of "+service, 2*time.Minute, ordered("proposed"))
	}
	p.decide("/v1/orders/"+r.keys["billing"]+"/approve", map[string]any{"actor": "alice"})
	p.await(r.keys["billing"], "a rollback of billing", 2*time.Minute, ordered("done"))
	header, body := w.called()
	r.env = append(r.env, "secret="+hookSecret, "body="+body, "id="+header.Get("webhook-id"), "timestamp="+header.Get("webhook-timestamp"))
	w.earn(t, p)
}

// earn takes trust in the rule from cart and records a backtest that gives it back.
func (w *docWorld) earn(t *testing.T, p *process) {
	t.Helper()
	var all struct{ Rules []api.RuleTrust }
	p.request(http.MethodGet, "/v1/rules", nil, nil, &all)
	if len(all.Rules) == 0 {
		t.Fatal("no rule is in force")
	}
	p.decide("/v1/rules/red/demote", map[string]any{"service": "cart", "mode": "observe", "actor": "ada", "why": "a try"})
	p.decide("/v1/rules/red/backtest", map[string]any{
		"rule_hash": all.Rules[0].Hash, "mode": "act", "judged": 5000, "false_alarms": 0, "why": "", "actor": "ada",
	})
}

// decide sends a decision, which must be taken.
func (p *process) decide(path string, decision map[string]any) {
	p.t.Helper()
	body, err := json.Marshal(decision)
	if err != nil {
		p.t.Fatal(err)
	}
	if status := p.request(http.MethodPost, path, nil, body, nil); status/100 != 2 {
		p.t.Fatalf("%s: %d", path, status)
	}
}
