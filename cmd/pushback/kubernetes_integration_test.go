//go:build integration && kubernetes

package main_test

import (
	"fmt"
	"net/http"
	"slices"
	"testing"
	"time"

	"github.com/pushback/pushback/internal/kube"
	"github.com/pushback/pushback/internal/proof/kubecluster"
	"github.com/pushback/pushback/internal/proof/servertest"
	"github.com/pushback/pushback/internal/server/api"
)

// TestKubernetesWholePath goes from a new image in a real control plane to the revision that went
// back, with the built program and a real Prometheus. Nobody tells Pushback anything.
func TestKubernetesWholePath(t *testing.T) {
	c := kubecluster.Start(t)
	c.RunPods()
	c.Create("v1/namespaces", "", map[string]any{"apiVersion": "v1", "kind": "Namespace", "metadata": map[string]any{"name": "shop"}})
	c.Create("apps/v1/deployments", "shop", kubecluster.Workload("Deployment", "cart", "shop/cart:v1"))
	c.Await("v1", func() bool { return kube.DeploymentComplete(c.Get("apps/v1/deployments", "shop", "cart")) })

	cart := newTarget(t)
	store, tool := metricStore(t, servertest.Prometheus, cart), newDeployTool(t, nil)
	kubeconfig := c.Kubeconfig(kubecluster.Admin, c.Address())
	p := serve(t, fmt.Sprintf(`sources:
  cluster: {kind: kubernetes, kubeconfig_file: %q, namespaces: [shop], environments: {shop: production}}
metrics: {prod: {kind: prometheus, url: %q, resolution: 2s}}
hooks:
  undo: {kind: kubernetes, kubeconfig_file: %q, namespace: shop, deployment: $service}
receivers:
  chat: {kind: webhook, url: %q, secret_file: secret}
services:
  default: {chat: chat}
  list:
    - {name: cart, match: {job: target, instance: %q}}
`, kubeconfig, store.URL, kubeconfig, tool.URL+"/chat", cart.address()), rule("undo"))

	// What was made before the second after the start is the baseline: times have whole seconds.
	time.Sleep(2 * time.Second)
	c.Create("apps/v1/deployments", "shop", kubecluster.Workload("Deployment", "first", "shop/first:v1"))
	p.changes(c, "first", 1)
	if all := p.changes(c, "cart", 0); len(all) != 0 {
		t.Fatalf("what ran at the start was told: %+v", all)
	}

	c.SetImage("helm", "apps/v1/deployments", "shop", "cart", "shop/cart:v2")
	change := p.changes(c, "cart", 1)[0]
	cart.fails.Store(bad)
	e := p.await(change.Key, "a rollback", 2*time.Minute, ordered("done"))
	if e.Order.Target != "v1" || e.Change.Previous != "v1" || e.Change.Version != "v2" || e.Change.Actor != "helm" {
		t.Errorf("%s\n%+v", describe(e), e.Change)
	}
	cart.fails.Store(quiet)
	o := c.Get("apps/v1/deployments", "shop", "cart")
	template, _ := o.Object["spec"].(map[string]any)["template"].(map[string]any)
	images, revision := kube.Template(template).Images(""), o.GetAnnotations()[kube.DeploymentRevision]
	if !slices.Equal(images, []string{"shop/cart:v1"}) || revision != "3" {
		t.Errorf("revision %s runs %v", revision, images)
	}
	echo := p.changes(c, "cart", 2)[0]
	if echo.Version != "v1" || echo.Actor != "pushback" {
		t.Errorf("the rollback was told as %+v", echo)
	}
}

// changes waits until there are so many changes of a service, and returns them, newest first.
func (p *process) changes(c *kubecluster.Cluster, service string, n int) (all []api.ChangeSummary) {
	p.t.Helper()
	c.Await(fmt.Sprintf("%d changes of %s", n, service), func() bool {
		var page api.Changes
		if status := p.request(http.MethodGet, "/v1/changes?service="+service, nil, nil, &page); status != http.StatusOK {
			p.t.Fatalf("asking for changes: %d", status)
		}
		all = page.Changes
		return len(all) >= n
	})
	return all
}
