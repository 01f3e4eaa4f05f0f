// Package kubernetes rolls a Deployment back to the revision that has the target
// version, as `kubectl rollout undo --to-revision` does: it restores the pod template of
// that revision's ReplicaSet without the label pod-template-hash, and its annotations
// except those that belong to the Deployment.
//
// It refuses what would not last: a Deployment that is paused, and one that Argo CD or
// Flux manages. It also refuses a Deployment that is changed between our read and our
// patch; the patch names the generation that it was made for.
//
// A StatefulSet or a DaemonSet is rolled back to the template of a ControllerRevision. It
// is refused if its update strategy would leave pods as they are.
//
// If the template has the target version already, no patch is sent, and a rollout that
// is in progress is followed. The hook is idempotent.
package kubernetes
