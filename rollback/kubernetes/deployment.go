package kubernetes

import (
	"context"
	"errors"
	"fmt"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/pushback/pushback/rollback"
	"github.com/pushback/pushback/rollback/internal/call"
	"github.com/pushback/pushback/rollback/internal/cluster"
)

const (
	revisionAnnotation = "deployment.kubernetes.io/revision"
	hashLabel          = "pod-template-hash"
)

// kept are the annotations of a Deployment that are not a revision's. kubectl
// leaves them alone too (polymorphichelpers, annotationsToSkip).
var kept = []string{
	"kubectl.kubernetes.io/last-applied-configuration", revisionAnnotation, "deployment.kubernetes.io/revision-history",
	"deployment.kubernetes.io/desired-replicas", "deployment.kubernetes.io/max-replicas", "deprecated.deployment.rollback.to",
}

func template(found *unstructured.Unstructured) cluster.Template {
	t, _, _ := unstructured.NestedMap(found.Object, "spec", "template")
	return cluster.Clean(t, hashLabel)
}

// deployments keep their revisions in ReplicaSets.
var deployments = workload{
	key: "deployment", resource: cluster.Deployments, revisions: cluster.ReplicaSets,
	history: func(ctx context.Context, c *cluster.Cluster, o *unstructured.Unstructured) ([]cluster.Revision, error) {
		return c.History(ctx, o, revisionAnnotation, hashLabel)
	},
	rolls: resumed, undo: restore, complete: deployed,
}

// resumed says why a Deployment would not roll out.
func resumed(found *unstructured.Unstructured) error {
	if paused, _, _ := unstructured.NestedBool(found.Object, "spec", "paused"); paused {
		return errors.New("it is paused: nothing would roll out until a person resumes it")
	}
	return nil
}

// restore is the patch that puts a revision back, with its annotations.
func restore(found *unstructured.Unstructured, to cluster.Revision) []cluster.Operation {
	return []cluster.Operation{
		cluster.Unchanged(found),
		{Op: "replace", Path: "/spec/template", Value: to.Template},
		{Op: "add", Path: "/metadata/annotations", Value: annotations(found.GetAnnotations(), to.Annotations)},
	}
}

// annotations are those of the revision, with the kept ones of the Deployment.
func annotations(now, revision map[string]string) map[string]string {
	all := map[string]string{}
	for name, value := range revision {
		all[name] = value
	}
	for _, name := range kept {
		delete(all, name)
		if value, found := now[name]; found {
			all[name] = value
		}
	}
	return all
}

// deployed says whether what the Deployment asks for is what runs, and all of
// it, as `kubectl rollout status` does. A rollout that has given up is an error.
func deployed(found *unstructured.Unstructured) (bool, error) {
	if number(found, "status", "observedGeneration") < found.GetGeneration() {
		return false, nil
	}
	conditions, _, _ := unstructured.NestedSlice(found.Object, "status", "conditions")
	for _, one := range conditions {
		c, _ := one.(map[string]any)
		if c["type"] == "Progressing" && c["reason"] == "ProgressDeadlineExceeded" {
			return false, &call.Ended{Why: "the rollout has exceeded its progress deadline: " + rollback.Output(fmt.Sprint(c["message"]))}
		}
	}
	updated := number(found, "status", "updatedReplicas")
	return updated >= replicas(found) && number(found, "status", "replicas") <= updated && number(found, "status", "availableReplicas") >= updated, nil
}
