package flux

import (
	"errors"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/pushback/pushback/sources"
	"github.com/pushback/pushback/sources/changes"
	"github.com/pushback/pushback/sources/changes/changestest"
	"github.com/pushback/pushback/sources/changes/webhook"
)

const healthy = `{
  "involvedObject": {"apiVersion": "kustomize.toolkit.fluxcd.io/v1", "kind": "Kustomization", "namespace": "shop", "name": "cart", "uid": "7d0c"},
  "severity": "info", "timestamp": "2026-03-01T12:02:00Z", "message": "Health check passed in 2.1s", "reason": "Progressing",
  "metadata": {"kustomize.toolkit.fluxcd.io/revision": "main@sha1:731f7eaddfb6af01cb2173e18f0f75b0ba780ef1", "environment": "prod"},
  "reportingController": "kustomize-controller", "reportingInstance": "kustomize-controller-7c7b"
}`

const upgraded = `{
  "involvedObject": {"kind": "HelmRelease", "namespace": "shop", "name": "cart", "uid": "8e1d"},
  "severity": "info", "timestamp": "2026-03-01T12:02:00Z", "message": "Helm upgrade succeeded", "reason": "UpgradeSucceeded",
  "metadata": {"helm.toolkit.fluxcd.io/revision": "6.5.0", "helm.toolkit.fluxcd.io/token": "sha256:11", "helm.toolkit.fluxcd.io/app-version": "v42"}
}`

func applied() string {
	return strings.NewReplacer("Health check passed in 2.1s", "Deployment/shop/cart configured", "12:02:00", "12:00:00").Replace(healthy)
}

func TestContract(t *testing.T) {
	changestest.Run(t, changestest.Subject{
		New: func(c changestest.Config) (changes.Source, error) {
			return New(changes.Options{Name: changestest.Name}, Config{Config: webhook.Config{SecretFiles: c.SecretFiles, Insecure: c.Insecure, Scope: c.Scope}})
		},
		Signatures: []changestest.Signature{changestest.HexHMAC("X-Signature", "sha256=")},
		Started:    changestest.Delivery{Body: applied()},
		Succeeded:  changestest.Delivery{Body: healthy},
		Ignored: []changestest.Delivery{
			{Body: strings.Replace(healthy, `"Kustomization"`, `"GitRepository"`, 1)},
			{Body: strings.Replace(healthy, `"Progressing"`, `"DependencyNotReady"`, 1)},
			{Body: strings.Replace(healthy, "toolkit.fluxcd.io/revision", "toolkit.fluxcd.io/digest", 1)},
			{Body: strings.Replace(upgraded, "UpgradeSucceeded", "TestSucceeded", 1)},
		},
		Volatile: []string{"Gotk-Component"},
		At:       time.Date(2026, 3, 1, 12, 2, 0, 0, time.UTC), Environment: "prod",
	})
}

func source(t testing.TB, c Config) changes.Source {
	t.Helper()
	c.Insecure = true
	s, err := New(changes.Options{Name: "flux"}, c)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestReasons(t *testing.T) {
	f := func(name, body string, applyIsEnd bool, want sources.Status) {
		t.Helper()
		got, err := source(t, Config{ApplyIsEnd: applyIsEnd}).Parse(nil, []byte(body))
		if err != nil || len(got) != 1 || got[0].Status != want || got[0].Service != "cart" {
			t.Errorf("%s: %+v, %v; want %s", name, got, err, want)
		}
	}
	f("applied", applied(), false, sources.Started)
	f("applied, without wait", applied(), true, sources.Succeeded)
	f("healthy", healthy, false, sources.Succeeded)
	f("finished", strings.Replace(applied(), `"Progressing"`, `"ReconciliationSucceeded"`, 1), false, sources.Succeeded)
	f("failed", strings.NewReplacer(`"info"`, `"error"`, `"Progressing"`, `"HealthCheckFailed"`).Replace(applied()), true, sources.Failed)
	f("helm", upgraded, false, sources.Succeeded)
	f("helm failed", strings.NewReplacer(`"info"`, `"error"`, "UpgradeSucceeded", "UpgradeFailed").Replace(upgraded), false, sources.Failed)
	f("helm went back", strings.Replace(upgraded, "UpgradeSucceeded", "RollbackSucceeded", 1), false, sources.Succeeded)
}

func TestVersions(t *testing.T) {
	s := source(t, Config{})
	f := func(revision, want string) {
		t.Helper()
		got, err := s.Parse(nil, []byte(strings.Replace(healthy, `"main@sha1:731f7eaddfb6af01cb2173e18f0f75b0ba780ef1"`, revision, 1)))
		if err != nil || got[0].Version != want {
			t.Errorf("%s: %+v, %v", revision, got, err)
		}
	}
	f(`"main@sha1:731f7e"`, "731f7e")
	f(`"feature/x@sha1:731f7e"`, "731f7e")
	f(`"latest@sha256:0b31"`, "sha256:0b31")
	f(`"latest@sha256:0b31", "kustomize.toolkit.fluxcd.io/originRevision": "main@sha1:731f7e"`, "731f7e")
	f(`"main/731f7e"`, "731f7e")
	f(`"sha1:731f7e"`, "731f7e")
	f(`"6.5.0"`, "6.5.0")
}

// What a Kustomization repeats at each interval is one event, and an upgrade of a HelmRelease back to a version
// that it had is another change.
func TestIdentity(t *testing.T) {
	s := source(t, Config{})
	same := func(a, b string) bool {
		first, errA := s.Parse(nil, []byte(a))
		second, errB := s.Parse(nil, []byte(b))
		if errA != nil || errB != nil {
			t.Fatal(errA, errB)
		}
		return first[0].EventID == second[0].EventID
	}
	if !same(applied(), strings.Replace(applied(), "12:00:00", "13:00:00", 1)) {
		t.Error("the same apply an hour later is another event")
	}
	if same(upgraded, strings.Replace(upgraded, "12:02:00", "13:00:00", 1)) {
		t.Error("an upgrade an hour later is the same event")
	}
}

func TestRealDelivery(t *testing.T) {
	body, err := os.ReadFile("../../../../shared/payloads/flux/generic_validation_failed.json")
	if err != nil {
		t.Skipf("Flux's own example is not beside the repository: %v", err)
	}
	got, err := source(t, Config{}).Parse(nil, body)
	if err != nil || got[0].Status != sources.Failed || got[0].Service != "webapp" || got[0].Version != "731f7eaddfb6af01cb2173e18f0f75b0ba780ef1" {
		t.Errorf("%+v, %v", got, err)
	}
}

func TestWithoutATime(t *testing.T) {
	_, err := source(t, Config{}).Parse(nil, []byte(strings.Replace(healthy, `"timestamp"`, `"time"`, 1)))
	if !errors.As(err, new(*sources.BadEvent)) || !strings.Contains(err.Error(), "timestamp") {
		t.Error(err)
	}
}

func FuzzParse(f *testing.F) {
	changestest.Fuzz(f, source(f, Config{}), changestest.Delivery{Body: healthy}, changestest.Delivery{Body: upgraded})
}
