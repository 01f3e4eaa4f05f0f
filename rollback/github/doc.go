// Package github rolls back through GitHub's API, on one of three roads:
//
//	does: workflow    dispatch a workflow of your own, and follow its run
//	does: deployment  ask for a deployment of the version to go back to, and follow its states
//	does: revert      open a pull request that reverts the one which brought the version
//
// A workflow is the most general: what it does is yours. GitHub has no key
// under which a second dispatch would be the same one, so that this road is
// not idempotent unless the workflow itself is; `$key` can be among its inputs.
//
// A deployment only asks: whatever deploys on GitHub's deployment event must
// carry it out and tell its states. Ours carries the key in its payload, and
// one that is there already is followed instead of made again.
//
// A revert survives GitOps, where everything that is done to a cluster is
// undone at the next sync. It is found again by its branch, which GitHub
// itself names after the reverted pull request. Unless `merge` says so it
// waits for a person, and the receipt says just that.
//
// The calls are those of docs.github.com: actions/workflows and
// workflow-runs, deployments and deployment statuses, commits and pulls of
// the REST API (version 2022-11-28), and of GraphQL revertPullRequest and
// enablePullRequestAutoMerge.
package github
