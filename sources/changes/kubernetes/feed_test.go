package kubernetes

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/pushback/pushback/internal/kube/kubetest"
	"github.com/pushback/pushback/sources"
)

const minute = time.Minute

// What runs at the start is the baseline, however many times the controller writes it.
func TestKinds(t *testing.T) {
	t.Parallel()
	for _, word := range []string{"deployment", "statefulset", "daemonset", "rollout"} {
		t.Run(word, func(t *testing.T) {
			t.Parallel()
			s, st := kubetest.New(t), newStore()
			cart := running(t, s, word, "cart")
			f := start(t, s, st, 0, Config{})
			f.awaitListed()
			cart.put()
			cart.ship(5*minute, "v2")
			f.expect("cart started v2<v1 5m0s", "cart succeeded v2<v1 6m0s")
			cart.ship(8*minute, "v1")
			f.expect("cart started v1<v2 8m0s", "cart succeeded v1<v2 9m0s")
			st.once(t)
		})
	}
}

func TestEvent(t *testing.T) {
	t.Parallel()
	s, st := kubetest.New(t), newStore()
	cart := running(t, s, "deployment", "cart")
	cart.labels["kustomize.toolkit.fluxcd.io/name"] = "shop"
	f := start(t, s, st, 0, Config{Environments: map[string]string{"shop": "production"}})
	f.awaitListed()
	cart.ship(5*minute, "v2")
	f.next(2)
	want := sources.Event{
		Source: "cluster", EventID: "uid-of-cart/2/started", ChangeID: "uid-of-cart/2", Status: sources.Started, At: noon.Add(5 * minute), Sequence: 2,
		Service: "cart", Environment: "production", Kind: sources.Deploy, Version: "v2", Previous: "v1", Actor: "helm",
		Labels: map[string]string{
			"namespace": "shop", "workload": "deployment/cart", "revision": "2", "image": "registry:5000/shop/cart:v2", "managed_by": "Flux",
			"change_cause": "release 7",
		},
	}
	end := want
	end.EventID, end.Status, end.At = "uid-of-cart/2/succeeded", sources.Succeeded, noon.Add(6*minute)
	if diff := cmp.Diff([]sources.Event{want, end}, st.events); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestNoChange(t *testing.T) {
	t.Parallel()
	s, st := kubetest.New(t), newStore()
	cart, sentinel := running(t, s, "deployment", "cart"), running(t, s, "deployment", "sentinel")
	f := start(t, s, st, 0, Config{})
	f.awaitListed()

	cart.replicas = 9 // scaled: a new generation, the same template
	cart.generation++
	cart.progress(minute, "NewReplicaSetAvailable", 3)
	cart.complete(2 * minute)
	f.quiet(sentinel, 3*minute)

	cart.extra = object{"paused": true} // the controller makes no revision for it
	cart.set("kubectl", 4*minute, pods("cart:v2"))
	cart.complete(4 * minute)
	f.quiet(sentinel, 5*minute)

	cart.extra = nil // … until it is resumed
	cart.generation++
	cart.roll(7 * minute)
	f.expect("cart started v2<v1 7m0s")

	s.Delete("deployments", "shop", "cart")
	f.quiet(sentinel, 9*minute)
}

// A workload without pods runs nothing: its template is told when it gets some.
func TestIdle(t *testing.T) {
	t.Parallel()
	s, st := kubetest.New(t), newStore()
	cart, sentinel := running(t, s, "deployment", "cart"), running(t, s, "deployment", "sentinel")
	f := start(t, s, st, 30*minute, Config{})
	f.awaitListed()
	cart.replicas = 0
	cart.ship(31*minute, "v2")
	f.quiet(sentinel, 32*minute)
	cart.replicas = 2
	cart.generation++
	cart.complete(40 * minute)
	f.expect("cart started v2<v1 30m0s", "cart succeeded v2<v1 40m0s") // 30m0s is the feed's now
}

func TestNewWorkload(t *testing.T) {
	t.Parallel()
	s, st := kubetest.New(t), newStore()
	old, sentinel := running(t, s, "deployment", "old"), running(t, s, "deployment", "sentinel")
	s.Delete("deployments", "shop", "old")
	f := start(t, s, st, 0, Config{})
	f.awaitListed()
	old.put() // as where it is labelled so that the selector selects it: it has run for an hour
	f.quiet(sentinel, minute)
	cart := &app{server: s, kind: kindOf(t, "deployment"), name: "cart", uid: "another", replicas: 1, labels: object{}}
	cart.ship(3*minute, "v1")
	f.expect("cart started v1< 3m0s", "cart succeeded v1< 4m0s")
}

func TestFailedAndThenSucceeded(t *testing.T) {
	t.Parallel()
	for _, word := range []string{"deployment", "rollout"} {
		s, st := kubetest.New(t), newStore()
		cart := running(t, s, word, "cart")
		f := start(t, s, st, 0, Config{})
		f.awaitListed()
		cart.set("helm", minute, pods("cart:v2"))
		cart.roll(minute)
		cart.fail(11 * minute)
		cart.fail(11 * minute)
		f.expect("cart started v2<v1 1m0s", "cart failed v2<v1 11m0s")
		cart.complete(15 * minute)
		f.expect("cart succeeded v2<v1 15m0s")
		st.once(t)
	}
}

// The watch breaks in every way, and what happened meanwhile is told once.
func TestGaps(t *testing.T) {
	t.Parallel()
	for _, streams := range []bool{false, true} {
		s, st := kubetest.New(t), newStore()
		s.Streams = streams
		cart, sentinel := running(t, s, "deployment", "cart"), running(t, s, "deployment", "sentinel")
		f := start(t, s, st, 0, Config{Workloads: []string{"deployments"}})
		f.awaitListed()

		s.Cut()
		cart.ship(minute, "v2")
		f.expect("cart started v2<v1 1m0s", "cart succeeded v2<v1 2m0s")

		s.Bookmark("deployments")
		s.Cut()
		f.quiet(sentinel, 3*minute)

		// All is forgotten, and two versions came in the gap.
		s.Refuse("watch deployments", http.StatusServiceUnavailable)
		s.Refuse("list deployments", http.StatusServiceUnavailable)
		s.Cut()
		cart.ship(10*minute, "v3")
		cart.ship(20*minute, "v4")
		s.Forget()
		f.await("trouble", func() bool { return strings.Contains(f.Trouble(), "Service Unavailable") })
		lists := s.Count("list deployments") + s.Count("watch deployments")
		s.Refuse("watch deployments", 0)
		s.Refuse("list deployments", 0)
		f.expect("cart started v3<v2 10m0s", "cart started v4<v3 20m0s", "cart succeeded v4<v3 21m0s")
		f.quiet(sentinel, 30*minute)
		f.await("end of the trouble", func() bool { return f.Trouble() == "" })
		if s.Count("list deployments")+s.Count("watch deployments") == lists {
			t.Error("nothing was listed again")
		}
		st.once(t)
	}
}

// What happened while no process ran is told by the next one, with its own time.
func TestDownTime(t *testing.T) {
	t.Parallel()
	s, st := kubetest.New(t), newStore()
	cart, blog := running(t, s, "deployment", "cart"), running(t, s, "statefulset", "blog")
	slow, sentinel := running(t, s, "deployment", "slow"), running(t, s, "deployment", "sentinel")
	f := start(t, s, st, 0, Config{})
	f.awaitListed()
	slow.set("helm", minute, pods("slow:v2"))
	slow.roll(minute)
	f.expect("slow started v2<v1 1m0s")
	f.await("note", func() bool { return st.noted() == len(kinds) })
	f.stop()

	f = start(t, s, st, 10*minute, Config{Workloads: []string{"deployments"}})
	f.await("note", func() bool { return st.notedAt("deployments/").Equal(noon.Add(10 * minute)) })
	f.stop()
	slow.complete(18 * minute) // its start is long told
	f = start(t, s, st, 20*minute, Config{Workloads: []string{"deployments"}})
	f.expect("slow succeeded v2<v1 18m0s")
	f.stop()

	cart.ship(30*minute, "v2")
	blog.ship(31*minute, "v2")
	f = start(t, s, st, 40*minute, Config{Workloads: []string{"deployments"}})
	f.expect("cart started v2<v1 30m0s", "cart succeeded v2<v1 31m0s")
	f.awaitListed()
	f.quiet(sentinel, 41*minute)
	f.stop()

	f = start(t, s, st, 50*minute, Config{Workloads: []string{"statefulsets"}})
	f.expect("blog started v2<v1 31m0s", "blog succeeded v2<v1 32m0s")
	f.stop()
	f = start(t, s, st, 60*minute, Config{})
	f.awaitListed()
	f.quiet(sentinel, 61*minute)
}

// The first start tells nothing, though a rollout is on its way and ends later.
func TestFirstStart(t *testing.T) {
	t.Parallel()
	s, st := kubetest.New(t), newStore()
	cart, sentinel := running(t, s, "deployment", "cart"), running(t, s, "deployment", "sentinel")
	cart.set("helm", -minute, pods("cart:v2"))
	cart.roll(-minute)
	f := start(t, s, st, 0, Config{})
	f.awaitListed()
	cart.complete(minute)
	f.quiet(sentinel, 2*minute)
	f.stop()
	f = start(t, s, st, 3*minute, Config{}) // soon after: what was the baseline stays so
	f.awaitListed()
	f.quiet(sentinel, 4*minute)
}

func TestTrouble(t *testing.T) {
	t.Parallel()
	s, st := kubetest.New(t), newStore()
	s.Refuse("list deployments", http.StatusForbidden)
	s.Refuse("watch deployments", http.StatusForbidden)
	s.Refuse("list rollouts", http.StatusNotFound) // the cluster does not have Argo Rollouts
	s.Refuse("watch rollouts", http.StatusNotFound)
	cart := running(t, s, "deployment", "cart")
	f := start(t, s, st, 0, Config{Namespaces: []string{"shop"}})
	const want = "list deployments.apps in namespace shop is forbidden: apply deploy/kubernetes/rbac.yaml"
	f.await("trouble", func() bool { return f.Trouble() == want })
	s.Refuse("list deployments", 0)
	s.Refuse("watch deployments", 0)
	f.await("list", func() bool { return f.watchers[0].reads() })

	s.Refuse("list replicasets", http.StatusForbidden)
	cart.ship(minute, "v2")
	f.await("trouble", func() bool {
		return f.Trouble() == "list replicasets.apps in namespace shop is forbidden: apply deploy/kubernetes/rbac.yaml"
	})
	s.Refuse("list replicasets", 0)
	f.expect("cart started v2<v1 1m0s", "cart succeeded v2<v1 2m0s")
	f.await("end of the trouble", func() bool { return f.Trouble() == "" })
}

func TestStoreFails(t *testing.T) {
	t.Parallel()
	s, st := kubetest.New(t), newStore()
	cart, sentinel := running(t, s, "deployment", "cart"), running(t, s, "deployment", "sentinel")
	f := start(t, s, st, 0, Config{})
	f.awaitListed()
	st.mu.Lock()
	st.down = 2
	st.mu.Unlock()
	cart.ship(minute, "v2")
	f.expect("cart started v2<v1 1m0s", "cart succeeded v2<v1 2m0s")
	st.mu.Lock()
	st.refuse = true
	st.mu.Unlock()
	cart.ship(3*minute, "v3")
	f.quiet(sentinel, 5*minute) // what is refused holds nothing up
}

func TestScope(t *testing.T) {
	t.Parallel()
	s, st := kubetest.New(t), newStore()
	cart, sentinel := running(t, s, "deployment", "cart"), running(t, s, "deployment", "sentinel")
	sentinel.labels["watched"] = "yes"
	sentinel.put()
	f := start(t, s, st, 0, Config{Namespaces: []string{"shop", "empty"}, Selector: "watched=yes"})
	f.awaitListed()
	cart.ship(minute, "v2")
	f.quiet(sentinel, 5*minute)
}
