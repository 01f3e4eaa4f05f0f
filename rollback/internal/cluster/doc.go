// Package cluster changes workloads of Kubernetes for hooks. It uses client-go's
// dynamic client, which needs no typed API packages.
//
// client-go is made for controllers, which repeat a call until it succeeds. The
// transport of this package turns three of its behaviours off: following redirects,
// repeating a call after Retry-After, and copying the server's answer, which may
// hold a secret, into errors. The transport also finds out what client-go does not
// report: whether a call that failed may have reached the server.
//
// The earlier revisions of a workload are read from the ReplicaSets or the
// ControllerRevisions that it owns, as kubectl rollout undo does. The revision of a
// version is found by the images of its containers or by the label
// app.kubernetes.io/version. Its position is not used, because the last revision
// but one is not always the one that was live.
//
// An object that Argo CD or Flux manages is not changed. They would revert the
// rollback within minutes, after it was reported as done.
package cluster
