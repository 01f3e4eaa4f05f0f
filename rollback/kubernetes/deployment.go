package kubernetes

import (
	"context"
	"errors"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/pushback/pushback/internal/kube"
	"github.com/pushback/pushback/rollback"
	"github.com/pushback/pushback/rollback/internal/call"
	"github.com/pushback/pushback/rollback/internal/cluster"
)

const (
	revisionAnnotation = kube.DeploymentRevision
	hashLabel          = kube.DeploymentHash
)

// ownAnnotations are the annotations that belong to a Deployment and not to a revision.
// kubectl leaves them alone too (polymorphichelpers, annotationsToSkip).
var ownAnnotations = []string{
	"kubectl.kubernetes.io/last-applied-configuration", revisionAnnotation, "deployment.kubernetes.io/revision-history",
	"deployment.kubernetes.io/desired-replicas", "deployment.kubernetes.io/max-replicas", "deprecated.deployment.rollback.to",
}

func podTemplate(found *unstructured.Unstructured) cluster.Template {
	t, _, _ := unstructured.NestedMap(found.Object, "spec", "template")
	return kube.CleanTemplate(t, hashLabel)
}

// deployments is the workload kind whose revisions are ReplicaSets.
var deployments = workload{
	key: "deployment", resource: cluster.Deployments, revisions: cluster.ReplicaSets,
	history: func(ctx context.Context, c *cluster.Cluster, o *unstructured.Unstructured) ([]cluster.Revision, error) {
		return c.ReplicaSetRevisions(ctx, o, revisionAnnotation, hashLabel)
	},
	checkRollsOut: checkNotPaused, patch: restorePatch, complete: deploymentComplete, progress: deploymentProgress,
}

// checkNotPaused returns an error if a changed Deployment would not roll out.
func checkNotPaused(found *unstructured.Unstructured) error {
	if paused, _, _ := unstructured.NestedBool(found.Object, "spec", "paused"); paused {
		return errors.New("it is paused: a person must resume it before anything rolls out")
	}
	return nil
}

// restorePatch is the patch that restores a revision with its annotations.
func restorePatch(found *unstructured.Unstructured, to cluster.Revision) []cluster.Operation {
	return []cluster.Operation{
		cluster.RequireUnchanged(found),
		{Op: "replace", Path: "/spec/template", Value: to.Template},
		{Op: "add", Path: "/metadata/annotations", Value: mergeAnnotations(found.GetAnnotations(), to.Annotations)},
	}
}

// mergeAnnotations returns the annotations of a revision, and those of now that belong to
// the Deployment.
func mergeAnnotations(now, revision map[string]string) map[string]string {
	all := map[string]string{}
	for name, value := range revision {
		all[name] = value
	}
	for _, name := range ownAnnotations {
		delete(all, name)
		if value, found := now[name]; found {
			all[name] = value
		}
	}
	return all
}

func deploymentProgress(found *unstructured.Unstructured) string {
	return replicasUpdated(found, "updatedReplicas", kube.WantedReplicas(found), "availableReplicas", "available")
}

// deploymentComplete reports whether the rollout is complete. A rollout that exceeded its
// deadline is an error.
func deploymentComplete(found *unstructured.Unstructured) (bool, error) {
	if !kube.Observed(found) {
		return false, nil
	}
	if c, _ := kube.Progressing(found); c.Reason == kube.DeadlineExceeded {
		return false, &call.FailedError{Why: "the rollout has exceeded its progress deadline: " + rollback.Output(c.Message)}
	}
	return kube.DeploymentComplete(found), nil
}
