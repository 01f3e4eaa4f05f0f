//go:build integration

package main_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/pushback/pushback/internal/proof/servertest"
	"github.com/pushback/pushback/internal/server/api"
	"github.com/pushback/pushback/sources"
)

// TestServe checks the main promises with the built program and real servers. The
// parts run at once, because they mostly wait.
func TestServe(t *testing.T) {
	if _, err := binary(); err != nil {
		t.Fatal(err)
	}
	together(t,
		part{"the whole path on Prometheus", func(t *testing.T) { wholePath(t, servertest.Prometheus) }},
		part{"the whole path on VictoriaMetrics", func(t *testing.T) { wholePath(t, servertest.VictoriaMetrics) }},
		part{"the store stops", storeStops},
		part{"kill -9", kill},
		part{"what people are told", whatPeopleAreTold},
		part{"a replayed delivery", replayedDelivery},
		part{"a thousand events", thousandEvents},
		part{"an unreachable store", unreachableStore},
	)
}

// part is one of several tests that run at once.
type part struct {
	name string
	run  func(t *testing.T)
}

// together runs all parts at once. t.Parallel would limit them to the number of
// processors.
func together(t *testing.T, parts ...part) {
	t.Helper()
	var all sync.WaitGroup
	for _, p := range parts {
		all.Go(func() { t.Run(p.name, p.run) })
	}
	all.Wait()
}

// wholePath scrapes services, reports changes, and checks the results from outside.
func wholePath(t *testing.T, start func(testing.TB, ...string) *servertest.Store) {
	services := map[string]*target{}
	var all []*target
	for _, name := range []string{"bad", "quiet", "dying", "rolling", "overtaken", "following"} {
		services[name] = newTarget(t)
		all = append(all, services[name])
	}
	store, alerts, tool := metricStore(t, start, all...), servertest.Alertmanager(t), newDeployTool(t, nil)
	tool.called = func(call int) { // the rollback of another service does not make this one well
		tool.mu.Lock()
		defer tool.mu.Unlock()
		if strings.Contains(tool.bodies[call-1], `"service":"bad"`) {
			services["bad"].fails.Store(quiet)
		}
	}
	text := strings.Replace(settings(store, tool, services), "receivers:\n", "receivers:\n  pager: {kind: alertmanager, url: \""+alerts.URL+"\"}\n", 1)
	p := serve(t, text, strings.Replace(rule("once"), "{at_least: likely, tell: chat}", "{at_least: likely, tell: [chat, pager]}", 1))

	together(t,
		part{"errors from 0.5 to 3 %", func(t *testing.T) {
			key := p.deploy("bad", "v2")
			services["bad"].fails.Store(bad)
			e := p.await(key, "a rollback", 45*time.Second, ordered("done"))
			if e.Order.Target != "v1" {
				t.Errorf("rolled back to %q", e.Order.Target)
			}
			await(t, "the alert", 10*time.Second, func() bool { return firing(t, alerts.URL, "bad") })
			p.await(key, "a healthy watch of the rollback", 90*time.Second, func(e api.Explanation) bool {
				return len(e.Watches) == 2 && e.Watches[1].State == "healthy"
			})
			await(t, "the end of the alert", 15*time.Second, func() bool { return !firing(t, alerts.URL, "bad") })
			if n := tool.calls(key); n != 1 {
				t.Errorf("the hook was called %d times", n)
			}
		}},
		part{"a change that does nothing", func(t *testing.T) {
			e := p.await(p.deploy("quiet", "v2"), "the end of the watch", 75*time.Second, ended)
			if w := e.Watches[0]; w.State != "healthy" || e.Order != nil || len(e.Messages) > 0 {
				t.Error(describe(e))
			}
		}},
		part{"the service dies", func(t *testing.T) {
			key := p.deploy("dying", "v2")
			services["dying"].server.Close()
			e := p.await(key, "a message", 40*time.Second, func(e api.Explanation) bool { return len(e.Messages) > 0 })
			if w := e.Watches[0]; w.Reason != "signal_lost" || e.Order != nil {
				t.Error(describe(e))
			}
		}},
		part{"started and succeeded two minutes apart", func(t *testing.T) {
			begun := time.Now().Add(-2 * time.Minute)
			p.report("rolling", "v2", sources.Started, begun)
			key := p.deploy("rolling", "v2")
			services["rolling"].fails.Store(bad)
			e := p.await(key, "a rollback", 45*time.Second, ordered("done"))
			if base := e.Watches[0].BaseAt; base.Sub(begun).Abs() > time.Millisecond {
				t.Errorf("before ends at %s, want the start at %s", base, begun)
			}
		}},
		part{"a bad change soon after a good one", func(t *testing.T) {
			good, began := p.deploy("following", "v2"), time.Now()
			p.await(good, "ten ticks", 40*time.Second, func(api.Explanation) bool { return time.Since(began) > 20*time.Second })
			key := p.deploy("following", "v3")
			services["following"].fails.Store(2) // with 3 of 100, nobody knows to within three ticks when it began
			e := p.await(key, "a rollback", 45*time.Second, ordered("done"))
			if base := e.Watches[0].BaseAt; e.Change.StartedAt.Sub(base) < 20*time.Second {
				t.Errorf("compared with what was before %s, want before the predecessor", base)
			}
		}},
		part{"a newer deploy before the verdict", func(t *testing.T) {
			old := p.deploy("overtaken", "v2")
			services["overtaken"].fails.Store(bad)
			p.await(old, "a look", 20*time.Second, func(e api.Explanation) bool { return len(e.Watches) > 0 && e.Watches[0].State == "watching" })
			next := p.deploy("overtaken", "v3")
			services["overtaken"].fails.Store(quiet)
			e := p.await(old, "the end of the old watch", 20*time.Second, ended)
			if w := e.Watches[0]; w.State != "superseded" || e.Order != nil {
				t.Error(describe(e))
			}
			if e := p.await(next, "the end of the new watch", 75*time.Second, ended); e.Order != nil {
				t.Error(describe(e))
			}
			if n := tool.calls(old) + tool.calls(next); n != 0 {
				t.Errorf("the hook was called %d times", n)
			}
		}},
	)
}

// firing reports whether Alertmanager shows an alert of a service.
func firing(t *testing.T, url, service string) bool {
	t.Helper()
	response, err := http.Get(url + "/api/v2/alerts?active=true")
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	var alerts []struct{ Labels map[string]string }
	if err := json.NewDecoder(response.Body).Decode(&alerts); err != nil {
		t.Fatal(err)
	}
	for _, a := range alerts {
		if a.Labels["service"] == service {
			return true
		}
	}
	return false
}

// The metric store stops while two changes are watched, one of them bad.
func storeStops(t *testing.T) {
	services := map[string]*target{"cart": newTarget(t), "search": newTarget(t)}
	store, tool := metricStore(t, servertest.Prometheus, services["cart"], services["search"]), newDeployTool(t, nil)
	p := serve(t, settings(store, tool, services), rule("once"))
	cart, search := p.deploy("cart", "v2"), p.deploy("search", "v2")
	for _, key := range []string{cart, search} {
		p.await(key, "a look", 20*time.Second, func(e api.Explanation) bool { return len(e.Watches) > 0 && e.Watches[0].Last != nil })
	}
	store.Stop()
	services["cart"].fails.Store(2)
	for _, key := range []string{cart, search} {
		e := p.await(key, "the end of the watch", 75*time.Second, ended)
		if w := e.Watches[0]; w.State != "blind" || e.Order != nil {
			t.Error(describe(e))
		}
	}
	if n := tool.calls(cart); n != 0 {
		t.Errorf("the hook was called %d times", n)
	}
	if n := tool.messages("cannot be read"); n != 1 {
		t.Errorf("%d messages, want 1", n)
	}
}
