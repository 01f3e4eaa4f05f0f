// Package kubernetes rolls a Deployment back to the exact revision that holds
// the version to go back to, as `kubectl rollout undo --to-revision` does:
// the pod template of that revision's ReplicaSet is put back, without the
// label pod-template-hash, and the annotations with it, except for those that
// are of the Deployment and not of a revision.
//
// It refuses what would not last or is not ours: a Deployment that is paused,
// one that Argo CD or Flux keeps as git says, one that is changed between our
// look and our patch. The latter is held by the patch itself, which names the
// generation it was made for.
//
// A StatefulSet or a DaemonSet is rolled back likewise, to the template of a
// ControllerRevision; refused where its update strategy would leave pods as
// they are.
//
// Where the template is of that version already nothing is sent, and a rollout
// that is under way is followed. The kind is idempotent by its nature.
package kubernetes
