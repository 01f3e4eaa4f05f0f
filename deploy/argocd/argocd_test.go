package argocd

import (
	"errors"
	"os"
	"strings"
	"testing"

	"github.com/pushback/pushback/sources"
	"github.com/pushback/pushback/sources/changes"
	"github.com/pushback/pushback/sources/changes/argocd"
	"github.com/pushback/pushback/sources/changes/webhook"
)

// healthy is an Application that was just synced, with the fields that Argo CD writes.
const healthy = `
apiVersion: argoproj.io/v1alpha1
kind: Application
metadata: {name: cart, namespace: argocd, uid: 94978696-4fd4-40b3-a1de-38d9df9e9316, labels: {env: prod}}
spec:
  project: shop
  destination: {server: "https://kubernetes.default.svc", namespace: shop-prod}
  source: {repoURL: "https://git.example.org/shop.git", path: cart, targetRevision: main}
status:
  health: {status: Healthy, lastTransitionTime: "2026-03-01T12:02:00Z"}
  sync: {status: Synced, revision: bbb2}
  summary: {images: ["registry.example.org/shop/cart:v42"]}
  operationState:
    phase: Succeeded
    startedAt: "2026-03-01T12:00:00Z"
    finishedAt: "2026-03-01T12:00:05Z"
    message: successfully synced (all tasks run)
    operation: {initiatedBy: {username: ada}, sync: {revision: bbb2}}
    syncResult: {revision: bbb2, resources: [{kind: Deployment, name: cart, status: Synced}]}
  history:
  - {id: 6, revision: aaa1, deployStartedAt: "2026-02-01T12:00:00Z", deployedAt: "2026-02-01T12:00:05Z", source: {repoURL: x}}
  - {id: 7, revision: bbb2, deployStartedAt: "2026-03-01T12:00:00Z", deployedAt: "2026-03-01T12:00:05Z", source: {repoURL: x}}
`

func with(changes ...string) string { return strings.NewReplacer(changes...).Replace(healthy) }

func running() string {
	return with("phase: Succeeded", "phase: Running", `    finishedAt: "2026-03-01T12:00:05Z"
`, "", `  - {id: 7, revision: bbb2, deployStartedAt: "2026-03-01T12:00:00Z", deployedAt: "2026-03-01T12:00:05Z", source: {repoURL: x}}
`, "")
}

func argo(t *testing.T, c argocd.Config) *engine {
	t.Helper()
	c.SecretFiles = []string{secretFile(t)}
	source, err := argocd.New(changes.Options{Name: "argocd"}, c)
	if err != nil {
		t.Fatal(err)
	}
	return start(t, "pushback.yaml", source)
}

// vars are what Argo CD gives to triggers and templates.
func vars(t *testing.T, application string) map[string]any {
	return map[string]any{"app": object(t, application), "context": map[string]string{"argocdUrl": "https://argocd.example.org"}}
}

func TestApplications(t *testing.T) {
	e := argo(t, argocd.Config{EnvironmentFrom: "namespace"})
	f := func(name, application string, want sources.Status, version, previous string) []sources.Event {
		t.Helper()
		v := vars(t, application)
		due := e.run("pushback", v)
		if want == "" {
			if len(due) > 0 {
				t.Errorf("%s: triggered %+v", name, due)
			}
			return nil
		}
		if len(due) != 1 {
			t.Fatalf("%s: triggered %+v, want one condition", name, due)
		}
		d := e.send(due[0].Templates, v)
		if d.err != nil || len(d.events) == 0 {
			t.Fatalf("%s: %+v, %v", name, d.events, d.err)
		}
		got := d.events[len(d.events)-1]
		if got.Status != want || got.Version != version || got.Previous != previous || got.Service != "cart" || got.Environment != "shop-prod" || got.URL != "https://argocd.example.org/applications/argocd/cart" {
			t.Errorf("%s: %+v", name, got)
		}
		return d.events
	}
	began := f("running", running(), sources.Started, "bbb2", "aaa1")
	done := f("healthy", healthy, sources.Succeeded, "bbb2", "aaa1")
	if began[0].ChangeID != done[0].ChangeID || !began[0].At.Equal(done[0].At) {
		t.Errorf("began as %+v, ended as %+v", began, done)
	}
	f("rolls out", with("status: Healthy", "status: Progressing"), "", "", "")
	f("degraded", with("status: Healthy", "status: Degraded"), sources.Failed, "bbb2", "aaa1")
	f("a sync that failed", with("phase: Succeeded", "phase: Failed"), sources.Failed, "bbb2", "aaa1")
	f("a sync that could not run", with("phase: Succeeded", "phase: Error"), sources.Failed, "bbb2", "aaa1")
	f("rolled back", with("revision: bbb2", "revision: aaa1", "revision: aaa1", "revision: bbb2"), sources.Succeeded, "aaa1", "bbb2")
	f("never synced", with("operationState", "x"), "", "", "")
	f("new", "{metadata: {name: cart}, spec: {}}", "", "", "")
	f("several sources", with("revision: bbb2", "revisions: [app2, values1]", "revision: aaa1", "revisions: [app1, values1]"), sources.Succeeded, "app2", "app1")
}

// A sync of the same revision again is told again, and once.
func TestTheSameRevisionAgain(t *testing.T) {
	e := argo(t, argocd.Config{})
	first, again := e.run("pushback", vars(t, healthy)), e.run("pushback", vars(t, with(`startedAt: "2026-03-01T12:00:00Z"`, `startedAt: "2026-03-02T09:00:00Z"`)))
	if first[0].OncePer != "2026-03-01T12:00:00Z" || again[0].OncePer != "2026-03-02T09:00:00Z" || first[0].Key != again[0].Key {
		t.Errorf("%+v, then %+v", first, again)
	}
}

// Whatever stands in an application, the body is JSON, and no value leaves its place.
func TestTextsAreEscaped(t *testing.T) {
	e := argo(t, argocd.Config{})
	const hostile = `"}, \"health\": {{ .app }} <b>&\u2028 \\`
	v := vars(t, with(`username: ada`, `username: '`+strings.ReplaceAll(hostile, "'", "''")+`'`, "project: shop", `project: '`+hostile+`'`))
	d := e.send([]string{"pushback"}, v)
	if d.err != nil || d.events[0].Actor != hostile || d.events[0].Labels["project"] != hostile {
		t.Errorf("%+v, %v", d.events, d.err)
	}
}

func TestImages(t *testing.T) {
	e := argo(t, argocd.Config{Image: "*/shop/cart"})
	if d := e.send([]string{"pushback"}, vars(t, healthy)); d.err != nil || d.events[1].Version != "v42" {
		t.Errorf("%+v, %v", d.events, d.err)
	}
	if d := e.send([]string{"pushback"}, vars(t, running())); !errors.Is(d.err, changes.ErrIgnored) {
		t.Errorf("%+v, %v", d.events, d.err)
	}
}

// The token of the Secret is the one that counts.
func TestToken(t *testing.T) {
	other := t.TempDir() + "/other"
	if err := os.WriteFile(other, []byte("another-secret-of-32-characters!"), 0o600); err != nil {
		t.Fatal(err)
	}
	source, err := argocd.New(changes.Options{Name: "argocd"}, argocd.Config{TokenConfig: webhook.TokenConfig{Config: webhook.Config{SecretFiles: []string{other}}}})
	if err != nil {
		t.Fatal(err)
	}
	if d := start(t, "pushback.yaml", source).send([]string{"pushback"}, vars(t, healthy)); !errors.Is(d.err, changes.ErrUnauthorized) {
		t.Errorf("%+v, %v", d.events, d.err)
	}
}

// Every application is subscribed.
func TestSubscriptions(t *testing.T) {
	e := argo(t, argocd.Config{})
	if d := e.config.GetGlobalDestinations(nil)["pushback"]; len(d) != 1 || d[0].Service != "pushback" {
		t.Errorf("%+v", d)
	}
}

// Argo CD's own objects.
func TestRealApplications(t *testing.T) {
	const shared = "../../../shared/payloads/argocd/"
	text, err := os.ReadFile(shared + "application_with_history.yaml")
	if err != nil {
		t.Skipf("Argo CD's own objects are not beside the repository: %v", err)
	}
	e := argo(t, argocd.Config{EnvironmentFrom: "cluster"})
	v := vars(t, string(text))
	due := e.run("pushback", v)
	if len(due) != 1 {
		t.Fatalf("triggered %+v", due)
	}
	d := e.send(due[0].Templates, v)
	if d.err != nil || d.events[0].Service != "velero-test" || d.events[0].Environment != "gke-alpha-01-europe-west1" || len(d.events[0].Version) != 40 {
		t.Errorf("%+v, %v", d.events, d.err)
	}
}
