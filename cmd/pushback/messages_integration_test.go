//go:build integration

package main_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/pushback/pushback/internal/proof/servertest"
	"github.com/pushback/pushback/notify"
	"github.com/pushback/pushback/sources"
)

// whatPeopleAreTold checks the sequence of messages of every outcome that a test can wait for,
// with the built program, as a receiver and an Alertmanager get them.
func whatPeopleAreTold(t *testing.T) {
	services := map[string]*target{}
	var all []*target
	hooks := map[string]string{"helped": "once", "asked": "once", "rolling": "once", "refused": "once", "failed": "fails", "unknown": "hangsup"}
	for name := range hooks {
		services[name] = newTarget(t)
		all = append(all, services[name])
	}
	tool, alerts := newDeployTool(t, nil), servertest.Alertmanager(t)
	p := serve(t, settingsOfOutcomes(t, metricStore(t, servertest.Prometheus, all...), tool, services, hooks, alerts.URL), ruleOfOutcomes)
	told := func(service string, within time.Duration, want ...string) {
		t.Helper()
		var got []string
		defer func() { t.Logf("%s:\n  %s", service, strings.Join(tool.told(service), "\n  ")) }()
		await(t, fmt.Sprintf("%s: %q, not %q", service, want, got), within, func() bool { got = tool.outcomes(service); return slices.Equal(got, want) })
	}
	worse := func(service string, share int64, s sources.Status, alter func(*sources.Event)) string {
		t.Helper()
		key := p.reportEvent(service, s, alter)
		services[service].fails.Store(share)
		return key
	}
	together(t,
		part{"rolled back", func(t *testing.T) {
			key := worse("helped", bad, sources.Succeeded, nil)
			p.await(key, "a rollback", 45*time.Second, ordered("done"))
			services["helped"].fails.Store(quiet)
			await(t, "the alert with its numbers", 10*time.Second, func() bool {
				a := alertOf(t, alerts.URL, "helped")
				return strings.Contains(a["summary"], "rolled back to v1 — errors 0.") && strings.Contains(a["description"], "; certain, p") && a["runbook_url"] != ""
			})
			told("helped", 90*time.Second, "rolling back to v1", "rolled back to v1", "well again since v2 was rolled back")
		}},
		part{"a person is asked", func(t *testing.T) {
			p.reportEvent("asked", sources.Succeeded, func(e *sources.Event) { e.ChangeID, e.EventID, e.Kind, e.Version = "c7", "c7", sources.Config, "c7" })
			key := worse("asked", bad, sources.Succeeded, nil)
			p.await(key, "a question", 45*time.Second, ordered("proposed"))
			told("asked", 10*time.Second, "rollback to v1 waits for a person")
			if status := p.request(http.MethodPost, "/v1/orders/"+key+"/approve", nil, []byte(`{"actor": "amy"}`), nil); status != http.StatusOK {
				t.Errorf("approving: %d", status)
			}
			told("asked", 30*time.Second, "rollback to v1 waits for a person", "rollback to v1 approved by amy", "rolling back to v1", "rolled back to v1")
		}},
		part{"the rollout has not ended", func(t *testing.T) {
			worse("rolling", 2, sources.Started, nil)
			told("rolling", 60*time.Second, "rollback to v1 waits until the rollout of v2 ends")
			p.reportEvent("rolling", sources.Succeeded, nil)
			told("rolling", 30*time.Second, "rollback to v1 waits until the rollout of v2 ends", "rolling back to v1", "rolled back to v1")
		}},
		part{"refused", func(t *testing.T) {
			worse("refused", bad, sources.Succeeded, func(e *sources.Event) { e.Reversible = new(bool) })
			told("refused", 45*time.Second, "not rolled back to v1")
		}},
		part{"the hook fails", func(t *testing.T) {
			worse("failed", bad, sources.Succeeded, nil)
			told("failed", 45*time.Second, "rolling back to v1", "rollback to v1 FAILED")
		}},
		part{"the hook hangs up", func(t *testing.T) {
			worse("unknown", bad, sources.Succeeded, nil)
			told("unknown", 45*time.Second, "rolling back to v1", "rollback to v1: OUTCOME UNKNOWN")
		}},
	)
}

// ruleOfOutcomes has a runbook, and calls the hook of each service.
var ruleOfOutcomes = strings.NewReplacer(
	"    settle:", "    runbook: https://wiki.example/red\n    settle:", "tell: chat}", "tell: [chat, pager]}",
).Replace(rule("$service.hook"))

// settingsOfOutcomes names a hook for each service. One of them fails, and one hangs up.
func settingsOfOutcomes(t *testing.T, s *servertest.Store, tool *deployTool, services map[string]*target, hooks map[string]string, alertmanager string) string {
	t.Helper()
	broken := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		if r.URL.Path == "/hangsup" {
			panic(http.ErrAbortHandler)
		}
		http.Error(w, "no such release", http.StatusUnprocessableEntity)
	}))
	t.Cleanup(broken.Close)
	more := "receivers:\n  pager: {kind: alertmanager, url: \"" + alertmanager + "\"}\n"
	for _, name := range []string{"fails", "hangsup"} {
		more = fmt.Sprintf("  %s: {kind: http, url: %q, secret_file: secret}\n", name, broken.URL+"/"+name) + more
	}
	text := strings.Replace(settings(s, tool, services), "receivers:\n", more, 1)
	for service, hook := range hooks {
		text = strings.Replace(text, "{name: "+service+",", "{name: "+service+", hook: "+hook+",", 1)
	}
	return text
}

// reportEvent reports v2 of a service, as alter has changed it.
func (p *process) reportEvent(service string, s sources.Status, alter func(*sources.Event)) string {
	p.t.Helper()
	e := sources.Event{
		EventID: service + string(s), ChangeID: service + "v2", Status: s, At: time.Now().UTC(),
		Service: service, Environment: "production", Kind: sources.Deploy, Version: "v2", Previous: "v1",
	}
	if alter != nil {
		alter(&e)
	}
	body, err := json.Marshal(e)
	if err != nil {
		p.t.Fatal(err)
	}
	var accepted struct{ Key string }
	if status := p.request(http.MethodPost, "/v1/events", nil, body, &accepted); status/100 != 2 {
		p.t.Fatalf("the event of %s was answered with %d", service, status)
	}
	return accepted.Key
}

// messagesOf are the messages about v2 of a service, in the order in which they came.
func (d *deployTool) messagesOf(service string) (all []notify.Message) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, text := range d.chat {
		var event struct{ Data notify.Message }
		if err := json.Unmarshal([]byte(text), &event); err == nil {
			if facts := event.Data.FieldValues(); facts["service"] == service && facts["version"] == "v2" {
				all = append(all, event.Data)
			}
		}
	}
	return all
}

func (d *deployTool) told(service string) (lines []string) {
	for _, m := range d.messagesOf(service) {
		lines = append(lines, m.Title+" | "+m.Action)
	}
	return lines
}

// outcomes are the titles of orders and ends, without the change and the numbers.
func (d *deployTool) outcomes(service string) (titles []string) {
	for _, m := range d.messagesOf(service) {
		if m.Kind == "order" || m.Resolved {
			_, title, _ := strings.Cut(m.Title, ": ")
			title, _, _ = strings.Cut(title, " — ")
			titles = append(titles, title)
		}
	}
	return titles
}

// alertOf returns the annotations of the one alert that Alertmanager shows of a service.
func alertOf(t *testing.T, url, service string) map[string]string {
	t.Helper()
	response, err := http.Get(url + "/api/v2/alerts?filter=service%3D" + service)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	var alerts []struct{ Annotations map[string]string }
	if err := json.NewDecoder(response.Body).Decode(&alerts); err != nil {
		t.Fatal(err)
	}
	if len(alerts) != 1 {
		return nil
	}
	return alerts[0].Annotations
}
