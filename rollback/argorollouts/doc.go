// Package argorollouts rolls a Rollout of Argo Rollouts back.
//
// While a new version is being rolled out, two requests are needed. Abort
// (status.abort, as `kubectl argo rollouts abort` sets it) sends all traffic to the
// stable pods within seconds, but the spec still has the new version, and a retry
// would start the rollout again. Therefore undo follows: it restores the pod template
// of the target version (`kubectl argo rollouts undo`), which is permanent. A Rollout
// that is fully promoted has nothing to abort, and is undone only.
//
// Undo goes through the steps of the Rollout, unless its spec.rollbackWindow includes
// the revision. If a step pauses without end, the outcome is unknown after the
// timeout.
//
// Abort changes only the status, which GitOps tools leave alone; they revert undo. If
// Argo CD or Flux manages the Rollout, undo is refused. `abort_only: true` then stops
// rollouts that are in progress, and git has to be reverted too.
//
// If the template is in a Deployment that the Rollout refers to (spec.workloadRef), it
// is restored there.
package argorollouts
