package kubernetes

import (
	"cmp"
	"strings"
	"testing"
	"time"

	"github.com/pushback/pushback/rollback/hooktest"
	"github.com/pushback/pushback/rollback/internal/cluster"
	"github.com/pushback/pushback/rollback/internal/clustertest"
)

const revisionsPath = "/apis/apps/v1/namespaces/shop/controllerrevisions?labelSelector=app%3Dcart"

// revision is a ControllerRevision. Its data is a patch with $patch, which says how the
// controller applies it.
func revision(number float64, version, owner string) object {
	template := pods(version, "")
	template["$patch"] = "replace"
	return object{
		"apiVersion": "apps/v1", "kind": "ControllerRevision", "revision": number,
		"metadata": object{
			"name": "cart-" + version, "namespace": "shop", "labels": object{"app": "cart"},
			"ownerReferences": []any{object{"apiVersion": "apps/v1", "kind": "StatefulSet", "name": "cart", "uid": owner, "controller": true}},
		},
		"data": object{"spec": object{"template": template}},
	}
}

// sets is a cluster with a StatefulSet or DaemonSet five minutes after v2.
func sets(resource string, status func(generation float64) object) *clustertest.API {
	api := shop()
	o := api.Objects[path]
	delete(api.Objects, path)
	o["kind"], o["status"] = map[string]string{"statefulsets": "StatefulSet", "daemonsets": "DaemonSet"}[resource], status(7)
	api.Objects[strings.Replace(path, "deployments", resource, 1)] = o
	api.Lists = map[string][]object{revisionsPath: {revision(3, "v1", "u1"), revision(4, "v2", "u1"), revision(9, "v1", "somebody else")}}
	api.Patched = func(_ string, o object) { o["status"] = status(o["metadata"].(object)["generation"].(float64)) }
	return api
}

func ready(generation float64) object {
	return object{"observedGeneration": generation, "readyReplicas": 3.0, "currentRevision": "a", "updateRevision": "a"}
}

func everywhere(generation float64) object {
	return object{"observedGeneration": generation, "desiredNumberScheduled": 5.0, "updatedNumberScheduled": 5.0, "numberAvailable": 5.0}
}

func setHook(t *testing.T, s *hooktest.Server, c Config) *Hook {
	t.Helper()
	c.Config, c.Namespace, c.Timeout = cluster.Config{Kubeconfig: clustertest.Kubeconfig(t, s)}, "shop", cmp.Or(c.Timeout, 20*time.Second)
	h, err := New(c)
	if err != nil {
		t.Fatal(err)
	}
	return h
}

func TestContractOfSets(t *testing.T) {
	t.Parallel()
	f := func(resource string, status func(float64) object, c Config) {
		t.Run(resource, func(t *testing.T) {
			hooktest.Run(t, hooktest.Traits{ReadsFirst: true, Idempotent: true}, func(t *testing.T, b hooktest.Behaviour) hooktest.Subject {
				api := sets(resource, status)
				if b == hooktest.AlreadyLive {
					for _, o := range api.Objects {
						o["spec"].(object)["template"] = pods("v1", "")
					}
				}
				s := api.Fake(t, b).Serve(t)
				return hooktest.Subject{Hook: setHook(t, s, c), Calls: s.Calls, Secrets: []string{clustertest.Token}}
			})
		})
	}
	f("statefulsets", ready, Config{StatefulSet: "$service"})
	f("daemonsets", everywhere, Config{DaemonSet: "cart"})
}

func TestSetsArePatched(t *testing.T) {
	api := sets("statefulsets", ready)
	s := api.Fake(t, hooktest.Succeeds).Serve(t)
	receipt, err := setHook(t, s, Config{StatefulSet: "cart"}).Do(t.Context(), hooktest.Warrant(t))
	if err != nil || !strings.Contains(receipt.Output, "statefulsets/cart in shop to the template of revision 3") {
		t.Errorf("%v: %+v", err, receipt)
	}
	want := `application/json-patch+json [{"op":"test","path":"/metadata/generation","value":7},{"op":"replace","path":"/spec/template","value":{"metadata":`
	if len(api.Patches) != 1 || !strings.HasPrefix(api.Patches[0], want) || strings.Contains(api.Patches[0], "$patch") {
		t.Errorf("patched %v", api.Patches)
	}
}

func TestSetsThatWouldNotRoll(t *testing.T) {
	f := func(strategy object, contains string) {
		t.Helper()
		api := sets("daemonsets", everywhere)
		for _, o := range api.Objects {
			o["spec"].(object)["updateStrategy"] = strategy
		}
		_, err := setHook(t, api.Fake(t, hooktest.Succeeds).Serve(t), Config{DaemonSet: "cart"}).Do(t.Context(), hooktest.Warrant(t))
		hooktest.CheckOutcome(t, contains, err, "failed", contains)
	}
	f(object{"type": "OnDelete"}, "OnDelete")
	f(object{"type": "RollingUpdate", "rollingUpdate": object{"partition": 2.0}}, "partitioned at 2")
}

func TestSetsRollOut(t *testing.T) {
	t.Parallel()
	f := func(what, progress, resource string, c Config, status object) {
		t.Helper()
		api := sets(resource, ready)
		api.Patched = func(_ string, o object) { o["status"] = status }
		ctx, reported := hooktest.Progress(t)
		_, err := setHook(t, api.Fake(t, hooktest.Succeeds).Serve(t), c).Do(ctx, hooktest.Warrant(t))
		hooktest.CheckOutcome(t, what, err, "unknown", "had not ended in time")
		hooktest.CheckProgress(t, what, reported(), progress)
	}
	stateful, daemon := Config{StatefulSet: "cart", Timeout: time.Second}, Config{DaemonSet: "cart", Timeout: time.Second}
	f("not yet observed", "0 of 3 replicas updated: the controller has not begun", "statefulsets", stateful, ready(7))
	f("some pods are old", "1 of 3 replicas updated, 3 ready", "statefulsets", stateful, object{"observedGeneration": 8.0, "updatedReplicas": 1.0, "readyReplicas": 3.0, "currentRevision": "a", "updateRevision": "b"})
	f("a pod is not ready", "3 of 3 replicas updated, 2 ready", "statefulsets", stateful, object{"observedGeneration": 8.0, "updatedReplicas": 3.0, "readyReplicas": 2.0, "currentRevision": "b", "updateRevision": "b"})
	f("a node is missing", "4 of 5 replicas updated, 5 available", "daemonsets", daemon, object{"observedGeneration": 8.0, "desiredNumberScheduled": 5.0, "updatedNumberScheduled": 4.0, "numberAvailable": 5.0})
	f("not available", "5 of 5 replicas updated, 4 available", "daemonsets", daemon, object{"observedGeneration": 8.0, "desiredNumberScheduled": 5.0, "updatedNumberScheduled": 5.0, "numberAvailable": 4.0})
}
