//go:build integration && kubernetes

package kubernetes

import (
	"context"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	apierrors "k8s.io/apimachinery/pkg/api/errors"

	"github.com/pushback/pushback/internal/kube"
	"github.com/pushback/pushback/internal/proof/kubecluster"
	"github.com/pushback/pushback/sources"
	"github.com/pushback/pushback/sources/changes"
)

// rbacKinds are the kinds of deploy/kubernetes/rbac.yaml.
var rbacKinds = map[string]string{
	"ServiceAccount": "v1/serviceaccounts", "ClusterRole": "rbac.authorization.k8s.io/v1/clusterroles",
	"ClusterRoleBinding": "rbac.authorization.k8s.io/v1/clusterrolebindings",
}

type real struct {
	*kubecluster.Cluster
	t     *testing.T
	proxy *kubecluster.Proxy
	store *store
	token string
	feed  *Feed
	seen  int
}

// TestKubernetes watches a real control plane as the service account of deploy/kubernetes/rbac.yaml.
func TestKubernetes(t *testing.T) {
	c := kubecluster.Start(t)
	c.RunPods()
	for _, name := range []string{"pushback", "shop"} {
		c.Create("v1/namespaces", "", object{"apiVersion": "v1", "kind": "Namespace", "metadata": object{"name": name}})
	}
	c.Create("v1/nodes", "", object{"apiVersion": "v1", "kind": "Node", "metadata": object{"name": "node"}})
	c.Patch("test", "v1/nodes", "", "node", object{"spec": object{"taints": nil}}) // as the node controller does when it is ready
	r := &real{Cluster: c, t: t, proxy: c.NewProxy(t), store: newStore()}

	r.store.now = time.Now
	r.forbidden()
	c.Apply("../../../deploy/kubernetes/rbac.yaml", rbacKinds)
	r.token = c.TokenOf("pushback", "pushback")
	for resource, kind := range map[string]string{"deployments": "Deployment", "statefulsets": "StatefulSet", "daemonsets": "DaemonSet"} {
		c.Create("apps/v1/"+resource, "shop", kubecluster.Workload(kind, strings.ToLower(kind), "shop/app:v1"))
	}
	for _, resource := range []string{"deployments", "statefulsets", "daemonsets"} {
		r.completes(resource, strings.TrimSuffix(resource, "s"))
	}
	stop := r.start()
	r.kinds()
	r.paused()
	r.gaps()
	r.owned()
	r.rollouts()
	stop()
	r.downTime()
}

// completes waits until a Deployment runs as it should.
func (r *real) completes(resource, name string) {
	r.t.Helper()
	r.Await("rollout of "+name, func() bool {
		o := r.Get("apps/v1/"+resource, "shop", name)
		switch resource {
		case "statefulsets":
			return kube.StatefulSetComplete(o)
		case "daemonsets":
			return kube.DaemonSetComplete(o) && kube.IntField(o, "status", "desiredNumberScheduled") > 0
		}
		return kube.DeploymentComplete(o)
	})
}

func (r *real) start() (stop func()) {
	r.t.Helper()
	f, err := New(changes.Options{Name: "cluster"}, Config{
		Config: kube.Config{Kubeconfig: r.Kubeconfig(r.token, r.proxy.URL)}, Environments: map[string]string{"shop": "production"},
	})
	if err != nil {
		r.t.Fatal(err)
	}
	f.Remember(r.store)
	r.feed = f
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- f.Run(ctx, r.store.take) }()
	stop = sync.OnceFunc(func() { cancel(); <-done })
	r.t.Cleanup(stop)
	r.Await("first list", func() bool {
		return !slices.ContainsFunc(f.watchers, func(w *watcher) bool { return !w.reads() && !w.kind.optional })
	})
	return stop
}

// next waits for the next event. what says which one is expected.
func (r *real) next(what string) sources.Event {
	r.t.Helper()
	for end := time.Now().Add(2 * time.Minute); ; time.Sleep(50 * time.Millisecond) {
		r.store.mu.Lock()
		came := len(r.store.events) > r.seen
		r.store.mu.Unlock()
		if came {
			break
		}
		if time.Now().After(end) {
			r.t.Fatalf("no event %s; trouble: %q", what, r.feed.Trouble())
		}
	}
	r.store.mu.Lock()
	defer r.store.mu.Unlock()
	r.seen++
	return r.store.events[r.seen-1]
}

// expect fails unless these are the next events: "deployment started v2<v1". Their times
// must be those of this test.
func (r *real) expect(want ...string) (last sources.Event) {
	r.t.Helper()
	for _, w := range want {
		last = r.next(w)
		r.t.Logf("%s: %+v", w, last)
		if got := last.Service + " " + string(last.Status) + " " + last.Version + "<" + last.Previous; got != w {
			r.t.Fatalf("told %q, want %q: %+v", got, w, last)
		}
		if age := time.Since(last.At); age < -2*time.Second || age > 5*time.Minute {
			r.t.Errorf("%s: at %s", w, last.At)
		}
	}
	return last
}

// Whoever has no rights is told which are missing.
func (r *real) forbidden() {
	f, err := New(changes.Options{Name: "cluster"}, Config{
		Config: kube.Config{Kubeconfig: r.Kubeconfig(kubecluster.Nobody, r.Address())}, Namespaces: []string{"shop"}, Workloads: []string{"deployments"},
	})
	if err != nil {
		r.t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(r.t.Context())
	defer cancel()
	done := make(chan error, 1)
	go func() { done <- f.Run(ctx, r.store.take) }()
	r.Await("trouble", func() bool {
		return f.Trouble() == "list deployments.apps in namespace shop is forbidden: apply deploy/kubernetes/rbac.yaml"
	})
	cancel()
	if err := <-done; err != nil {
		r.t.Error(err)
	}
}

// kinds rolls out, scales, rolls back and creates.
func (r *real) kinds() {
	for _, resource := range []string{"deployments", "statefulsets", "daemonsets"} {
		name := strings.TrimSuffix(resource, "s")
		r.completes(resource, name)
		r.Patch("scaler", "apps/v1/"+resource, "shop", name, object{"metadata": object{"annotations": object{"note": "no change"}}})
		if resource != "daemonsets" {
			r.Patch("scaler", "apps/v1/"+resource, "shop", name, object{"spec": object{"replicas": 3}})
		}
		r.completes(resource, name)
		r.SetImage("helm", "apps/v1/"+resource, "shop", name, "shop/app:v2")
		last := r.expect(name+" started v2<v1", name+" succeeded v2<v1")
		if last.Environment != "production" || last.Actor != "helm" || last.Labels["revision"] != "2" {
			r.t.Errorf("%+v", last)
		}
		r.completes(resource, name)
		r.SetImage("helm", "apps/v1/"+resource, "shop", name, "shop/app:v1") // the controller uses revision 1 again, as 3
		last = r.expect(name+" started v1<v2", name+" succeeded v1<v2")
		if last.Labels["revision"] != "3" {
			r.t.Errorf("%+v", last)
		}
		r.completes(resource, name)
	}
	r.Create("apps/v1/deployments", "shop", kubecluster.Workload("Deployment", "fresh", "shop/app@sha256:0123"))
	r.expect("fresh started sha256:0123<", "fresh succeeded sha256:0123<")
}

// A paused Deployment rolls nothing out, and tells nothing until it is resumed. One that does not
// get its pods to run in time has failed.
func (r *real) paused() {
	r.Patch("test", "apps/v1/deployments", "shop", "deployment", object{"spec": object{"paused": true}})
	r.SetImage("kubectl", "apps/v1/deployments", "shop", "deployment", "shop/app:v3")
	r.Create("apps/v1/deployments", "shop", kubecluster.Workload("Deployment", "late", "shop/app:v1"))
	r.expect("late started v1<", "late succeeded v1<")
	r.Patch("test", "apps/v1/deployments", "shop", "deployment", object{"spec": object{"paused": false}})
	r.expect("deployment started v3<v1", "deployment succeeded v3<v1")

	r.Patch("test", "apps/v1/deployments", "shop", "late", object{"spec": object{"progressDeadlineSeconds": 3, "minReadySeconds": 1}})
	r.SetImage("kubectl", "apps/v1/deployments", "shop", "late", "shop/broken:v2")
	r.expect("late started v2<v1", "late failed v2<v1")
}

// The watch is cut, and the server forgets what it had told.
func (r *real) gaps() {
	r.proxy.Cut(false)
	r.SetImage("helm", "apps/v1/deployments", "shop", "deployment", "shop/app:v4")
	r.expect("deployment started v4<v3", "deployment succeeded v4<v3")
	r.completes("deployments", "deployment")

	before := r.Get("apps/v1/deployments", "shop", "deployment").GetResourceVersion()
	r.proxy.Cut(true)
	for _, version := range []string{"v5", "v6"} {
		time.Sleep(1100 * time.Millisecond) // times in the cluster have whole seconds
		r.SetImage("helm", "apps/v1/deployments", "shop", "deployment", "shop/app:"+version)
		r.completes("deployments", "deployment")
	}
	r.StopAPI()
	r.StartAPI()
	r.gone(before)
	r.proxy.Cut(false)
	r.expect("deployment started v5<v4", "deployment started v6<v5", "deployment succeeded v6<v5")
}

// gone checks that the server answers 410 to a watch that goes on from a version.
func (r *real) gone(version string) {
	r.t.Helper()
	w, err := r.Client(kubecluster.Admin).Resource(kube.Deployments).Namespace("shop").Watch(r.t.Context(), metav1.ListOptions{ResourceVersion: version})
	if err == nil {
		defer w.Stop()
		err = apierrors.FromObject((<-w.ResultChan()).Object)
	}
	if !expired(err) {
		r.t.Errorf("the server still knows version %s: %v", version, err)
	}
}

// What a GitOps tool keeps is told all the same, and says so.
func (r *real) owned() {
	r.Patch("kustomize-controller", "apps/v1/deployments", "shop", "deployment", object{"metadata": object{"labels": object{"kustomize.toolkit.fluxcd.io/name": "shop"}}})
	r.SetImage("kustomize-controller", "apps/v1/deployments", "shop", "deployment", "shop/app:v7")
	if last := r.expect("deployment started v7<v6", "deployment succeeded v7<v6"); last.Labels["managed_by"] != "Flux" || last.Actor != "kustomize-controller" {
		r.t.Errorf("%+v", last)
	}
}

// Rollouts come with a CRD, while the source runs. There is no controller of Argo: the test writes
// what it would.
func (r *real) rollouts() {
	r.CreateRollouts()
	o := kubecluster.Workload("Rollout", "canary", "shop/app:v1")
	o["apiVersion"] = "argoproj.io/v1alpha1"
	uid := r.Create("argoproj.io/v1alpha1/rollouts", "shop", o).GetUID()
	r.RolloutRevision("canary", string(uid), "aaa", 1, "shop/app:v1")
	r.RolloutStatus("canary", "aaa", "aaa", "Healthy")
	r.expect("canary started v1<", "canary succeeded v1<")
	r.SetImage("helm", "argoproj.io/v1alpha1/rollouts", "shop", "canary", "shop/app:v2")
	r.RolloutRevision("canary", string(uid), "bbb", 2, "shop/app:v2")
	r.RolloutStatus("canary", "bbb", "aaa", "Progressing")
	r.expect("canary started v2<v1")
	r.RolloutStatus("canary", "bbb", "aaa", "Degraded")
	r.expect("canary failed v2<v1")
}

// What came while no process ran is told by the next, once.
func (r *real) downTime() {
	r.SetImage("helm", "apps/v1/deployments", "shop", "deployment", "shop/app:v8")
	r.SetImage("helm", "apps/v1/statefulsets", "shop", "statefulset", "shop/app:v8")
	r.completes("deployments", "deployment")
	r.completes("statefulsets", "statefulset")
	stop := r.start()
	told := []string{}
	for range 4 {
		e := r.next("of what happened meanwhile")
		told = append(told, e.Service+" "+string(e.Status)+" "+e.Version+"<"+e.Previous)
	}
	slices.Sort(told)
	want := []string{"deployment started v8<v7", "deployment succeeded v8<v7", "statefulset started v8<v1", "statefulset succeeded v8<v1"}
	if !slices.Equal(told, want) {
		r.t.Errorf("told %q, want %q", told, want)
	}
	stop()
	defer r.start()()
	r.Create("apps/v1/deployments", "shop", kubecluster.Workload("Deployment", "last", "shop/app:v1"))
	r.expect("last started v1<", "last succeeded v1<")
}
