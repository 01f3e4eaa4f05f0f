package kube

import (
	"strconv"
	"time"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// IntField is the value of a field, 0 if it is not set.
func IntField(o *unstructured.Unstructured, fields ...string) int64 {
	n, _, _ := unstructured.NestedInt64(o.Object, fields...)
	return n
}

// StringField is the value of a field, "" if it is not set.
func StringField(o *unstructured.Unstructured, fields ...string) string {
	s, _, _ := unstructured.NestedString(o.Object, fields...)
	return s
}

// WantedReplicas is the configured number of pods; the default is one.
func WantedReplicas(o *unstructured.Unstructured) int64 {
	if n, set, _ := unstructured.NestedInt64(o.Object, "spec", "replicas"); set {
		return n
	}
	return 1
}

// Observed reports whether the controller has processed the present spec. Until then, the
// status is that of an earlier one. Argo Rollouts stores the generation as a string.
func Observed(o *unstructured.Unstructured) bool {
	if n, err := strconv.ParseInt(StringField(o, "status", "observedGeneration"), 10, 64); err == nil {
		return n >= o.GetGeneration()
	}
	return IntField(o, "status", "observedGeneration") >= o.GetGeneration()
}

// Condition is one condition of a workload's status.
type Condition struct {
	Reason, Message string
	Updated         time.Time // when its reason last changed; zero where none is set
}

// Progressing returns the condition of a Deployment or a Rollout that says how far its rollout
// is. A Deployment without a deadline has none.
func Progressing(o *unstructured.Unstructured) (Condition, bool) {
	conditions, _, _ := unstructured.NestedSlice(o.Object, "status", "conditions")
	for _, one := range conditions {
		c, _ := one.(map[string]any)
		if c["type"] != "Progressing" {
			continue
		}
		reason, _ := c["reason"].(string)
		message, _ := c["message"].(string)
		text, _ := c["lastUpdateTime"].(string)
		updated, _ := time.Parse(time.RFC3339, text)
		return Condition{reason, message, updated}, true
	}
	return Condition{}, false
}

// DeadlineExceeded is the reason of the Progressing condition of a Deployment that did not get
// its pods to run in time.
const DeadlineExceeded = "ProgressDeadlineExceeded"

// DeploymentComplete reports whether all pods of a Deployment have its template and serve, as
// `kubectl rollout status` does.
func DeploymentComplete(o *unstructured.Unstructured) bool {
	updated := IntField(o, "status", "updatedReplicas")
	return Observed(o) && updated >= WantedReplicas(o) && IntField(o, "status", "replicas") <= updated && IntField(o, "status", "availableReplicas") >= updated
}

// StatefulSetComplete reports whether all pods of a StatefulSet have its template and serve.
func StatefulSetComplete(o *unstructured.Unstructured) bool {
	return Observed(o) && StringField(o, "status", "currentRevision") == StringField(o, "status", "updateRevision") &&
		IntField(o, "status", "readyReplicas") >= WantedReplicas(o)
}

// DaemonSetComplete reports whether all pods of a DaemonSet have its template and serve.
func DaemonSetComplete(o *unstructured.Unstructured) bool {
	desired := IntField(o, "status", "desiredNumberScheduled")
	return Observed(o) && IntField(o, "status", "updatedNumberScheduled") >= desired && IntField(o, "status", "numberAvailable") >= desired
}
