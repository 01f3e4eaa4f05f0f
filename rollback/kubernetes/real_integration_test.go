//go:build integration && kubernetes

package kubernetes

import (
	"os"
	"strings"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/yaml"

	"github.com/pushback/pushback/internal/kube"
	"github.com/pushback/pushback/internal/proof/docblocks"
	"github.com/pushback/pushback/internal/proof/kubecluster"
	"github.com/pushback/pushback/rollback"
	"github.com/pushback/pushback/rollback/hooktest"
	"github.com/pushback/pushback/rollback/internal/cluster"
)

// real is a control plane in whose namespace shop v2 of cart is rolled out after v1: as a
// Deployment, a StatefulSet and a DaemonSet.
type real struct {
	*kubecluster.Cluster
	t *testing.T
}

// TestKubernetes rolls workloads of a real control plane back, as a service account with the role
// that docs/hooks.md shows.
func TestKubernetes(t *testing.T) {
	r := &real{kubecluster.Start(t), t}
	r.RunPods()
	r.Create("v1/namespaces", "", object{"apiVersion": "v1", "kind": "Namespace", "metadata": object{"name": "shop"}})
	r.Create("v1/nodes", "", object{"apiVersion": "v1", "kind": "Node", "metadata": object{"name": "node"}})
	r.Patch("test", "v1/nodes", "", "node", object{"spec": object{"taints": nil}})
	token := r.serviceAccount()
	for _, kind := range []string{"Deployment", "StatefulSet", "DaemonSet"} {
		resource := strings.ToLower(kind) + "s"
		r.Create("apps/v1/"+resource, "shop", kubecluster.Workload(kind, "cart", "shop/cart:v1"))
		r.completes(resource)
		r.SetImage("helm", "apps/v1/"+resource, "shop", "cart", "shop/cart:v2")
		r.completes(resource)
	}
	r.refuses(token)
	r.rollsBack("deployments", r.hook(token, Config{}))
	r.rollsBack("statefulsets", r.hook(token, Config{StatefulSet: "cart"}))
	r.rollsBack("daemonsets", r.hook(token, Config{DaemonSet: "cart"}))
}

// serviceAccount makes a service account with the role that docs/hooks.md shows, and with what
// the page says of StatefulSets and DaemonSets.
func (r *real) serviceAccount() (token string) {
	page, err := os.ReadFile("../../docs/hooks.md")
	if err != nil {
		r.t.Fatal(err)
	}
	blocks, err := docblocks.Parse(string(page))
	if err != nil {
		r.t.Fatal(err)
	}
	var role object
	for _, b := range blocks {
		if strings.Contains(b.Text, "kind: Role\n") {
			if err := yaml.Unmarshal([]byte(b.Text), &role); err != nil {
				r.t.Fatal(err)
			}
		}
	}
	rules, _ := role["rules"].([]any)
	role["rules"] = append(rules,
		object{"apiGroups": []any{"apps"}, "resources": []any{"statefulsets", "daemonsets"}, "verbs": []any{"get", "patch"}},
		object{"apiGroups": []any{"apps"}, "resources": []any{"controllerrevisions"}, "verbs": []any{"list"}})
	r.Create("v1/serviceaccounts", "shop", object{"apiVersion": "v1", "kind": "ServiceAccount", "metadata": object{"name": "pushback"}})
	r.Create("rbac.authorization.k8s.io/v1/roles", "shop", role)
	r.Create("rbac.authorization.k8s.io/v1/rolebindings", "shop", object{
		"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "RoleBinding", "metadata": object{"name": "pushback"},
		"roleRef":  object{"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": "pushback"},
		"subjects": []any{object{"kind": "ServiceAccount", "name": "pushback", "namespace": "shop"}},
	})
	return r.TokenOf("shop", "pushback")
}

func (r *real) hook(token string, c Config) *Hook {
	r.t.Helper()
	c.Config, c.Namespace, c.Timeout = cluster.Config{Kubeconfig: r.Kubeconfig(token, r.Address())}, "shop", 2*time.Minute
	h, err := New(c)
	if err != nil {
		r.t.Fatal(err)
	}
	return h
}

func (r *real) completes(resource string) {
	r.t.Helper()
	r.Await("rollout of "+resource, func() bool {
		o := r.Get("apps/v1/"+resource, "shop", "cart")
		switch resource {
		case "statefulsets":
			return kube.StatefulSetComplete(o)
		case "daemonsets":
			return kube.DaemonSetComplete(o) && kube.IntField(o, "status", "desiredNumberScheduled") > 0
		}
		return kube.DeploymentComplete(o)
	})
}

func plan() rollback.Plan {
	s := hooktest.Situation()
	return rollback.Plan{Change: s.Change, Target: s.Target.Version}
}

// rollsBack tries it, does it, and does it again.
func (r *real) rollsBack(resource string, h *Hook) {
	r.t.Helper()
	before := r.Get("apps/v1/"+resource, "shop", "cart")
	if problems := rollback.Problems(h.Preflight(r.t.Context(), plan())); len(problems) > 0 {
		r.t.Fatalf("%s: %+v", resource, problems)
	}
	preview, err := h.DryRun(r.t.Context(), plan())
	if err != nil || len(preview.Steps) != 2 || !strings.Contains(preview.Steps[0], "shop/cart:v1") || len(preview.Notes) != 1 {
		r.t.Errorf("%s: %+v, %v", resource, preview, err)
	}
	if after := r.Get("apps/v1/"+resource, "shop", "cart"); after.GetResourceVersion() != before.GetResourceVersion() {
		r.t.Errorf("%s: the dry run changed it", resource)
	}
	receipt, err := h.Do(r.t.Context(), hooktest.Warrant(r.t))
	if err != nil || receipt.Status != "rolled out" {
		r.t.Fatalf("%s: %+v, %v", resource, receipt, err)
	}
	after := r.Get("apps/v1/"+resource, "shop", "cart")
	if images := podTemplate(after).Images(""); len(images) != 1 || images[0] != "shop/cart:v1" {
		r.t.Errorf("%s runs %v", resource, images)
	}
	running, err := h.Verify(r.t.Context(), plan())
	if err != nil || !running.TargetRuns {
		r.t.Errorf("%s: %+v, %v", resource, running, err)
	}
	if _, err = h.Do(r.t.Context(), hooktest.Warrant(r.t)); err != nil {
		r.t.Errorf("%s: %v", resource, err)
	}
	again := r.Get("apps/v1/"+resource, "shop", "cart")
	if again.GetGeneration() != after.GetGeneration() || after.GetGeneration() != before.GetGeneration()+1 {
		r.t.Errorf("%s: generations %d, %d, %d", resource, before.GetGeneration(), after.GetGeneration(), again.GetGeneration())
	}
	was, is := before.GetAnnotations()[revisionAnnotation], after.GetAnnotations()[revisionAnnotation]
	if resource == "deployments" && was == is {
		r.t.Errorf("its revision is %s as before", is)
	}
}

// refuses tries what must not be done: the cluster does not allow it, or it would not last.
func (r *real) refuses(token string) {
	nobody := r.hook(kubecluster.Nobody, Config{})
	problems := rollback.Problems(nobody.Preflight(r.t.Context(), plan()))
	if len(problems) != 3 || problems[0].Problem != "the cluster does not allow it" {
		r.t.Errorf("%+v", problems)
	}
	_, err := nobody.Do(r.t.Context(), hooktest.Warrant(r.t))
	hooktest.CheckOutcome(r.t, "without rights", err, "failed", "403 Forbidden")

	h := r.hook(token, Config{})
	f := func(what, contains string, patch, undo object) {
		r.t.Helper()
		r.Patch("test", "apps/v1/deployments", "shop", "cart", patch)
		defer r.Patch("test", "apps/v1/deployments", "shop", "cart", undo)
		_, err := h.Do(r.t.Context(), hooktest.Warrant(r.t))
		hooktest.CheckOutcome(r.t, what, err, "failed", contains)
	}
	label := func(name string, value any) object {
		return object{"metadata": object{"labels": object{name: value}}}
	}
	f("paused", "it is paused", object{"spec": object{"paused": true}}, object{"spec": object{"paused": nil}})
	f("Argo CD", "Argo CD manages it", label("argocd.argoproj.io/instance", "shop"), label("argocd.argoproj.io/instance", nil))
	f("Flux", "Flux manages it", label("kustomize.toolkit.fluxcd.io/name", "shop"), label("kustomize.toolkit.fluxcd.io/name", nil))
	r.SetImage("test", "apps/v1/deployments", "shop", "cart", "shop/cart:v9")
	r.completes("deployments")
	r.Patch("test", "apps/v1/deployments", "shop", "cart", object{"spec": object{"revisionHistoryLimit": 0}})
	r.Await("the old revisions to be gone", func() bool {
		all, err := r.Client(kubecluster.Admin).Resource(kube.ReplicaSets).Namespace("shop").List(r.t.Context(), metav1.ListOptions{})
		return err == nil && len(all.Items) == 1
	})
	_, err = h.Do(r.t.Context(), hooktest.Warrant(r.t))
	hooktest.CheckOutcome(r.t, "no such revision", err, "failed", `none of its 1 revisions has version "v1"`)
	r.Patch("test", "apps/v1/deployments", "shop", "cart", object{"spec": object{"revisionHistoryLimit": 10}})
	for _, version := range []string{"v1", "v2"} {
		r.SetImage("test", "apps/v1/deployments", "shop", "cart", "shop/cart:"+version)
		r.completes("deployments")
	}
}
