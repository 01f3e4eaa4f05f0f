// Package cluster is how hooks change workloads of Kubernetes: through
// client-go's dynamic client, which brings no typed API with it, and with the
// same care as every other call of ours.
//
// client-go is made for controllers that try again until they get there. Three
// of its habits are taken away below it, in the transport: it follows
// redirects, it asks again when told Retry-After, and it puts into errors what
// a server said. And one question is answered that it leaves open: whether a
// call that failed may have reached the server.
//
// What a workload was before is read from the ReplicaSets or the
// ControllerRevisions that it owns, as kubectl's rollout undo does. A version is found in them by the images of
// their containers or by the label app.kubernetes.io/version, never by
// counting: the last revision but one is not always the one that was live.
//
// An object that Argo CD or Flux keeps is not changed here. They would undo it
// within minutes, after a rollback has been reported.
package cluster
