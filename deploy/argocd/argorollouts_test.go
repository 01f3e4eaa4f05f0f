package argocd

import (
	"errors"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/pushback/pushback/sources"
	"github.com/pushback/pushback/sources/changes"
	"github.com/pushback/pushback/sources/changes/argorollouts"
)

const rollout = `
apiVersion: argoproj.io/v1alpha1
kind: Rollout
metadata:
  name: cart
  namespace: shop
  uid: 201161e2-c761-4e52-91a1-d4872be9ead4
  labels: {env: prod}
  annotations: {rollout.argoproj.io/revision: "17"}
spec:
  template: {spec: {containers: [{name: cart, image: "registry:5000/shop/cart:v42"}, {name: proxy, image: "envoy:1.30"}]}}
status: {currentPodHash: 75fdb4ccf6, stableRS: 754cb84d5, phase: Healthy}
`

func rollouts(t *testing.T, c argorollouts.Config) *engine {
	t.Helper()
	c.SecretFiles = []string{secretFile(t)}
	source, err := argorollouts.New(changes.Options{Name: "rollouts"}, c)
	if err != nil {
		t.Fatal(err)
	}
	return start(t, "../argorollouts/pushback.yaml", source)
}

// templatesOf are the templates of a trigger. Argo Rollouts runs those without a condition whatever the
// engine says of them (utils/record).
func (e *engine) templatesOf(trigger string) []string {
	e.t.Helper()
	conditions := e.config.Triggers[trigger]
	if len(conditions) != 1 || conditions[0].When != "" {
		e.t.Fatalf("%s: %+v", trigger, conditions)
	}
	return conditions[0].Send
}

func TestRollouts(t *testing.T) {
	e := rollouts(t, argorollouts.Config{EnvironmentFrom: "labels.env"})
	ids := map[string]bool{}
	for trigger, want := range map[string]sources.Status{
		"on-rollout-updated": sources.Started, "on-rollout-completed": sources.Succeeded, "on-rollout-aborted": sources.Failed,
	} {
		d := e.send(e.templatesOf(trigger), map[string]any{"rollout": object(t, rollout)})
		if d.err != nil || len(d.events) != 1 {
			t.Fatalf("%s: %+v, %v", trigger, d.events, d.err)
		}
		got := d.events[0]
		if got.Status != want || got.Version != "v42" || got.Service != "cart" || got.Environment != "prod" || time.Since(got.At) > time.Minute {
			t.Errorf("%s: %+v", trigger, got)
		}
		if destinations := e.config.GetGlobalDestinations(nil)[trigger]; len(destinations) != 1 || destinations[0].Service != "pushback" {
			t.Errorf("%s goes to %+v", trigger, destinations)
		}
		ids[got.ChangeID] = true
	}
	if len(ids) != 1 {
		t.Errorf("the events of one revision name the changes %v", ids)
	}
}

func TestTextsOfRolloutsAreEscaped(t *testing.T) {
	e := rollouts(t, argorollouts.Config{EnvironmentFrom: "labels.env"})
	const hostile = `"}, {{ .rollout }} <b>&`
	d := e.send([]string{"pushback-completed"}, map[string]any{"rollout": object(t, strings.Replace(rollout, "env: prod", `env: '`+hostile+`'`, 1))})
	if d.err != nil || d.events[0].Environment != hostile {
		t.Errorf("%+v, %v", d.events, d.err)
	}
}

func TestARolloutWithoutContainers(t *testing.T) {
	d := rollouts(t, argorollouts.Config{}).send([]string{"pushback-updated"}, map[string]any{"rollout": object(t, strings.Replace(rollout, "  template:", "  x:", 1))})
	if !errors.As(d.err, new(*sources.BadEvent)) || !strings.Contains(d.err.Error(), "containers") {
		t.Errorf("%+v, %v", d.events, d.err)
	}
}

// Argo Rollouts' own objects.
func TestRealRollouts(t *testing.T) {
	const shared = "../../../shared/payloads/argo-rollouts/"
	for _, file := range []string{"healthy_rollout.yaml", "aborted_rollout.yaml"} {
		text, err := os.ReadFile(shared + file)
		if err != nil {
			t.Skipf("Argo Rollouts' own objects are not beside the repository: %v", err)
		}
		d := rollouts(t, argorollouts.Config{EnvironmentFrom: "namespace"}).send([]string{"pushback-aborted"}, map[string]any{"rollout": object(t, string(text))})
		if d.err != nil || d.events[0].Status != sources.Failed || d.events[0].Version == "" || d.events[0].Environment == "" {
			t.Errorf("%s: %+v, %v", file, d.events, d.err)
		}
	}
}
