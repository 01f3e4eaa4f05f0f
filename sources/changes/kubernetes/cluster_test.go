package kubernetes

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/pushback/pushback/internal/kube/kubetest"
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
