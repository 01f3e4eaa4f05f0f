// Package github rolls back through GitHub's API, in one of three ways:
//
//	does: workflow    dispatch a workflow of your repository, and follow its run
//	does: deployment  create a deployment of the target version, and follow its states
//	does: revert      open a pull request that reverts the one which introduced the version
//
// A workflow can do anything. GitHub has no key by which it recognises a second
// dispatch, so that this way is idempotent only if the workflow is; `$key` can be one of
// its inputs.
//
// A deployment is only a request: a tool that listens to GitHub's deployment events must
// carry it out and report its states. Our deployment has the key in its payload. If there
// is one with the key already, it is followed and no second one is created.
//
// A revert also works with GitOps, where a sync reverts every change that is made in the
// cluster. An existing revert is found by its branch, which GitHub names after the
// reverted pull request. Unless `merge` is set, the pull request waits for a person, and
// the receipt says so.
//
// The requests are documented on docs.github.com: actions/workflows and workflow-runs,
// deployments and deployment statuses, commits and pulls of the REST API (version
// 2022-11-28), and revertPullRequest and enablePullRequestAutoMerge of GraphQL.
package github
