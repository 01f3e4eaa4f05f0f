package kube

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
)

// Revision is an earlier or the current state of a workload.
type Revision struct {
	Number      int64
	Name        string // of its ReplicaSet or ControllerRevision
	Hash        string // the value of the hash label of its pods
	Template    Template
	Annotations map[string]string
	Created     time.Time // of its ReplicaSet or ControllerRevision, which a rollback uses again
}

// ReplicaSetRevisions reads the revisions of a workload from ReplicaSets: those of its owner,
// newest first. annotation holds the number of the revision, and hash is the label that the
// controller adds to pods.
func ReplicaSetRevisions(owner *unstructured.Unstructured, all []unstructured.Unstructured, annotation, hash string) (history []Revision) {
	for _, rs := range all {
		number, err := strconv.ParseInt(rs.GetAnnotations()[annotation], 10, 64)
		template, found, _ := unstructured.NestedMap(rs.Object, "spec", "template")
		if err != nil || !found || !metav1.IsControlledBy(&rs, owner) {
			continue
		}
		history = append(history, Revision{
			number, rs.GetName(), rs.GetLabels()[hash], CleanTemplate(template, hash), rs.GetAnnotations(), rs.GetCreationTimestamp().Time,
		})
	}
	return newestFirst(history)
}

// StoredRevisions reads the revisions of a StatefulSet or a DaemonSet from ControllerRevisions,
// newest first. Each is stored as a patch that restores the template.
func StoredRevisions(owner *unstructured.Unstructured, all []unstructured.Unstructured) (history []Revision) {
	for _, one := range all {
		number, numbered, _ := unstructured.NestedInt64(one.Object, "revision")
		template, found, _ := unstructured.NestedMap(one.Object, "data", "spec", "template")
		if !numbered || !found || !metav1.IsControlledBy(&one, owner) {
			continue
		}
		delete(template, "$patch") // an instruction to the controller, and no part of the template
		history = append(history, Revision{Number: number, Name: one.GetName(), Template: template, Created: one.GetCreationTimestamp().Time})
	}
	return newestFirst(history)
}

func newestFirst(history []Revision) []Revision {
	slices.SortFunc(history, func(a, b Revision) int { return cmp.Compare(b.Number, a.Number) })
	return history
}

// Selector returns the label selector of a workload's pods, which its revisions have too.
func Selector(o *unstructured.Unstructured) (string, error) {
	found, _, _ := unstructured.NestedMap(o.Object, "spec", "selector")
	var selector metav1.LabelSelector
	if err := runtime.DefaultUnstructuredConverter.FromUnstructured(found, &selector); err != nil {
		return "", fmt.Errorf("reading the selector of %s: %w", o.GetName(), err)
	}
	s, err := metav1.LabelSelectorAsSelector(&selector)
	if err != nil || s.Empty() {
		return "", fmt.Errorf("the selector of %s would select every pod", o.GetName())
	}
	return s.String(), nil
}
