package kubernetes

import (
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

// undo is the patch that puts a revision back.
func undo(found *unstructured.Unstructured, to cluster.Revision) []cluster.Operation {
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

// complete says whether what the Deployment asks for is what runs, and all of
// it, as `kubectl rollout status` does. A rollout that has given up is an error.
func complete(found *unstructured.Unstructured) (bool, error) {
	number := func(fields ...string) int64 {
		n, _, _ := unstructured.NestedInt64(found.Object, fields...)
		return n
	}
	if number("status", "observedGeneration") < found.GetGeneration() {
		return false, nil
	}
	conditions, _, _ := unstructured.NestedSlice(found.Object, "status", "conditions")
	for _, one := range conditions {
		c, _ := one.(map[string]any)
		if c["type"] == "Progressing" && c["reason"] == "ProgressDeadlineExceeded" {
			return false, &call.Ended{Why: "the rollout has exceeded its progress deadline: " + rollback.Output(fmt.Sprint(c["message"]))}
		}
	}
	replicas, updated := int64(1), number("status", "updatedReplicas")
	if n, set, _ := unstructured.NestedInt64(found.Object, "spec", "replicas"); set {
		replicas = n
	}
	return updated >= replicas && number("status", "replicas") <= updated && number("status", "availableReplicas") >= updated, nil
}
