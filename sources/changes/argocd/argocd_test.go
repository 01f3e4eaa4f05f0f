package argocd

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/pushback/pushback/sources"
	"github.com/pushback/pushback/sources/changes"
	"github.com/pushback/pushback/sources/changes/changestest"
	"github.com/pushback/pushback/sources/changes/webhook"
)

// synced is what the shipped template writes of an application that was just synced; see
// deploy/argocd, whose test renders it.
const synced = `{
  "application": {"uid": "9d5b", "name": "cart", "namespace": "argocd", "project": "shop", "labels": {"env": "prod"}},
  "destination": {"server": "https://kubernetes.default.svc", "namespace": "shop-prod"},
  "operation": {"phase": "Succeeded", "startedAt": "2026-03-01T12:00:00Z", "finishedAt": "2026-03-01T12:00:05Z", "revision": "bbb2",
    "initiatedBy": {"username": "ada"}},
  "health": {"status": "Healthy", "lastTransitionTime": "2026-03-01T12:02:00Z"},
  "history": [{"id": 6, "revision": "aaa1", "deployStartedAt": "2026-02-01T12:00:00Z"}, {"id": 7, "revision": "bbb2", "deployStartedAt": "2026-03-01T12:00:00Z"}],
  "images": ["registry:5000/acme/cart:v42", "envoy@sha256:00ff"],
  "url": "https://argocd.example.org/applications/argocd/cart"
}`

func settings(c changestest.Config) webhook.TokenConfig {
	return webhook.TokenConfig{Config: webhook.Config{SecretFiles: c.SecretFiles, Insecure: c.Insecure, Scope: c.Scope}}
}

func running() string {
	return strings.NewReplacer(`"Succeeded"`, `"Running"`, `"finishedAt": "2026-03-01T12:00:05Z"`, `"finishedAt": null`,
		`, {"id": 7, "revision": "bbb2", "deployStartedAt": "2026-03-01T12:00:00Z"}`, "").Replace(synced)
}

func TestContract(t *testing.T) {
	changestest.Run(t, changestest.Subject{
		New: func(c changestest.Config) (changes.Source, error) {
			return New(changes.Options{Name: changestest.Name}, Config{TokenConfig: settings(c), EnvironmentFrom: "namespace"})
		},
		Signatures: []changestest.Signature{changestest.Token("Authorization")},
		Started:    changestest.Delivery{Body: running()},
		Succeeded:  changestest.Delivery{Body: synced},
		Ignored:    []changestest.Delivery{{Body: strings.Replace(synced, `"Healthy"`, `"Progressing"`, 1)}, {Body: strings.NewReplacer(`"Healthy"`, `"Suspended"`).Replace(synced)}},
		At:         time.Date(2026, 3, 1, 12, 2, 0, 0, time.UTC), Environment: "shop-prod",
	})
}

func source(t testing.TB, c Config) changes.Source {
	t.Helper()
	c.Insecure = true
	s, err := New(changes.Options{Name: "argocd"}, c)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestStates(t *testing.T) {
	s := source(t, Config{})
	f := func(phase, health string, want sources.Status, at string) {
		t.Helper()
		got, err := s.Parse(nil, []byte(strings.NewReplacer(`"Succeeded"`, `"`+phase+`"`, `"Healthy"`, `"`+health+`"`).Replace(synced)))
		if want == "" {
			if !errors.Is(err, changes.ErrIgnored) {
				t.Errorf("%s and %s: %+v, %v; want it ignored", phase, health, got, err)
			}
			return
		}
		if err != nil {
			t.Fatalf("%s and %s: %v", phase, health, err)
		}
		if last := got[len(got)-1]; last.Status != want || last.At.Format(time.TimeOnly) != at || last.Version != "bbb2" || last.Previous != "aaa1" || last.Actor != "ada" {
			t.Errorf("%s and %s: %+v; want %s at %s", phase, health, last, want, at)
		}
	}
	f("Running", "Healthy", sources.Started, "12:00:00")
	f("Terminating", "Progressing", sources.Started, "12:00:00")
	f("Succeeded", "Healthy", sources.Succeeded, "12:02:00")
	f("Succeeded", "Degraded", sources.Failed, "12:00:05")
	f("Succeeded", "Missing", "", "")
	f("Failed", "Healthy", sources.Failed, "12:00:05")
	f("Error", "Unknown", sources.Failed, "12:00:05")
}

// A deploy that was healthy and then breaks must stay one that can be rolled back, in whichever order the
// two are delivered, and also where the application was healthy all the time.
func TestDegradedAfterHealthyIsNoFailedDeploy(t *testing.T) {
	for _, since := range []string{"2026-03-01T12:02:00Z", "2026-02-28T12:00:00Z"} {
		s := source(t, Config{})
		healthy, err := s.Parse(nil, []byte(strings.Replace(synced, "2026-03-01T12:02:00Z", since, 1)))
		if err != nil {
			t.Fatal(err)
		}
		degraded, err := s.Parse(nil, []byte(strings.Replace(synced, `"Healthy", "lastTransitionTime": "2026-03-01T12:02:00Z"`, `"Degraded", "lastTransitionTime": "2026-03-01T12:20:00Z"`, 1)))
		if err != nil {
			t.Fatal(err)
		}
		for _, order := range [][]sources.Event{append(healthy[:2:2], degraded...), append(degraded[:2:2], healthy...)} {
			c := sources.Begin(order[0])
			for _, e := range order[1:] {
				c = c.Fold(e)
			}
			if c.Status != sources.Succeeded {
				t.Errorf("healthy since %s, then degraded: the change %s", since, c.Status)
			}
		}
	}
}

// A sync of the same revision again is another change, and its version before is the other one.
func TestTheSameRevisionAgain(t *testing.T) {
	s := source(t, Config{})
	first, err := s.Parse(nil, []byte(synced))
	if err != nil {
		t.Fatal(err)
	}
	again, err := s.Parse(nil, []byte(strings.NewReplacer("2026-03-01T12", "2026-03-02T09",
		`"history": [`, `"history": [{"id": 5, "revision": "aaa1"}, {"id": 6, "revision": "bbb2", "deployStartedAt": "2026-03-01T12:00:00Z"}, `).Replace(synced)))
	if err != nil || again[0].ChangeID == first[0].ChangeID || again[0].Version != "bbb2" || again[0].Previous != "aaa1" {
		t.Errorf("%+v, %v", again, err)
	}
}

func TestSeveralSources(t *testing.T) {
	s := source(t, Config{})
	f := func(now, before, version, previous string) {
		t.Helper()
		got, err := s.Parse(nil, []byte(strings.NewReplacer(`"revision": "bbb2",
    "init`, `"revisions": `+now+`, "init`, `{"id": 6, "revision": "aaa1"`, `{"id": 6, "revisions": `+before, `"revision": "bbb2", "deploy`, `"revisions": `+now+`, "deploy`).Replace(synced)))
		if err != nil || got[0].Version != version || got[0].Previous != previous {
			t.Errorf("%s after %s: %+v, %v", now, before, got, err)
		}
	}
	f(`["app2", "values1"]`, `["app1", "values1"]`, "app2", "app1")
	f(`["app1", "values2"]`, `["app1", "values1"]`, "values2", "values1")
	f(`["app2", "values2"]`, `["app1", "values1"]`, "app2", "app1")
	f(`["app2", "values2"]`, `["app1"]`, "app2", "")
}

func TestTheImageIsTheVersion(t *testing.T) {
	s := source(t, Config{Image: "*/cart"})
	if got, err := s.Parse(nil, []byte(running())); !errors.Is(err, changes.ErrIgnored) {
		t.Errorf("a sync that runs: %+v, %v", got, err)
	}
	got, err := s.Parse(nil, []byte(synced))
	if err != nil || len(got) != 2 || got[0].Version != "v42" || got[0].Status != sources.Started || got[1].Version != "v42" || got[1].Previous != "" {
		t.Errorf("%+v, %v", got, err)
	}
}

func TestEnvironments(t *testing.T) {
	f := func(from, want string) {
		t.Helper()
		got, err := source(t, Config{EnvironmentFrom: from, TokenConfig: webhook.TokenConfig{Config: webhook.Config{Environment: "live"}}}).Parse(nil, []byte(synced))
		if err != nil || got[1].Environment != want {
			t.Errorf("%s: %+v, %v", from, got, err)
		}
	}
	f("", "live")
	f("cluster", "https://kubernetes.default.svc")
	f("namespace", "shop-prod")
	f("project", "shop")
	f("labels.env", "prod")
	f("labels.absent", "live")
	for _, from := range []string{"label", "labels.", "server"} {
		if _, err := New(changes.Options{}, Config{EnvironmentFrom: from}); err == nil || !strings.HasPrefix(err.Error(), "environment_from") {
			t.Errorf("%s: %v", from, err)
		}
	}
}

func FuzzParse(f *testing.F) {
	changestest.Fuzz(f, source(f, Config{EnvironmentFrom: "labels.env", Image: "*cart*"}), changestest.Delivery{Body: synced}, changestest.Delivery{Body: running()})
}
