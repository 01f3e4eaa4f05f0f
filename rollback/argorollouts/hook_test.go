package argorollouts

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/pushback/pushback/rollback"
	"github.com/pushback/pushback/rollback/hooktest"
	"github.com/pushback/pushback/rollback/internal/cluster"
	"github.com/pushback/pushback/rollback/internal/clustertest"
)

type object = clustertest.Map

const (
	path        = "/apis/argoproj.io/v1alpha1/namespaces/shop/rollouts/cart"
	workload    = "/apis/apps/v1/namespaces/shop/deployments/cart-pods"
	replicaSets = "/apis/apps/v1/namespaces/shop/replicasets?labelSelector=app%3Dcart"
)

func pods(version, hash string) object {
	labels := object{"app": "cart"}
	if hash != "" {
		labels["rollouts-pod-template-hash"] = hash
	}
	return object{"metadata": object{"labels": labels}, "spec": object{"containers": []any{object{"name": "cart", "image": "cart:" + version}}}}
}

func replicaSet(revision int, version string) object {
	return object{
		"apiVersion": "apps/v1", "kind": "ReplicaSet",
		"metadata": object{
			"name": "cart-" + version, "namespace": "shop", "labels": object{"app": "cart", "rollouts-pod-template-hash": "hash-of-" + version},
			"annotations":     object{revisionAnnotation: fmt.Sprint(revision)},
			"ownerReferences": []any{object{"apiVersion": "argoproj.io/v1alpha1", "kind": "Rollout", "name": "cart", "uid": "u1", "controller": true}},
		},
		"spec": object{"template": pods(version, "hash-of-"+version)},
	}
}

// shop is a cluster whose Rollout of v2 is promoted; see canary. Its fields are
// those of the samples in Argo Rollouts' own tests.
func shop() *clustertest.API {
	api := &clustertest.API{
		Objects: map[string]object{path: {
			"apiVersion": "argoproj.io/v1alpha1", "kind": "Rollout",
			"metadata": object{"name": "cart", "namespace": "shop", "uid": "u1", "generation": 3.0, "annotations": object{revisionAnnotation: "2"}},
			"spec":     object{"replicas": 3.0, "selector": object{"matchLabels": object{"app": "cart"}}, "template": pods("v2", "")},
			"status":   object{"observedGeneration": "3", "phase": "Healthy", "stableRS": "hash-of-v2", "currentPodHash": "hash-of-v2"},
		}},
		Lists: map[string][]object{replicaSets: {replicaSet(1, "v1"), replicaSet(2, "v2")}},
	}
	api.Patched = func(_ string, o object) { controller(o) }
	return api
}

// canary is the cluster while v2 is at half of the traffic.
func canary() *clustertest.API {
	api := shop()
	status(api)["phase"], status(api)["stableRS"] = "Paused", "hash-of-v1"
	return api
}

func status(api *clustertest.API) object { return api.Objects[path]["status"].(object) }

func spec(api *clustertest.API) object { return api.Objects[path]["spec"].(object) }

// controller does at once what the controller of Argo Rollouts does.
func controller(o object) {
	s := o["status"].(object)
	s["observedGeneration"] = fmt.Sprint(o["metadata"].(object)["generation"])
	if template, own := o["spec"].(object)["template"].(object); own && strings.HasSuffix(fmt.Sprint(template["spec"]), "image:cart:v1 name:cart]]]") {
		s["phase"], s["stableRS"], s["currentPodHash"] = "Healthy", "hash-of-v1", "hash-of-v1"
		delete(s, "abort")
	} else if s["abort"] == true {
		s["phase"], s["abortedAt"] = "Degraded", "2026-11-20T12:05:00Z"
	}
}

func hook(t *testing.T, s *hooktest.Server, c Config) *Hook {
	t.Helper()
	c.Config, c.Namespace, c.Timeout = cluster.Config{Kubeconfig: clustertest.Kubeconfig(t, s)}, "shop", patience(c)
	h, err := New(c)
	if err != nil {
		t.Fatal(err)
	}
	return h
}

func TestContract(t *testing.T) {
	t.Parallel()
	hooktest.Run(t, hooktest.Traits{HTTP: true, ReadsFirst: true, Idempotent: true}, func(t *testing.T, b hooktest.Behaviour) hooktest.Subject {
		api := shop()
		if b == hooktest.AlreadyLive {
			spec(api)["template"] = pods("v1", "")
		}
		s := api.Fake(t, b).Serve(t)
		return hooktest.Subject{Hook: hook(t, s, Config{}), Calls: s.Calls, Secrets: []string{clustertest.Token}}
	})
}

func TestContractOfAbort(t *testing.T) {
	t.Parallel()
	hooktest.Run(t, hooktest.Traits{ReadsFirst: true, Idempotent: true}, func(t *testing.T, b hooktest.Behaviour) hooktest.Subject {
		api := canary()
		if b == hooktest.AlreadyLive {
			status(api)["abort"], status(api)["abortedAt"] = true, "2026-11-20T12:04:00Z"
		}
		s := api.Fake(t, b).Serve(t)
		return hooktest.Subject{Hook: hook(t, s, Config{AbortOnly: true}), Calls: s.Calls, Secrets: []string{clustertest.Token}}
	})
}

const (
	abortPatch = `application/merge-patch+json {"status":{"abort":true}}`
	undoPatch  = `application/json-patch+json [{"op":"test","path":"/metadata/generation","value":3},` +
		`{"op":"replace","path":"/spec/template","value":{"metadata":{"labels":{"app":"cart"}},"spec":{"containers":[{"image":"cart:v1","name":"cart"}]}}}]`
)

func TestPatches(t *testing.T) {
	f := func(what string, c Config, api *clustertest.API, status string, patches ...string) {
		t.Helper()
		s := api.Fake(t, hooktest.Succeeds).Serve(t)
		receipt, err := hook(t, s, c).Do(t.Context(), hooktest.Warrant(t))
		if diff := cmp.Diff(patches, api.Patches); err != nil || receipt.Status != status || diff != "" {
			t.Errorf("%s: %v, %q (-want +got):\n%s", what, err, receipt.Status, diff)
		}
	}
	abortedAlready := canary()
	status(abortedAlready)["abort"], status(abortedAlready)["phase"] = true, "Degraded"
	f("promoted", Config{}, shop(), "rolled back", undoPatch)
	f("in progress", Config{}, canary(), "rolled back", abortPatch, undoPatch)
	f("aborted by a person", Config{}, abortedAlready, "rolled back", undoPatch)
	f("in progress, with abort_only", Config{AbortOnly: true}, canary(), "aborted", abortPatch)
}

// Argo Rollouts before 0.9 has no status subresource.
func TestAbortWithoutStatusSubresource(t *testing.T) {
	api := canary()
	f := api.Fake(t, hooktest.Succeeds)
	f.Acts["PATCH "+path+"/status?fieldManager=pushback"] = func(hooktest.Request) any { return hooktest.Status{Code: http.StatusNotFound} }
	if _, err := hook(t, f.Serve(t), Config{AbortOnly: true}).Do(t.Context(), hooktest.Warrant(t)); err != nil || len(api.Patches) != 1 {
		t.Errorf("%v, patches %v", err, api.Patches)
	}
}

func TestRefuses(t *testing.T) {
	f := func(what string, c Config, api *clustertest.API, contains string) {
		t.Helper()
		s := api.Fake(t, hooktest.Succeeds).Serve(t)
		_, err := hook(t, s, c).Do(t.Context(), hooktest.Warrant(t))
		hooktest.CheckOutcome(t, what, err, "failed", contains)
		if s.Calls() != 0 {
			t.Errorf("%s: it was patched", what)
		}
	}
	managed, paused, other, none := canary(), shop(), canary(), shop()
	managed.Objects[path]["metadata"].(object)["labels"] = object{"argocd.argoproj.io/instance": "shop"}
	spec(paused)["paused"] = true
	status(other)["stableRS"] = "hash-of-v0"
	delete(spec(none), "template")
	spec(none)["workloadRef"] = object{"kind": "ReplicaSet", "name": "x"}
	only := Config{AbortOnly: true}
	f("managed by Argo CD", Config{}, managed, "set abort_only, and revert in git")
	f("paused", Config{}, paused, "it is paused")
	f("nothing to abort", only, shop(), "fully promoted")
	f("stable pods unknown", only, other, "does not own the ReplicaSet")
	f("a template nowhere", Config{}, none, `workloadRef is of kind "ReplicaSet"`)
	other = canary()
	other.Lists[replicaSets][0] = replicaSet(1, "v0")
	status(other)["stableRS"] = "hash-of-v0"
	f("stable pods of another version", only, other, `stable pods do not have version "v1" but cart:v0`)
}

func TestAbortedAndNotUndone(t *testing.T) {
	f := canary().Fake(t, hooktest.Succeeds)
	f.Acts["PATCH "+path+"?fieldManager=pushback"] = func(hooktest.Request) any { return clustertest.Invalid("Rollout is invalid") }
	receipt, err := hook(t, f.Serve(t), Config{}).Do(t.Context(), hooktest.Warrant(t))
	hooktest.CheckOutcome(t, "aborted, not undone", err, "failed", "aborted and not undone")
	if receipt.Status != "aborted" {
		t.Errorf("the status of the receipt is %q", receipt.Status)
	}
}

func TestEnds(t *testing.T) {
	t.Parallel()
	f := func(what, outcome, contains string, after object) {
		t.Helper()
		api := shop()
		api.Patched = func(_ string, o object) { o["status"] = after }
		c := Config{}
		if outcome == "unknown" {
			c.Timeout = time.Second
		}
		ctx, reported := hooktest.Progress(t)
		_, err := hook(t, api.Fake(t, hooktest.Succeeds).Serve(t), c).Do(ctx, hooktest.Warrant(t))
		hooktest.CheckOutcome(t, what, err, outcome, contains)
		hooktest.CheckProgress(t, what, reported(), fmt.Sprintf("%v of 3 replicas updated, the Rollout is %v", after["updatedReplicas"], after["phase"]))
	}
	f("not yet observed", "unknown", "had not ended", object{"updatedReplicas": 2.0, "observedGeneration": "3", "phase": "Healthy", "stableRS": "a", "currentPodHash": "a"})
	f("a step that pauses", "unknown", "had not ended", object{"updatedReplicas": 2.0, "observedGeneration": "4", "phase": "Paused", "stableRS": "a", "currentPodHash": "b"})
	f("degraded", "failed", "degraded: no pods", object{"updatedReplicas": 2.0, "observedGeneration": "4", "phase": "Degraded", "message": "no pods", "stableRS": "a", "currentPodHash": "a"})
	f("nonsense", "unknown", "had not ended", object{"updatedReplicas": 2.0, "observedGeneration": "many", "phase": "Healthy"})
}

// referring is the cluster whose Rollout refers to a Deployment.
func referring() *clustertest.API {
	api := shop()
	delete(spec(api), "template")
	spec(api)["workloadRef"] = object{"apiVersion": "apps/v1", "kind": "Deployment", "name": "cart-pods"}
	status(api)["workloadObservedGeneration"] = "3"
	api.Objects[workload] = object{
		"apiVersion": "apps/v1", "kind": "Deployment", "metadata": object{"name": "cart-pods", "namespace": "shop", "generation": 3.0},
		"spec": object{"template": pods("v2", "")},
	}
	api.Patched = func(string, object) {}
	return api
}

func TestWorkloadRef(t *testing.T) {
	t.Parallel()
	api := referring()
	api.Patched = func(at string, _ object) {
		if at != workload {
			t.Errorf("patched %s", at)
		}
		status(api)["workloadObservedGeneration"] = "4"
	}
	s := api.Fake(t, hooktest.Succeeds).Serve(t)
	if _, err := hook(t, s, Config{}).Do(t.Context(), hooktest.Warrant(t)); err != nil || api.Patches[0] != undoPatch {
		t.Errorf("%v: %v", err, api.Patches)
	}
	_, err := hook(t, referring().Fake(t, hooktest.Succeeds).Serve(t), Config{Timeout: time.Second}).Do(t.Context(), hooktest.Warrant(t))
	hooktest.CheckOutcome(t, "a Deployment whose change is not processed", err, "unknown", "had not ended")

	hostile := referring()
	spec(hostile)["workloadRef"].(object)["name"] = "../../secrets/x"
	_, err = hook(t, hostile.Fake(t, hooktest.Succeeds).Serve(t), Config{}).Do(t.Context(), hooktest.Warrant(t))
	hooktest.CheckOutcome(t, "a hostile reference", err, "failed", "not a valid name in Kubernetes")
}

func TestPreflight(t *testing.T) {
	f := func(what string, c Config, api *clustertest.API, wanted string) {
		t.Helper()
		h := hook(t, api.Fake(t, hooktest.Succeeds).Serve(t), c)
		bad := rollback.Problems(h.Preflight(t.Context(), hooktest.Warrant(t).Plan()))
		if (len(bad) == 0) != (wanted == "") || len(bad) > 0 && !strings.Contains(bad[0].String(), wanted) {
			t.Errorf("%s: %v, want %q", what, bad, wanted)
		}
	}
	denied := canary()
	denied.Denied = []string{"patch rollouts"}
	f("all well", Config{}, shop(), "")
	f("may not patch", Config{}, denied, "we may patch rollouts in shop")
	f("need not patch", Config{AbortOnly: true}, denied, "")
	denied.Denied = []string{"patch rollouts/status"}
	f("may not abort", Config{AbortOnly: true}, denied, "does not allow it")
	f("nothing to abort", Config{AbortOnly: true}, shop(), "fully promoted")
}

func TestVerify(t *testing.T) {
	f := func(what string, c Config, api *clustertest.API, settled bool, running string) {
		t.Helper()
		got, err := hook(t, api.Fake(t, hooktest.Succeeds).Serve(t), c).Verify(t.Context(), hooktest.Warrant(t).Plan())
		if err != nil || got.TargetRuns != settled || got.Version != running {
			t.Errorf("%s: %+v, %v", what, got, err)
		}
	}
	back, coming, gone := shop(), canary(), canary()
	spec(back)["template"], spec(coming)["template"] = pods("v1", ""), pods("v1", "")
	status(gone)["abort"], status(gone)["abortedAt"] = true, "2026-11-20T12:04:00Z"
	only := Config{AbortOnly: true}
	f("v2 runs", Config{}, shop(), false, "cart:v2")
	f("v1 runs", Config{}, back, true, "cart:v1")
	f("v1 is coming", Config{}, coming, false, "cart:v1")
	f("not aborted", only, canary(), false, "cart:v2")
	f("aborted", only, gone, true, "cart:v1")
	f("promoted", only, shop(), false, "cart:v2")
}

func TestDryRun(t *testing.T) {
	api := canary()
	s := api.Fake(t, hooktest.Succeeds).Serve(t)
	got, err := hook(t, s, Config{}).DryRun(t.Context(), hooktest.Warrant(t).Plan())
	want := []string{
		"patch the status of rollouts/cart in shop: abort", "patch rollouts/cart in shop: /spec/template of revision 1, cart:v1", "follow the Rollout until it has finished",
	}
	if diff := cmp.Diff(want, got.Steps); diff != "" || err != nil || s.Calls() != 0 {
		t.Errorf("%v, %d calls (-want +got):\n%s", err, s.Calls(), diff)
	}
}

// patience is a timeout that no machine exceeds, unless a test sets a shorter one.
func patience(c Config) time.Duration {
	if c.Timeout > 0 {
		return c.Timeout
	}
	return 20 * time.Second
}
