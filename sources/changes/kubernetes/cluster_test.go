package kubernetes

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/pushback/pushback/internal/kube/kubetest"
	"github.com/pushback/pushback/sources"
	"github.com/pushback/pushback/sources/changes"
)

type object = kubetest.Map

// noon is the moment of the first start of every feed here.
var noon = time.Date(2026, time.March, 3, 12, 0, 0, 0, time.UTC)

func stamp(after time.Duration) string { return noon.Add(after).Format(time.RFC3339) }

// app is a workload, as the API server has it, and what its controller does.
type app struct {
	server     *kubetest.Server
	kind       kind
	name, uid  string
	labels     object
	generation int
	replicas   int
	template   object
	revision   int
	revisions  []object // its ReplicaSets or ControllerRevisions
	status     object
	setBy      string // the manager who set the template
	setAt      time.Duration
	extra      object // further fields of spec
}

func pods(images ...string) object {
	var containers []any
	for i, image := range images {
		containers = append(containers, object{"name": fmt.Sprint("c", i), "image": image})
	}
	return object{"metadata": object{"labels": object{"app": "cart"}}, "spec": object{"containers": containers}}
}

func kindOf(t *testing.T, word string) kind {
	t.Helper()
	i := slices.IndexFunc(kinds, func(k kind) bool { return k.word == word })
	if i < 0 {
		t.Fatalf("there is no kind %q", word)
	}
	return kinds[i]
}

// running is a workload that has run version v1 for an hour.
func running(t *testing.T, s *kubetest.Server, word, name string) *app {
	t.Helper()
	a := &app{server: s, kind: kindOf(t, word), name: name, uid: "uid-of-" + name, replicas: 3, labels: object{"app.kubernetes.io/name": name}}
	a.set("kubectl", -time.Hour, pods("registry:5000/shop/cart:v1"))
	a.roll(-time.Hour)
	a.complete(-time.Hour)
	return a
}

// set gives it a new template, as a deploy tool does. The controller has not seen it yet.
func (a *app) set(by string, at time.Duration, template object) {
	a.template, a.setBy, a.setAt = template, by, at
	a.generation++
	a.put()
}

// roll is what the controller does then: it makes a revision, or uses one again.
func (a *app) roll(at time.Duration) {
	a.revision++
	spec := object{"template": a.template}
	for _, r := range a.revisions {
		if fmt.Sprint(r["raw"]) == fmt.Sprint(a.template) {
			a.number(r)
			a.putRevision(r)
			a.progress(at, "ReplicaSetUpdated", 1)
			return
		}
	}
	hash := fmt.Sprint("hash", a.revision)
	r := object{"raw": a.template, "metadata": object{
		"name": a.name + "-" + hash, "namespace": "shop", "creationTimestamp": stamp(at), "annotations": object{},
		"labels":          object{"app": "cart", "pod-template-hash": hash, "rollouts-pod-template-hash": hash},
		"ownerReferences": []any{object{"apiVersion": "apps/v1", "kind": "X", "name": a.name, "uid": a.uid, "controller": true}},
	}}
	if a.kind.revisions.Resource == "controllerrevisions" {
		r["apiVersion"], r["kind"], r["data"] = "apps/v1", "ControllerRevision", object{"spec": spec}
	} else {
		r["apiVersion"], r["kind"], r["spec"] = "apps/v1", "ReplicaSet", spec
	}
	a.number(r)
	a.revisions = append(a.revisions, r)
	a.putRevision(r)
	a.progress(at, "ReplicaSetUpdated", 1)
}

func (a *app) number(r object) {
	r["revision"] = a.revision
	annotations := r["metadata"].(object)["annotations"].(object)
	annotations["deployment.kubernetes.io/revision"] = fmt.Sprint(a.revision)
	annotations["rollout.argoproj.io/revision"] = fmt.Sprint(a.revision)
	a.status = object{"hash": r["metadata"].(object)["labels"].(object)["pod-template-hash"]}
}

func (a *app) putRevision(r object) { a.server.Put(a.kind.revisions.Resource, r) }

// progress writes the status of a rollout of which some pods are updated.
func (a *app) progress(at time.Duration, reason string, updated int) {
	hash, done := a.status["hash"], updated >= a.replicas
	a.status = object{
		"hash": hash, "observedGeneration": a.generation, "replicas": max(updated, a.replicas), "updatedReplicas": updated, "availableReplicas": updated,
		"readyReplicas": a.replicas, "currentRevision": "before", "updateRevision": hash, "desiredNumberScheduled": a.replicas,
		"updatedNumberScheduled": updated, "numberAvailable": updated, "currentPodHash": hash, "stableRS": "before", "phase": "Progressing",
		"conditions": []any{object{"type": "Available"}, object{"type": "Progressing", "reason": reason, "message": "…", "lastUpdateTime": stamp(at)}},
		"at":         stamp(at),
	}
	if a.kind.word == "rollout" {
		a.status["observedGeneration"] = fmt.Sprint(a.generation)
	}
	if done {
		a.status["currentRevision"], a.status["stableRS"], a.status["phase"] = hash, hash, "Healthy"
	}
	a.put()
}

func (a *app) complete(at time.Duration) { a.progress(at, "NewReplicaSetAvailable", a.replicas) }

// fail ends a rollout without success, where the kind has such an end.
func (a *app) fail(at time.Duration) {
	a.progress(at, "ProgressDeadlineExceeded", 1)
	a.status["phase"] = "Degraded"
	a.put()
}

func (a *app) put() {
	managed := []any{
		object{"manager": "other", "operation": "Update", "time": stamp(2 * time.Hour), "fieldsV1": object{"f:spec": object{"f:replicas": object{}}}},
		object{"manager": a.setBy, "operation": "Update", "time": stamp(a.setAt), "fieldsV1": object{"f:spec": object{"f:template": object{"f:spec": object{}}}}},
	}
	if at := a.status["at"]; at != nil {
		managed = append(managed, object{"manager": "kube-controller-manager", "operation": "Update", "subresource": "status", "time": at})
	}
	spec := object{"replicas": a.replicas, "selector": object{"matchLabels": object{"app": "cart"}}, "template": a.template}
	for name, value := range a.extra {
		spec[name] = value
	}
	a.server.Put(a.kind.resource.Resource, object{
		"apiVersion": a.kind.resource.GroupVersion().String(), "kind": a.kind.word,
		"metadata": object{
			"name": a.name, "namespace": "shop", "uid": a.uid, "generation": a.generation, "labels": a.labels, "managedFields": managed,
			"annotations": object{"kubernetes.io/change-cause": "release 7"},
		},
		"spec": spec, "status": a.status,
	})
}

// ship rolls a version out, to its end.
func (a *app) ship(at time.Duration, version string) {
	a.set("helm", at, pods("registry:5000/shop/cart:"+version))
	a.roll(at)
	a.complete(at + time.Minute)
}

// store is what stores events: each once, as the real one. It is a changes.Memory as well.
type store struct {
	mu          sync.Mutex
	events      []sources.Event
	ids         map[string]bool
	first, last map[string]time.Time // by part
	down        int                  // how many calls fail
	refuse      bool
	came        chan struct{}
}

func newStore() *store {
	return &store{ids: map[string]bool{}, first: map[string]time.Time{}, last: map[string]time.Time{}, came: make(chan struct{}, 1000)}
}

func (s *store) take(_ context.Context, d changes.Delivery) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.down > 0 {
		s.down--
		return errors.New("the disk is full")
	}
	for _, e := range d.Events {
		if s.refuse && e.Service != "sentinel" {
			return changes.Bad("service is not allowed")
		}
		if _, err := sources.Admit(e, nil, noon.Add(100*time.Hour)); err != nil {
			return err
		}
		if !s.ids[e.EventID] {
			s.ids[e.EventID] = true
			s.events = append(s.events, e)
			s.came <- struct{}{}
		}
	}
	return nil
}

func (s *store) Reads(_ context.Context, part string) (first, last time.Time, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.first[part], s.last[part], nil
}

func (s *store) NoteRead(_ context.Context, part string, at time.Time) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.first[part].IsZero() {
		s.first[part] = at
	}
	s.last[part] = at
	return nil
}

// noted is how many parts were read.
func (s *store) noted() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.last)
}

func (s *store) Told(_ context.Context, e sources.Event) (status sources.Status, told bool, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, one := range s.events {
		if one.ChangeID == e.ChangeID {
			status, told = one.Status, true
		}
	}
	return status, told, nil
}

// feed is a feed that runs at a moment after noon, until stop.
type feed struct {
	*Feed
	t     *testing.T
	store *store
	stop  func()
	seen  int
}

func start(t *testing.T, s *kubetest.Server, st *store, at time.Duration, c Config) *feed {
	t.Helper()
	c.Kubeconfig = s.Kubeconfig(t)
	f, err := New(changes.Options{Name: "cluster"}, c)
	if err != nil {
		t.Fatal(err)
	}
	f.now = func() time.Time { return noon.Add(at) }
	f.Remember(st)
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- f.Run(ctx, st.take) }()
	stop := sync.OnceFunc(func() {
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	t.Cleanup(stop)
	st.mu.Lock()
	defer st.mu.Unlock()
	return &feed{f, t, st, stop, len(st.events)}
}

const patience = 20 * time.Second

// awaitListed waits until every watch has read the cluster once.
func (f *feed) awaitListed() {
	f.t.Helper()
	f.await("the first list", func() bool {
		return !slices.ContainsFunc(f.watchers, func(w *watcher) bool { return !w.reads() })
	})
}

func (f *feed) await(what string, done func() bool) {
	f.t.Helper()
	for end := time.Now().Add(patience); !done(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(end) {
			f.t.Fatalf("no %s within %s; trouble: %q", what, patience, f.Trouble())
		}
	}
}

// next waits for the next events, and returns them in short: "started v2 v1".
func (f *feed) next(n int) (all []string) {
	f.t.Helper()
	for range n {
		select {
		case <-f.store.came:
		case <-time.After(patience):
			f.t.Fatalf("an event is missing after %q; trouble: %q", all, f.Trouble())
		}
		f.store.mu.Lock()
		e := f.store.events[f.seen]
		f.seen++
		f.store.mu.Unlock()
		all = append(all, short(e))
	}
	return all
}

func short(e sources.Event) string {
	return fmt.Sprintf("%s %s %s<%s %s", e.Service, e.Status, e.Version, e.Previous, e.At.Sub(noon))
}

// expect fails unless these are the next events.
func (f *feed) expect(want ...string) {
	f.t.Helper()
	if got := f.next(len(want)); !slices.Equal(got, want) {
		f.t.Errorf("told\n%q, want\n%q", got, want)
	}
}

// quiet fails if anything was told of what happened until now. The watch tells in order, so
// the change of another workload comes last.
func (f *feed) quiet(sentinel *app, at time.Duration) {
	f.t.Helper()
	before := sentinel.revision
	version := fmt.Sprint("s", before+1)
	sentinel.ship(at, version)
	was := "v1"
	if before > 1 {
		was = fmt.Sprint("s", before)
	}
	f.expect(
		fmt.Sprintf("sentinel started %s<%s %s", version, was, at),
		fmt.Sprintf("sentinel succeeded %s<%s %s", version, was, at+time.Minute),
	)
}
