package kubernetes

import (
	"time"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/pushback/pushback/internal/kube"
	"github.com/pushback/pushback/sources"
)

// kind is one kind of workload, and what is special about it.
type kind struct {
	resource  schema.GroupVersionResource
	word      string                      // in labels of events: deployment
	revisions schema.GroupVersionResource // the objects that hold its revisions
	read      func(o *unstructured.Unstructured, all []unstructured.Unstructured) []kube.Revision
	// state names the template that the workload is to run. The same template has the same name.
	state func(o *unstructured.Unstructured) string
	// runs reports whether a revision is of the template that the workload is to run.
	runs func(o *unstructured.Unstructured, r kube.Revision) bool
	// end is how the rollout to the present template ended; "" while it has not.
	end      func(o *unstructured.Unstructured) (sources.Status, time.Time)
	optional bool // the cluster may not know the resource
}

var kinds = []kind{
	{
		resource: kube.Deployments, word: "deployment", revisions: kube.ReplicaSets,
		read: func(o *unstructured.Unstructured, all []unstructured.Unstructured) []kube.Revision {
			return kube.ReplicaSetRevisions(o, all, kube.DeploymentRevision, kube.DeploymentHash)
		},
		state: templateName, runs: hasTemplate, end: deploymentEnd,
	},
	{
		resource: kube.StatefulSets, word: "statefulset", revisions: kube.ControllerRevisions, read: kube.StoredRevisions,
		state: templateName, runs: hasTemplate, end: statefulSetEnd,
	},
	{
		resource: kube.DaemonSets, word: "daemonset", revisions: kube.ControllerRevisions, read: kube.StoredRevisions,
		state: templateName, runs: hasTemplate, end: daemonSetEnd,
	},
	{
		resource: kube.Rollouts, word: "rollout", revisions: kube.ReplicaSets, optional: true,
		read: func(o *unstructured.Unstructured, all []unstructured.Unstructured) []kube.Revision {
			return kube.ReplicaSetRevisions(o, all, kube.RolloutRevision, kube.RolloutHash)
		},
		state: rolloutHash, runs: func(o *unstructured.Unstructured, r kube.Revision) bool { return r.Hash == rolloutHash(o) }, end: rolloutEnd,
	},
}

// templateName is a hash of the pod template.
func templateName(o *unstructured.Unstructured) string {
	t, _, _ := unstructured.NestedMap(o.Object, "spec", "template")
	return hashOf(t)
}

// hasTemplate compares whole templates, as kubectl and the controllers do. Numbers of
// annotations would be those of the revision before, until the controller has written them.
func hasTemplate(o *unstructured.Unstructured, r kube.Revision) bool {
	t, _, _ := unstructured.NestedMap(o.Object, "spec", "template")
	return hashOf(t) == hashOf(r.Template)
}

// rolloutHash is the name that the controller has for the template, which may be in the
// Deployment that a Rollout refers to.
func rolloutHash(o *unstructured.Unstructured) string {
	return kube.StringField(o, "status", "currentPodHash")
}

// available is the reason of a Progressing condition for a rollout that is complete.
const available = "NewReplicaSetAvailable"

func deploymentEnd(o *unstructured.Unstructured) (sources.Status, time.Time) {
	c, hasDeadline := kube.Progressing(o)
	switch {
	case c.Reason == kube.DeadlineExceeded:
		return sources.Failed, c.Updated
	case kube.DeploymentComplete(o) && (!hasDeadline || c.Reason == available):
		return sources.Succeeded, c.Updated
	}
	return "", time.Time{}
}

// statefulSetEnd also takes a partition for the end: the pods below it are to stay as they are.
func statefulSetEnd(o *unstructured.Unstructured) (sources.Status, time.Time) {
	partition := kube.IntField(o, "spec", "updateStrategy", "rollingUpdate", "partition")
	partly := partition > 0 && kube.IntField(o, "status", "updatedReplicas") >= kube.WantedReplicas(o)-partition &&
		kube.IntField(o, "status", "readyReplicas") >= kube.WantedReplicas(o)
	if partly || kube.StatefulSetComplete(o) {
		return sources.Succeeded, time.Time{}
	}
	return "", time.Time{}
}

func daemonSetEnd(o *unstructured.Unstructured) (sources.Status, time.Time) {
	if kube.DaemonSetComplete(o) {
		return sources.Succeeded, time.Time{}
	}
	return "", time.Time{}
}

func rolloutEnd(o *unstructured.Unstructured) (sources.Status, time.Time) {
	c, _ := kube.Progressing(o)
	switch phase := kube.StringField(o, "status", "phase"); {
	case phase == "Degraded":
		return sources.Failed, c.Updated
	case phase == "Healthy" && kube.StringField(o, "status", "stableRS") == rolloutHash(o):
		return sources.Succeeded, c.Updated
	}
	return "", time.Time{}
}

// idle reports whether a workload runs no pods by its settings, so that a new template changes
// nothing yet. A DaemonSet has no such setting.
func idle(o *unstructured.Unstructured) bool {
	n, set, _ := unstructured.NestedInt64(o.Object, "spec", "replicas")
	return set && n == 0
}
