// Package argorollouts takes a Rollout of Argo Rollouts back.
//
// While a new version is still being rolled out there are two acts. Abort
// (status.abort, as `kubectl argo rollouts abort` sets it) sends all traffic
// to the stable pods within seconds; but the spec still asks for the new
// version, and a retry would begin again. So undo follows: the pod template of
// the version to go back to is put back (`kubectl argo rollouts undo`), which
// lasts. A Rollout that is fully promoted has nothing to abort, and is undone.
//
// Undoing goes through the Rollout's own steps, unless its spec.rollbackWindow
// covers the revision; a step that pauses without end leaves the outcome
// unknown when the time is over.
//
// Abort touches the status alone and so survives GitOps; undo does not. Where
// Argo CD or Flux keeps the Rollout, undo is refused, and `abort_only: true`
// is what remains, for rollouts that are under way, beside a revert in git.
//
// Where the template stands in a Deployment that the Rollout refers to
// (spec.workloadRef), it is put back there.
package argorollouts
