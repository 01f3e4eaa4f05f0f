//go:build integration

package main

import (
	"bytes"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/pushback/pushback/internal/proof/servertest"
	"github.com/pushback/pushback/sources"
)

// town is the history of a day and a half of three services and a monitoring system,
// each with other names of metrics. cart fails more often for the last three hours.
func town(bad, until time.Time) []sources.Series {
	chance := rand.New(rand.NewPCG(7, 7))
	grows := func(labels map[string]string, mean func(at time.Time) float64) sources.Series {
		s, sum := sources.Series{Labels: labels}, 0.0
		for at := until.Add(-36 * time.Hour); !at.After(until); at = at.Add(15 * time.Second) {
			m := mean(at)
			sum += max(0, m+chance.NormFloat64()*0.5*m/3)
			s.Samples = append(s.Samples, sources.Sample{T: at.UnixMilli(), V: float64(int(sum))})
		}
		return s
	}
	steady := func(v float64) func(time.Time) float64 { return func(time.Time) float64 { return v } }
	l := func(name, job string, more ...string) map[string]string {
		all := map[string]string{"__name__": name, "job": job, "namespace": "shop", "instance": job + ":80"}
		for i := 0; i+1 < len(more); i += 2 {
			all[more[i]] = more[i+1]
		}
		return all
	}
	failures := func(at time.Time) float64 {
		if at.After(bad) {
			return 12
		}
		return 0.3
	}
	all := []sources.Series{
		grows(l("http_requests_total", "cart", "code", "200"), steady(150)),
		grows(l("http_requests_total", "cart", "code", "500"), failures),
		grows(l("http_server_request_duration_seconds_count", "search", "http_response_status_code", "200"), steady(90)),
		grows(l("http_server_request_duration_seconds_sum", "search", "http_response_status_code", "200"), steady(9)),
		grows(l("http_server_request_duration_seconds_bucket", "search", "http_response_status_code", "200", "le", "0.25"), steady(85)),
		grows(l("http_server_request_duration_seconds_bucket", "search", "http_response_status_code", "200", "le", "+Inf"), steady(90)),
		grows(l("grpc_server_handled_total", "ledger", "grpc_code", "OK"), steady(200)),
		grows(l("up", "cart"), steady(1)),
	}
	for _, job := range []string{"cart", "ledger", "node-exporter"} {
		routines := grows(l("go_goroutines", job), steady(0))
		for i := range routines.Samples {
			routines.Samples[i].V = 200 + 10*chance.NormFloat64()
		}
		all = append(all, routines)
	}
	for i := range all[7].Samples {
		all[7].Samples[i].V = 1
	}
	return all
}

// runsPushback returns a function that runs a command and returns what it writes, and one
// that looks for words in it.
func runsPushback(t *testing.T) (f func(want int, args ...string) string, has func(text string, want ...string)) {
	f = func(want int, args ...string) string {
		t.Helper()
		var out, mistakes bytes.Buffer
		if code := run(t.Context(), args, &out, &mistakes); code != want {
			t.Fatalf("pushback %s: exit code %d, want %d\n%s%s", strings.Join(args, " "), code, want, out.String(), mistakes.String())
		}
		if command := answering(args); command != "" {
			if err := validate(command, out.Bytes()); err != nil {
				t.Errorf("the answer of %s is not as documented: %v", command, err)
			}
		}
		t.Logf("pushback %s\n%s%s", strings.Join(args, " "), out.String(), mistakes.String())
		return out.String() + mistakes.String()
	}
	has = func(text string, want ...string) {
		t.Helper()
		for _, w := range want {
			if !strings.Contains(text, w) {
				t.Errorf("%q is not in\n%s", w, text)
			}
		}
	}
	return f, has
}

// TestTheFirstHour does what a new user with a Prometheus and no rules does: init,
// check, coverage and try.
func TestTheFirstHour(t *testing.T) {
	t.Parallel()
	now := time.Now().Truncate(15 * time.Second)
	bad := now.Add(-3 * time.Hour)
	server := servertest.Prometheus(t)
	server.Seed(t, town(bad, now)...)
	dir := t.TempDir()
	c := filepath.Join(dir, "pushback.yml")
	f, has := runsPushback(t)
	has(f(0, "rules", "init", "--prometheus", server.URL, "--dir", dir, "--team", "shop", "--moments", "8"),
		"found 3 services", "by http_requests_total, go_goroutines", "grpc_server_handled_total", "search", "http-red errors can be judged at once", "at 8 random moments")
	written, err := os.ReadFile(filepath.Join(dir, "rules", "start.yml"))
	if err != nil {
		t.Fatal(err)
	}
	has(string(written), "# yaml-language-server: $schema=", "team: shop", "use: library/http-red", "use: library/grpc", "use: library/go-runtime")
	token, err := os.ReadFile(filepath.Join(dir, "token"))
	if info, _ := os.Stat(filepath.Join(dir, "token")); err != nil || len(token) < 20 || info.Mode().Perm() != 0o600 {
		t.Errorf("the token: %d bytes, %v", len(token), err)
	}
	has(f(2, "rules", "init", "--prometheus", server.URL, "--dir", dir), "exists already", "--force")
	has(f(2, "rules", "init", "--dir", t.TempDir()), "--prometheus")
	has(f(2, "rules", "init", "--prometheus", "http://me:secret@host", "--dir", t.TempDir()), "password")
	has(f(0, "rules", "init", "--prometheus", server.URL, "--dir", dir, "--force", "--json", "--moments", "0"), `"library/http-red"`)
	if kept, err := os.ReadFile(filepath.Join(dir, "token")); err != nil || string(kept) != string(token) {
		t.Errorf("--force made another token: %v", err)
	}
	has(f(0, "config", "check", "-c", c), "no mistakes")
	has(f(0, "rules", "check", "-c", c), "all well")

	has(f(0, "rules", "coverage", "-c", c), "cart    http-red: errors", "go-runtime: goroutines", "ledger  grpc: errors", "3 services: 3 covered, 0 not")
	narrow(t, dir)
	has(f(1, "rules", "coverage", "-c", c, "--strict"), "ledger  not covered: red: the store has none of its series", "search  not covered: rule red excepts it", "1 covered, 2 not")
	has(f(0, "rules", "coverage", "-c", c, "--json", "--unseen"), `"service": "ledger"`)

	at := bad.UTC().Format(time.RFC3339)
	has(f(0, "rules", "try", "red", "--service", "cart", "--at", at, "-c", c, "--ascii"),
		"cart in production: regressed, certain", "errors 0.1", "notify", "roll back by no hook (act)", "final state: regressed")
	has(f(0, "rules", "try", "red", "--service", "cart", "--at", "6h", "-c", c), "nothing at any tick", "final state: healthy")
	has(f(0, "rules", "try", "red", "--service", "cart", "--at", at, "-c", c, "--json"), `"grade": "certain"`)
	has(f(2, "rules", "try", "rad", "--service", "cart", "--at", at, "-c", c), "the rules are red")
	has(f(2, "rules", "try", "red", "--service", "search", "--at", at, "-c", c), "does not watch")
	has(f(2, "rules", "try", "red", "--service", "cart", "--at", "yesterday", "-c", c), "is not a time")
	has(f(2, "rules", "try", "red", "--service", "cart", "--at", "0s", "-c", c), "nothing to judge yet")
}

// narrow writes a rule that watches one of the three services.
func narrow(t *testing.T, dir string) {
	t.Helper()
	const text = `team: shop
rules:
  - name: red
    watch: {service: "*", except: search}
    signals: [{name: errors, counter: 'http_requests_total{$match}', bad: 'code=~"5.."', if_unmatched: skip}]
    respond:
      - {at_least: likely, tell: $owner.pager}
      - {at_least: certain, rollback: {hook: $service.hook, mode: act}}
`
	if err := os.WriteFile(filepath.Join(dir, "rules", "start.yml"), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// TestTheFirstHourOnVictoriaMetrics: it has no native histograms, whose functions are in the
// library and in the survey.
func TestTheFirstHourOnVictoriaMetrics(t *testing.T) {
	t.Parallel()
	now := time.Now().Truncate(15 * time.Second)
	bad := now.Add(-3 * time.Hour)
	server := servertest.VictoriaMetrics(t)
	server.Seed(t, town(bad, now)...)
	dir := t.TempDir()
	c := filepath.Join(dir, "pushback.yml")
	f, has := runsPushback(t)
	has(f(0, "rules", "init", "--prometheus", server.URL, "--dir", dir, "--team", "shop", "--moments", "4"), "found 3 services", "at 4 random moments")
	has(f(0, "rules", "coverage", "-c", c), "cart    http-red: errors", "search  http-red: errors, latency", "3 services: 3 covered, 0 not")
	at := bad.UTC().Format(time.RFC3339)
	has(f(0, "rules", "try", "http-red", "--service", "cart", "--at", at, "-c", c, "--ascii"), "cart in production: regressed, certain", "final state: regressed")
	has(f(0, "rules", "try", "http-red", "--service", "search", "--at", "6h", "-c", c), "nothing at any tick")

	// Where a store can evaluate none of a signal's expressions, it says so.
	const native = `team: shop
rules:
  - name: red
    watch: {service: "*"}
    signals: [{name: slow, kind: ratio, query: 'histogram_fraction(1, 2, sum(rate(x{$match}[$__rate_interval])))', if_unmatched: skip}]
`
	if err := os.WriteFile(filepath.Join(dir, "rules", "start.yml"), []byte(native), 0o600); err != nil {
		t.Fatal(err)
	}
	has(f(0, "rules", "coverage", "-c", c), "signal slow", "histogram_fraction")
	has(f(1, "rules", "try", "red", "--service", "cart", "--at", at, "-c", c), "the metric store failed", "histogram_fraction")

	// A service whose counter has none of the labels that the library knows.
	odd := sources.Series{Labels: map[string]string{"__name__": "http_requests_total", "job": "odd", "colour": "red"}}
	for i := range 240 {
		odd.Samples = append(odd.Samples, sources.Sample{T: now.Add(time.Duration(i-239) * 15 * time.Second).UnixMilli(), V: float64(i)})
	}
	server.Seed(t, odd)
	// VictoriaMetrics remembers for about a second which series a query meets.
	const unseen = "no series of http_requests_total has the label code; it has colour, so that bad events of odd cannot be seen"
	text := ""
	for deadline := time.Now().Add(time.Minute); !strings.Contains(text, unseen) && time.Now().Before(deadline); {
		text = f(0, "rules", "init", "--prometheus", server.URL, "--dir", t.TempDir(), "--moments", "0")
	}
	has(text, unseen)
}
