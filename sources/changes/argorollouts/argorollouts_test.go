package argorollouts

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

// completed is what the shipped template writes; deploy/argorollouts renders it.
const completed = `{
  "event": "completed", "at": "2026-03-01T12:10:00+01:00",
  "rollout": {"uid": "2011", "name": "cart", "namespace": "shop", "labels": {"env": "prod"}, "revision": "17"},
  "containers": [{"name": "cart", "image": "registry.example.org:5000/acme/cart:v42@sha256:00ff"}, {"name": "proxy", "image": "envoy@sha256:00ee"}]
}`

func settings(c changestest.Config) webhook.TokenConfig {
	return webhook.TokenConfig{Config: webhook.Config{SecretFiles: c.SecretFiles, Insecure: c.Insecure, Scope: c.Scope}}
}

func TestContract(t *testing.T) {
	changestest.Run(t, changestest.Subject{
		New: func(c changestest.Config) (changes.Source, error) {
			return New(changes.Options{Name: changestest.Name}, Config{TokenConfig: settings(c), EnvironmentFrom: "labels.env"})
		},
		Signatures: []changestest.Signature{changestest.Token("Authorization")},
		Started:    changestest.Delivery{Body: strings.NewReplacer("completed", "updated", "12:10", "12:00").Replace(completed)},
		Succeeded:  changestest.Delivery{Body: completed},
		At:         time.Date(2026, 3, 1, 11, 10, 0, 0, time.UTC), Environment: "prod",
	})
}

func source(t testing.TB, c Config) changes.Source {
	t.Helper()
	c.Insecure = true
	s, err := New(changes.Options{Name: "rollouts"}, c)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestVersions(t *testing.T) {
	f := func(container, version string) {
		t.Helper()
		got, err := source(t, Config{Container: container}).Parse(nil, []byte(completed))
		if version == "" {
			if !errors.As(err, new(*sources.BadEvent)) {
				t.Errorf("%q: %+v, %v", container, got, err)
			}
			return
		}
		if err != nil || got[0].Version != version || got[0].Service != "cart" || got[0].Status != sources.Succeeded {
			t.Errorf("%q: %+v, %v", container, got, err)
		}
	}
	f("", "v42")
	f("cart", "v42")
	f("proxy", "sha256:00ee")
	f("absent", "")
}

// An aborted rollout that is tried again and completes is one change, which succeeded.
func TestAborted(t *testing.T) {
	s := source(t, Config{})
	aborted, err := s.Parse(nil, []byte(strings.NewReplacer("completed", "aborted", "12:10", "12:05").Replace(completed)))
	if err != nil || aborted[0].Status != sources.Failed {
		t.Fatalf("%+v, %v", aborted, err)
	}
	done, err := s.Parse(nil, []byte(completed))
	if err != nil || done[0].ChangeID != aborted[0].ChangeID || sources.Begin(aborted[0]).Fold(done[0]).Status != sources.Succeeded {
		t.Errorf("%+v, %v", done, err)
	}
}

func TestSettings(t *testing.T) {
	for _, from := range []string{"cluster", "labels."} {
		if _, err := New(changes.Options{}, Config{EnvironmentFrom: from}); err == nil || !strings.HasPrefix(err.Error(), "environment_from") {
			t.Errorf("%s: %v", from, err)
		}
	}
}

func FuzzParse(f *testing.F) {
	changestest.Fuzz(f, source(f, Config{EnvironmentFrom: "namespace"}), changestest.Delivery{Body: completed})
}
