package kubernetes

import (
	"cmp"
	"context"
	"errors"
	"fmt"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/pushback/pushback/rollback/internal/cluster"
)

// workload is what the kinds of workloads differ in.
type workload struct {
	key       string // of its name in pushback.yml
	resource  schema.GroupVersionResource
	revisions schema.GroupVersionResource // what its history is kept in
	history   func(context.Context, *cluster.Cluster, *unstructured.Unstructured) ([]cluster.Revision, error)
	rolls     func(*unstructured.Unstructured) error         // why a changed template would not roll out
	complete  func(*unstructured.Unstructured) (bool, error) // whether it has rolled out
	undo      func(*unstructured.Unstructured, cluster.Revision) []cluster.Operation
}

// workload is the kind that the configuration names, with the workload's name.
func (c Config) workload() (kind workload, name string, several bool) {
	kind, name = deployments, c.Deployment
	if c.StatefulSet != "" {
		several = name != ""
		kind, name = statefulSets, c.StatefulSet
	}
	if c.DaemonSet != "" {
		several = several || name != ""
		kind, name = daemonSets, c.DaemonSet
	}
	return kind, cmp.Or(name, "$service"), several
}

// statefulSets and daemonSets keep their revisions in ControllerRevisions.
var (
	statefulSets = workload{
		key: "statefulset", resource: apps("statefulsets"), revisions: cluster.Revisions,
		history: revisions, rolls: updates, undo: replace, complete: ordered,
	}
	daemonSets = workload{
		key: "daemonset", resource: apps("daemonsets"), revisions: cluster.Revisions,
		history: revisions, rolls: updates, undo: replace, complete: scheduled,
	}
)

func apps(resource string) schema.GroupVersionResource {
	return schema.GroupVersionResource{Group: "apps", Version: "v1", Resource: resource}
}

func revisions(ctx context.Context, c *cluster.Cluster, o *unstructured.Unstructured) ([]cluster.Revision, error) {
	return c.ControllerRevisions(ctx, o)
}

// updates says why a StatefulSet or a DaemonSet would not roll out, or not all
// of it.
func updates(found *unstructured.Unstructured) error {
	strategy, _, _ := unstructured.NestedString(found.Object, "spec", "updateStrategy", "type")
	if strategy == "OnDelete" {
		return errors.New("its update strategy is OnDelete: nothing would roll out until a person deletes pods")
	}
	if n := number(found, "spec", "updateStrategy", "rollingUpdate", "partition"); n > 0 {
		return fmt.Errorf("its update is partitioned at %d: the pods below would stay as they are", n)
	}
	return nil
}

// replace is the patch that puts a template back.
func replace(found *unstructured.Unstructured, to cluster.Revision) []cluster.Operation {
	return []cluster.Operation{cluster.Unchanged(found), {Op: "replace", Path: "/spec/template", Value: to.Template}}
}

// ordered says whether all pods of a StatefulSet are of its template.
func ordered(found *unstructured.Unstructured) (bool, error) {
	current, _, _ := unstructured.NestedString(found.Object, "status", "currentRevision")
	update, _, _ := unstructured.NestedString(found.Object, "status", "updateRevision")
	return number(found, "status", "observedGeneration") >= found.GetGeneration() && current == update &&
		number(found, "status", "readyReplicas") >= replicas(found), nil
}

// scheduled says whether all pods of a DaemonSet are of its template.
func scheduled(found *unstructured.Unstructured) (bool, error) {
	desired := number(found, "status", "desiredNumberScheduled")
	return number(found, "status", "observedGeneration") >= found.GetGeneration() &&
		number(found, "status", "updatedNumberScheduled") >= desired && number(found, "status", "numberAvailable") >= desired, nil
}

// number is a field's value; 0 where there is none.
func number(found *unstructured.Unstructured, fields ...string) int64 {
	n, _, _ := unstructured.NestedInt64(found.Object, fields...)
	return n
}

// replicas is how many pods are asked for: one, where nobody says.
func replicas(found *unstructured.Unstructured) int64 {
	if n, set, _ := unstructured.NestedInt64(found.Object, "spec", "replicas"); set {
		return n
	}
	return 1
}
