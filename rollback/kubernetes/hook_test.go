package kubernetes

import (
	"encoding/json"
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
	path        = "/apis/apps/v1/namespaces/shop/deployments/cart"
	replicaSets = "/apis/apps/v1/namespaces/shop/replicasets?labelSelector=app%3Dcart"
)

// pods is a template, as a Deployment has it, or with the hash of a ReplicaSet.
func pods(version, hash string) object {
	labels := object{"app": "cart"}
	if hash != "" {
		labels["pod-template-hash"] = hash
	}
	return object{
		"metadata": object{"labels": labels},
		"spec": object{"containers": []any{
			object{"name": "cart", "image": "registry:5000/shop/cart:" + version}, object{"name": "proxy", "image": "envoy:1.30"},
		}},
	}
}

func replicaSet(revision int, version, hash, owner string) object {
	return object{
		"apiVersion": "apps/v1", "kind": "ReplicaSet",
		"metadata": object{
			"name": "cart-" + hash, "namespace": "shop", "labels": object{"app": "cart", "pod-template-hash": hash},
			"annotations":     object{revisionAnnotation: fmt.Sprint(revision), "kubernetes.io/change-cause": "deploy " + version, "deployment.kubernetes.io/desired-replicas": "9"},
			"ownerReferences": []any{object{"apiVersion": "apps/v1", "kind": "Deployment", "name": "cart", "uid": owner, "controller": true}},
		},
		"spec": object{"template": pods(version, hash)},
	}
}

// shop is a cluster five minutes after v2 was rolled out. Another deployment's
// ReplicaSet has the same labels, and revision 3 was v1 as well.
func shop() *clustertest.API {
	api := &clustertest.API{
		Objects: map[string]object{path: {
			"apiVersion": "apps/v1", "kind": "Deployment",
			"metadata": object{
				"name": "cart", "namespace": "shop", "uid": "u1", "generation": 7.0,
				"annotations": object{
					revisionAnnotation: "5", "kubernetes.io/change-cause": "deploy v2", "team": "shop",
					"kubectl.kubernetes.io/last-applied-configuration": "{}",
				},
			},
			"spec":   object{"replicas": 3.0, "selector": object{"matchLabels": object{"app": "cart"}}, "template": pods("v2", "")},
			"status": rolledOut(7),
		}},
		Lists: map[string][]object{replicaSets: {
			replicaSet(3, "v1", "aaa", "u1"), replicaSet(5, "v2", "ccc", "u1"), replicaSet(4, "v1", "bbb", "u1"),
			replicaSet(9, "v1", "zzz", "somebody else"),
		}},
	}
	api.Patched = func(_ string, o object) { o["status"] = rolledOut(o["metadata"].(object)["generation"].(float64)) }
	return api
}

func rolledOut(generation float64) object {
	return object{"observedGeneration": generation, "replicas": 3.0, "updatedReplicas": 3.0, "availableReplicas": 3.0}
}

func hook(t *testing.T, s *hooktest.Server) *Hook {
	t.Helper()
	h, err := New(Config{Config: cluster.Config{Kubeconfig: clustertest.Kubeconfig(t, s)}, Namespace: "shop", Timeout: 20 * time.Second})
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
			api.Objects[path]["spec"].(object)["template"] = pods("v1", "")
		}
		s := api.Fake(t, b).Serve(t)
		return hooktest.Subject{Hook: hook(t, s), Calls: s.Calls, Secrets: []string{clustertest.Token}}
	})
}

// The patch is that of kubectl, preceded by the test of the generation.
func TestPatch(t *testing.T) {
	api := shop()
	s := api.Fake(t, hooktest.Succeeds).Serve(t)
	receipt, err := hook(t, s).Do(t.Context(), hooktest.Warrant(t))
	if err != nil || receipt.Status != "rolled out" || !strings.Contains(receipt.Output, "revision 4, registry:5000/shop/cart:v1") {
		t.Errorf("%v: %+v", err, receipt)
	}
	kind, text, _ := strings.Cut(api.Patches[0], " ")
	var got any
	if err := json.Unmarshal([]byte(text), &got); err != nil || kind != "application/json-patch+json" || len(api.Patches) != 1 {
		t.Fatalf("%v: %d patches, %s", err, len(api.Patches), kind)
	}
	want := []any{
		object{"op": "test", "path": "/metadata/generation", "value": 7.0},
		object{"op": "replace", "path": "/spec/template", "value": pods("v1", "")},
		object{"op": "add", "path": "/metadata/annotations", "value": object{
			revisionAnnotation: "5", "kubernetes.io/change-cause": "deploy v1", "kubectl.kubernetes.io/last-applied-configuration": "{}",
		}},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestRefuses(t *testing.T) {
	f := func(what, outcome, contains string, change func(o object)) {
		t.Helper()
		api := shop()
		change(api.Objects[path])
		s := api.Fake(t, hooktest.Succeeds).Serve(t)
		_, err := hook(t, s).Do(t.Context(), hooktest.Warrant(t))
		hooktest.CheckOutcome(t, what, err, outcome, contains)
		if s.Calls() != 0 {
			t.Errorf("%s: it was patched", what)
		}
	}
	meta := func(field string, value any) func(object) {
		return func(o object) { o["metadata"].(object)[field] = value }
	}
	spec := func(field string, value any) func(object) {
		return func(o object) { o["spec"].(object)[field] = value }
	}
	f("paused", "failed", "it is paused", spec("paused", true))
	f("Argo CD, by annotation", "failed", "Argo CD manages it", meta("annotations", object{"argocd.argoproj.io/tracking-id": "cart:apps/Deployment:shop/cart"}))
	f("Argo CD, by field", "failed", "Argo CD manages it", meta("managedFields", []any{object{"manager": "argocd-controller", "operation": "Apply"}}))
	f("Flux", "failed", "Flux manages it", meta("labels", object{"kustomize.toolkit.fluxcd.io/name": "shop"}))
	f("Flux, by Helm", "failed", "Flux manages it", meta("labels", object{"helm.toolkit.fluxcd.io/name": "shop"}))
	f("a selector of everything", "failed", "would select every pod", spec("selector", object{}))
	sidecar := pods("v2", "")
	sidecar["spec"].(object)["containers"].([]any)[1] = object{"name": "proxy", "image": "envoy:v1"}
	f("two versions", "failed", "set `container` to the one that counts", spec("template", sidecar))
}

func TestNoSuchRevision(t *testing.T) {
	api := shop()
	api.Lists[replicaSets] = api.Lists[replicaSets][1:2]
	s := api.Fake(t, hooktest.Succeeds).Serve(t)
	_, err := hook(t, s).Do(t.Context(), hooktest.Warrant(t))
	hooktest.CheckOutcome(t, "only v2", err, "failed", `none of its 1 revisions has version "v1"; it has 5 (registry:5000/shop/cart:v2, envoy:1.30)`)
}

// A deploy between our read and our patch takes precedence.
func TestChangedInBetween(t *testing.T) {
	api := shop()
	f := api.Fake(t, hooktest.Succeeds)
	f.Reads["GET "+replicaSets+"&limit=500"] = func(hooktest.Request) any {
		api.Objects[path]["metadata"].(object)["generation"] = 8.0
		return object{"apiVersion": "apps/v1", "kind": "ReplicaSetList", "metadata": object{}, "items": api.Lists[replicaSets]}
	}
	_, err := hook(t, f.Serve(t)).Do(t.Context(), hooktest.Warrant(t))
	hooktest.CheckOutcome(t, "a deploy in between", err, "not sent", "changed in between")
	if len(api.Patches) != 0 {
		t.Errorf("patched: %v", api.Patches)
	}
}

func TestInvalidIsNotRepeated(t *testing.T) {
	f := shop().Fake(t, hooktest.Succeeds)
	f.Acts["PATCH "+path+"?fieldManager=pushback"] = func(hooktest.Request) any {
		return clustertest.Invalid(`Deployment.apps "cart" is invalid: spec.template`)
	}
	_, err := hook(t, f.Serve(t)).Do(t.Context(), hooktest.Warrant(t))
	hooktest.CheckOutcome(t, "invalid", err, "failed", `422 Unprocessable Entity: Deployment.apps "cart" is invalid`)
}

func TestRollouts(t *testing.T) {
	t.Parallel()
	f := func(what, outcome, contains, progress string, status object) {
		t.Helper()
		api := shop()
		api.Patched = func(_ string, o object) { o["status"] = status }
		s := api.Fake(t, hooktest.Succeeds).Serve(t)
		h := hook(t, s)
		if outcome == "unknown" {
			h.config.Timeout = time.Second
		}
		ctx, reported := hooktest.Progress(t)
		_, err := h.Do(ctx, hooktest.Warrant(t))
		hooktest.CheckOutcome(t, what, err, outcome, contains)
		hooktest.CheckProgress(t, what, reported(), progress)
	}
	f("not yet observed", "unknown", "had not ended in time", "0 of 3 replicas updated: the controller has not begun", rolledOut(7))
	f("old pods left", "unknown", "had not ended in time", "3 of 3 replicas updated, 4 available", object{"observedGeneration": 8.0, "replicas": 4.0, "updatedReplicas": 3.0, "availableReplicas": 4.0})
	f("not available", "unknown", "had not ended in time", "3 of 3 replicas updated, 2 available", object{"observedGeneration": 8.0, "replicas": 3.0, "updatedReplicas": 3.0, "availableReplicas": 2.0})
	f("given up", "failed", "progress deadline: timed out", "0 of 3 replicas updated, 0 available", object{"observedGeneration": 8.0, "conditions": []any{
		object{"type": "Progressing", "status": "False", "reason": "ProgressDeadlineExceeded", "message": "timed out"},
	}})
}

// A rollout that an earlier attempt started is followed, and not started again.
func TestOurRolloutIsFollowed(t *testing.T) {
	t.Parallel()
	api := shop()
	api.Objects[path]["spec"].(object)["template"] = pods("v1", "")
	api.Objects[path]["status"] = rolledOut(6)
	reads := 0
	f := api.Fake(t, hooktest.Succeeds)
	f.Reads["GET "+path] = func(hooktest.Request) any {
		if reads++; reads > 1 {
			api.Objects[path]["status"] = rolledOut(7)
		}
		return api.Objects[path]
	}
	s := f.Serve(t)
	if _, err := hook(t, s).Do(t.Context(), hooktest.Warrant(t)); err != nil || s.Calls() != 0 {
		t.Errorf("%d calls, %v", s.Calls(), err)
	}
}

func TestPreflight(t *testing.T) {
	f := func(what, wanted string, change func(*clustertest.API)) {
		t.Helper()
		api := shop()
		change(api)
		h := hook(t, api.Fake(t, hooktest.Succeeds).Serve(t))
		bad := rollback.Problems(h.Preflight(t.Context(), hooktest.Warrant(t).Plan()))
		if (len(bad) == 0) != (wanted == "") || len(bad) > 0 && !strings.Contains(bad[0].String(), wanted) {
			t.Errorf("%s: %v, want %q", what, bad, wanted)
		}
	}
	f("all well", "", func(*clustertest.API) {})
	f("may not patch", "we may patch deployments in shop: the cluster does not allow it", func(a *clustertest.API) { a.Denied = []string{"patch deployments"} })
	f("may not list", "list replicasets", func(a *clustertest.API) { a.Denied = []string{"list replicasets"} })
	f("paused", "it is paused", func(a *clustertest.API) { a.Objects[path]["spec"].(object)["paused"] = true })
	f("no version", "none of its 0 revisions", func(a *clustertest.API) { a.Lists[replicaSets] = nil })
}

func TestVerify(t *testing.T) {
	f := func(what string, settled bool, running, detail string, change func(o object)) {
		t.Helper()
		api := shop()
		change(api.Objects[path])
		got, err := hook(t, api.Fake(t, hooktest.Succeeds).Serve(t)).Verify(t.Context(), hooktest.Warrant(t).Plan())
		if err != nil || got.TargetRuns != settled || !strings.HasPrefix(got.Version, running) || got.Detail != detail {
			t.Errorf("%s: %+v, %v", what, got, err)
		}
	}
	back := func(o object) { o["spec"].(object)["template"] = pods("v1", "") }
	f("v2 runs", false, "registry:5000/shop/cart:v2", "all pods have this version", func(object) {})
	f("v1 runs", true, "registry:5000/shop/cart:v1", "all pods have this version", back)
	f("v1 is coming", false, "registry:5000/shop/cart:v1", "the rollout is not complete", func(o object) { back(o); o["status"] = rolledOut(6) })
}

func TestDryRun(t *testing.T) {
	api := shop()
	s := api.Fake(t, hooktest.Succeeds).Serve(t)
	got, err := hook(t, s).DryRun(t.Context(), hooktest.Warrant(t).Plan())
	want := []string{"patch deployments/cart in shop: /spec/template of revision 4, registry:5000/shop/cart:v1, envoy:1.30", "follow the rollout until it is complete"}
	if diff := cmp.Diff(want, got.Steps); diff != "" || err != nil || s.Calls() != 0 || len(api.Patches) != 0 {
		t.Errorf("%v, %d calls (-want +got):\n%s", err, s.Calls(), diff)
	}
	f := shop().Fake(t, hooktest.Succeeds)
	f.Reads["PATCH "+path+"?dryRun=All&fieldManager=pushback"] = func(hooktest.Request) any {
		return hooktest.Status{Code: http.StatusForbidden, Body: object{"message": `admission webhook "quota" denied the request`}}
	}
	if _, err := hook(t, f.Serve(t)).DryRun(t.Context(), hooktest.Warrant(t).Plan()); err == nil || !strings.Contains(err.Error(), "the server would refuse the patch") {
		t.Errorf("a refused dry run gave %v", err)
	}
}

func TestHostileNames(t *testing.T) {
	h := hook(t, &hooktest.Server{URL: "https://127.0.0.1:1"})
	for _, service := range []string{"../../secrets/x", "cart/status", "Cart", "a b", ".", "cart?x", strings.Repeat("x", 254)} {
		plan := hooktest.Warrant(t).Plan()
		plan.Change.Service = service
		if _, err := h.object(plan); err == nil {
			t.Errorf("%q is accepted as a name in Kubernetes", service)
		}
	}
}

func TestNewRefuses(t *testing.T) {
	f := func(c Config, wanted string) {
		t.Helper()
		if _, err := New(c); err == nil || !strings.Contains(err.Error(), wanted) {
			t.Errorf("%+v: %v, want %q", c, err, wanted)
		}
	}
	f(Config{}, "namespace is missing")
	f(Config{Namespace: "shop"}, "kubeconfig_file is missing, and Pushback does not run in a pod")
	f(Config{Namespace: "shop", Config: cluster.Config{Kubeconfig: "/nowhere"}}, "no such file")
	f(Config{Namespace: "shop", Config: cluster.Config{Kubeconfig: "/dev/zero"}}, "not a regular file")
	f(Config{Namespace: "x-$service"}, "whole text")
	f(Config{Namespace: "shop", Timeout: -1}, "negative")
	f(Config{Namespace: "shop", Deployment: "a", DaemonSet: "b"}, "exclude each other")
	f(Config{Namespace: "shop", StatefulSet: "a", DaemonSet: "b"}, "exclude each other")
	good := clustertest.Kubeconfig(t, &hooktest.Server{URL: "https://127.0.0.1:1"})
	f(Config{Namespace: "shop", Config: cluster.Config{Kubeconfig: good, Context: "test"}}, `context "test" does not exist`)
}
