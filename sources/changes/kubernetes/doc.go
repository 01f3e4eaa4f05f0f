// Package kubernetes watches the workloads of a cluster, so that a team needs no webhook: its
// Deployments, StatefulSets, DaemonSets and Argo Rollouts. A change is a new pod template that
// the controller has made a revision of; a new number of replicas is none.
//
//	started    the controller has made the revision (its ReplicaSet or ControllerRevision)
//	succeeded  all pods have the template and serve
//	failed     ProgressDeadlineExceeded of a Deployment, Degraded of a Rollout
//
// One goroutine reads each resource of each namespace, with client-go's Reflector: it lists, then
// watches, and lists again when the watch cannot go on (410 Gone). What it reads is compared with
// what was last told of each workload, so that a gap neither invents nor loses a change.
//
// What runs when a cluster is read for the first time is the baseline, and no change. At a later
// start, a revision that was made after the store was last told that the cluster is being read was
// missed, and is told with its own time. Ids are made of the workload's uid, the number of
// the revision and the status, so what was told already is a duplicate (adr/0119).
//
// client-go's dynamicinformer would link the typed clientset; tools/cache alone does not.
package kubernetes
