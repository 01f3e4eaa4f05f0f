package kubernetes

import (
	"encoding/json"
	"strings"
	"testing"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/pushback/pushback/internal/kube"
	"github.com/pushback/pushback/internal/kube/kubetest"
	"github.com/pushback/pushback/sources"
	"github.com/pushback/pushback/sources/changes"
)

func TestVersion(t *testing.T) {
	f := func(want string, c Config, images, before []string) {
		t.Helper()
		var older kube.Template
		if before != nil {
			older = kube.Template(pods(before...))
		}
		template := kube.Template(pods(images...))
		template["metadata"].(object)["labels"] = object{"app.kubernetes.io/version": "2026.3"}
		if got := c.version(template, older); got != want {
			t.Errorf("%v after %v, %+v: %q, want %q", images, before, c, got, want)
		}
	}
	tag, digest, label := Config{}, Config{Version: "digest"}, Config{Version: "label app.kubernetes.io/version"}
	both := []string{"shop/cart:v2@sha256:abc"}
	f("v2", tag, []string{"cart:v2"}, nil)
	f("v2", tag, []string{"registry:5000/shop/cart:v2"}, nil)
	f("latest", tag, []string{"registry:5000/shop/cart"}, nil)
	f("sha256:abc", tag, []string{"shop/cart@sha256:abc"}, nil)
	f("v2", tag, both, nil)
	f("v2", Config{Version: "image tag"}, both, nil)
	f("sha256:abc", digest, both, nil)
	f("v2", digest, []string{"cart:v2"}, nil)
	f("2026.3", label, both, nil)
	f("v2", Config{Version: "label of.another"}, both, nil)
	f("", tag, nil, nil)

	two := []string{"cart:v2", "proxy:1.31"}
	f("v2", tag, two, nil)
	f("v2", tag, two, []string{"cart:v1", "proxy:1.30"})
	f("1.31", tag, two, []string{"cart:v2", "proxy:1.30"}) // the first that changed
	f("v2", tag, two, []string{"cart:v2"})                 // a new sidecar is no new version
	f("1.31", Config{Container: "c1"}, two, []string{"cart:v1", "proxy:1.31"})
	f("v2", Config{Container: "none"}, two, nil)
}

func TestService(t *testing.T) {
	f := func(want string, c Config, labels, podLabels object) {
		t.Helper()
		o := &unstructured.Unstructured{Object: object{
			"metadata": object{"name": "cart-web", "labels": labels},
			"spec":     object{"template": object{"metadata": object{"labels": podLabels}}},
		}}
		if got := c.service(o); got != want {
			t.Errorf("%+v: %q, want %q", c, got, want)
		}
	}
	name := object{"app.kubernetes.io/name": "cart", "team": "shop"}
	f("cart", Config{}, name, object{})
	f("cart", Config{}, object{}, name)
	f("cart-web", Config{}, object{}, object{})
	f("cart-web", Config{Service: "name"}, name, name)
	f("shop", Config{Service: "label team"}, name, object{})
	f("cart-web", Config{Service: "label nobody"}, name, object{})
}

func TestSettings(t *testing.T) {
	config := kubetest.New(t).Kubeconfig(t)
	f := func(want string, c Config) {
		t.Helper()
		if c.Kubeconfig == "" {
			c.Kubeconfig = config
		}
		_, err := New(changes.Options{}, c)
		if (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("%+v: %v, want %q", c, err, want)
		}
	}
	f("", Config{})
	f("", Config{Version: "image tag", Service: "label app", Selector: "team in (shop)", Workloads: []string{"rollouts"}, Namespaces: []string{"shop"}})
	f(`namespaces: "Shop" is not the name of a namespace`, Config{Namespaces: []string{"Shop"}})
	f(`workloads: "pods" is none of`, Config{Workloads: []string{"pods"}})
	f("selector: ", Config{Selector: "a b"})
	f(`service: "labels app" is neither`, Config{Service: "labels app"})
	f(`version: "tag" is none of`, Config{Version: "tag"})
	f(`services: "[" is not a glob`, Config{Services: []string{"["}})
	f("no such file", Config{Config: kube.Config{Kubeconfig: "/nowhere"}})
	t.Setenv("KUBERNETES_SERVICE_HOST", "")
	if _, err := New(changes.Options{}, Config{}); err == nil || !strings.HasPrefix(err.Error(), "kubeconfig_file is missing") {
		t.Error(err)
	}
}

func TestEnvironment(t *testing.T) {
	c := Config{Environments: map[string]string{"shop-prod": "production"}}
	if c.environment("shop-prod") != "production" || c.environment("other") != "other" {
		t.Error("environments are not those of the settings")
	}
	if c.Environment = "staging"; c.environment("shop-prod") != "production" || c.environment("other") != "staging" {
		t.Error("environment is not that of the other namespaces")
	}
}

// FuzzObjects reads whatever an API server may send. Nothing may make it panic, and every event
// is admitted or refused with a reason.
func FuzzObjects(f *testing.F) {
	workload := `{"apiVersion":"apps/v1","kind":"Deployment","metadata":{"name":"cart","namespace":"shop","uid":"u","generation":2,` +
		`"managedFields":[{"manager":"helm","time":"2026-03-03T12:00:00Z","fieldsV1":{"f:spec":{"f:template":{}}}}],"annotations":{"kubernetes.io/change-cause":"x"}},` +
		`"spec":{"replicas":2,"selector":{"matchLabels":{"app":"cart"}},"template":{"metadata":{"labels":{"app":"cart"}},"spec":{"containers":[{"name":"a","image":"cart:v2"}]}}},` +
		`"status":{"observedGeneration":2,"conditions":[{"type":"Progressing","reason":"NewReplicaSetAvailable","lastUpdateTime":"2026-03-03T12:00:00Z"}],"currentPodHash":"h"}}`
	revision := `{"metadata":{"name":"cart-h","creationTimestamp":"2026-03-03T12:00:00Z","annotations":{"deployment.kubernetes.io/revision":"2"},` +
		`"ownerReferences":[{"uid":"u","controller":true}]},"revision":2,"spec":{"template":{"spec":{"containers":[{"name":"a","image":"cart:v2"}]}}}}`
	f.Add(workload, revision)
	f.Add(`{"metadata":{}}`, `{}`)
	f.Add(`{"metadata":{"managedFields":[1,{"fieldsV1":3}]},"status":{"conditions":[4,{"type":"Progressing","reason":5}]},"spec":{"template":7}}`, `{"spec":{"template":[]}}`)
	f.Fuzz(func(t *testing.T, workload, revision string) {
		o, r := &unstructured.Unstructured{}, &unstructured.Unstructured{}
		if json.Unmarshal([]byte(workload), &o.Object) != nil || json.Unmarshal([]byte(revision), &r.Object) != nil || o.Object == nil || r.Object == nil {
			return
		}
		feed := &Feed{name: "cluster"}
		if _, err := slim(o); err != nil {
			t.Fatal(err)
		}
		for _, k := range kinds {
			_, _, _ = idle(o), kube.Observed(o), k.state(o)
			found, ok := k.find(o, k.read(o, []unstructured.Unstructured{*r}))
			if !ok {
				continue
			}
			e := feed.event(k, o, found, k.startedAt(o, found, noon))
			if _, err := sources.Admit(e, nil, noon); err == nil && e.Version == "" {
				t.Errorf("admitted without a version: %+v", e)
			}
			_, _ = k.end(o)
			if _, err := json.Marshal(summary(o)); err != nil {
				t.Error(err)
			}
		}
	})
}
