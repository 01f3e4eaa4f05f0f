//go:build integration && kubernetes

package argorollouts

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/pushback/pushback/internal/kube"
	"github.com/pushback/pushback/internal/proof/kubecluster"
	"github.com/pushback/pushback/rollback"
	"github.com/pushback/pushback/rollback/hooktest"
	"github.com/pushback/pushback/rollback/internal/cluster"
)

const resource = "argoproj.io/v1alpha1/rollouts"

// TestKubernetes rolls a Rollout of a real API server back. Argo's controller does not run: the
// test writes what it would.
func TestKubernetes(t *testing.T) {
	c := kubecluster.Start(t)
	c.Create("v1/namespaces", "", object{"apiVersion": "v1", "kind": "Namespace", "metadata": object{"name": "shop"}})
	c.CreateRollouts()
	o := kubecluster.Workload("Rollout", "cart", "shop/cart:v1")
	o["apiVersion"] = "argoproj.io/v1alpha1"
	uid := string(c.Create(resource, "shop", o).GetUID())
	c.RolloutRevision("cart", uid, "aaa", 1, "shop/cart:v1")
	c.SetImage("helm", resource, "shop", "cart", "shop/cart:v2")
	c.RolloutRevision("cart", uid, "bbb", 2, "shop/cart:v2")
	c.RolloutStatus("cart", "bbb", "aaa", "Paused") // half of the traffic

	h := newHook(t, c, kubecluster.Admin)
	s := hooktest.Situation()
	plan := rollback.Plan{Change: s.Change, Target: s.Target.Version}
	nobody := newHook(t, c, kubecluster.Nobody)
	if problems := rollback.Problems(nobody.Preflight(t.Context(), plan)); len(problems) == 0 || problems[0].Problem != "the cluster does not allow it" {
		t.Errorf("%+v", problems)
	}
	_, err := nobody.Do(t.Context(), hooktest.Warrant(t))
	hooktest.CheckOutcome(t, "without rights", err, "failed", "403 Forbidden")

	if problems := rollback.Problems(h.Preflight(t.Context(), plan)); len(problems) > 0 {
		t.Fatalf("%+v", problems)
	}
	before := c.Get(resource, "shop", "cart").GetResourceVersion()
	preview, err := h.DryRun(t.Context(), plan)
	if err != nil || len(preview.Steps) == 0 || !strings.Contains(strings.Join(preview.Steps, "\n"), "shop/cart:v1") {
		t.Errorf("%+v, %v", preview, err)
	}
	if after := c.Get(resource, "shop", "cart").GetResourceVersion(); after != before {
		t.Error("the dry run changed the Rollout")
	}
	defer startController(c)()
	receipt, err := h.Do(t.Context(), hooktest.Warrant(t))
	if err != nil || receipt.Status != "rolled back" {
		t.Fatalf("%+v, %v", receipt, err)
	}
	after := c.Get(resource, "shop", "cart")
	if template, _ := podTemplate(after); len(template.Images("")) != 1 || template.Images("")[0] != "shop/cart:v1" {
		t.Errorf("it runs %v", template.Images(""))
	}
	if _, err := h.Do(t.Context(), hooktest.Warrant(t)); err != nil || c.Get(resource, "shop", "cart").GetGeneration() != after.GetGeneration() {
		t.Errorf("again: %v", err)
	}
}

func newHook(t *testing.T, c *kubecluster.Cluster, token string) *Hook {
	t.Helper()
	h, err := New(Config{Config: cluster.Config{Kubeconfig: c.Kubeconfig(token, c.Address())}, Namespace: "shop", Timeout: time.Minute})
	if err != nil {
		t.Fatal(err)
	}
	return h
}

// controllerOf acts as Argo's controller: it takes an abort up, and rolls the template of v1 out.
func controllerOf(c *kubecluster.Cluster) {
	o := c.Get(resource, "shop", "cart")
	template, _ := podTemplate(o)
	abort, aborted := rollout{o}.boolField("status", "abort"), rollout{o}.stringField("status", "abortedAt") != ""
	switch {
	case template.Images("")[0] == "shop/cart:v1" && !kube.Observed(o):
		c.Patch("rollouts-controller", resource, "shop", "cart", object{"status": object{"abort": nil, "abortedAt": nil}}, "status")
		c.RolloutStatus("cart", "aaa", "aaa", "Healthy")
	case abort && !aborted:
		c.Patch("rollouts-controller", resource, "shop", "cart", object{"status": object{"phase": "Degraded", "abortedAt": time.Now().UTC().Format(time.RFC3339)}}, "status")
	}
}

// startController runs the controller until stop.
func startController(c *kubecluster.Cluster) (stop func()) {
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		for ctx.Err() == nil {
			controllerOf(c)
			time.Sleep(100 * time.Millisecond)
		}
	}()
	return func() { cancel(); <-done }
}
