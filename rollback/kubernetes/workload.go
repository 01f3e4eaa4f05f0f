package kubernetes

import (
	"cmp"
	"context"
	"errors"
	"fmt"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/pushback/pushback/internal/kube"
	"github.com/pushback/pushback/rollback/internal/cluster"
)

// workload is one kind of workload: Deployment, StatefulSet or DaemonSet.
type workload struct {
	key           string                                                                                          // the setting of its name in pushback.yml
	resource      schema.GroupVersionResource                                                                     // the workload
	revisions     schema.GroupVersionResource                                                                     // the objects that hold its revisions
	history       func(context.Context, *cluster.Cluster, *unstructured.Unstructured) ([]cluster.Revision, error) // its revisions, newest first
	checkRollsOut func(*unstructured.Unstructured) error                                                          // why a changed template would not roll out
	complete      func(*unstructured.Unstructured) (bool, error)                                                  // whether its rollout is complete
	progress      func(*unstructured.Unstructured) string                                                         // how far its rollout has come
	patch         func(*unstructured.Unstructured, cluster.Revision) []cluster.Operation                          // restores a revision
}

// workload returns the kind and the name that the configuration sets, and whether it sets
// several kinds.
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

// statefulSets and daemonSets are the workload kinds whose revisions are
// ControllerRevisions.
var (
	statefulSets = workload{
		key: "statefulset", resource: kube.StatefulSets, revisions: cluster.ControllerRevisions,
		history: controllerRevisions, checkRollsOut: checkUpdateStrategy, patch: templatePatch, complete: always(kube.StatefulSetComplete), progress: statefulSetProgress,
	}
	daemonSets = workload{
		key: "daemonset", resource: kube.DaemonSets, revisions: cluster.ControllerRevisions,
		history: controllerRevisions, checkRollsOut: checkUpdateStrategy, patch: templatePatch, complete: always(kube.DaemonSetComplete), progress: daemonSetProgress,
	}
)

func controllerRevisions(ctx context.Context, c *cluster.Cluster, o *unstructured.Unstructured) ([]cluster.Revision, error) {
	return c.ControllerRevisions(ctx, o)
}

// checkUpdateStrategy says why a changed StatefulSet or DaemonSet would not roll out, or
// not completely.
func checkUpdateStrategy(found *unstructured.Unstructured) error {
	strategy, _, _ := unstructured.NestedString(found.Object, "spec", "updateStrategy", "type")
	if strategy == "OnDelete" {
		return errors.New("its update strategy is OnDelete: a person would have to delete pods before anything rolls out")
	}
	if n := kube.IntField(found, "spec", "updateStrategy", "rollingUpdate", "partition"); n > 0 {
		return fmt.Errorf("its update is partitioned at %d: the pods below that ordinal would not change", n)
	}
	return nil
}

// templatePatch is the patch that restores a template.
func templatePatch(found *unstructured.Unstructured, to cluster.Revision) []cluster.Operation {
	return []cluster.Operation{cluster.RequireUnchanged(found), {Op: "replace", Path: "/spec/template", Value: to.Template}}
}

// always is a completion that cannot fail: these kinds have no deadline.
func always(complete func(*unstructured.Unstructured) bool) func(*unstructured.Unstructured) (bool, error) {
	return func(found *unstructured.Unstructured) (bool, error) { return complete(found), nil }
}

func statefulSetProgress(found *unstructured.Unstructured) string {
	return replicasUpdated(found, "updatedReplicas", kube.WantedReplicas(found), "readyReplicas", "ready")
}

func daemonSetProgress(found *unstructured.Unstructured) string {
	return replicasUpdated(found, "updatedNumberScheduled", kube.IntField(found, "status", "desiredNumberScheduled"), "numberAvailable", "available")
}

// replicasUpdated says how many pods have the new template, and how many serve. Before the
// controller has read the change, its numbers are of the rollout before.
func replicasUpdated(found *unstructured.Unstructured, updated string, wanted int64, serving, word string) string {
	if !kube.Observed(found) {
		return fmt.Sprintf("0 of %d replicas updated: the controller has not begun", wanted)
	}
	return fmt.Sprintf("%d of %d replicas updated, %d %s", kube.IntField(found, "status", updated), wanted, kube.IntField(found, "status", serving), word)
}
