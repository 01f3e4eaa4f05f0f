// Package kube reads Kubernetes, for the source that watches a cluster and for the hooks that
// change one: which cluster the settings name, the revisions of a workload, and how far its
// rollout has come. It uses the objects as client-go's dynamic client returns them. The typed
// clientset is three times as large, and would be linked for its types alone.
//
// A Deployment and a Rollout have their earlier templates in the ReplicaSets that they own, a
// StatefulSet and a DaemonSet in ControllerRevisions.
package kube
