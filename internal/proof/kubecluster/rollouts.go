package kubecluster

import (
	"fmt"
)

// CreateRollouts makes Argo's kind Rollout known, as its CRD does, without the checks of its
// schema. There is no controller for it.
func (c *Cluster) CreateRollouts() {
	c.t.Helper()
	c.Create("apiextensions.k8s.io/v1/customresourcedefinitions", "", Map{
		"apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition", "metadata": Map{"name": "rollouts.argoproj.io"},
		"spec": Map{
			"group": "argoproj.io", "scope": "Namespaced", "names": Map{"plural": "rollouts", "singular": "rollout", "kind": "Rollout", "listKind": "RolloutList"},
			"versions": []Map{{
				"name": "v1alpha1", "served": true, "storage": true, "subresources": Map{"status": Map{}},
				"schema": Map{"openAPIV3Schema": Map{"type": "object", "x-kubernetes-preserve-unknown-fields": true}},
			}},
		},
	})
	c.Await("the resource rollouts", func() bool {
		crd := c.Get("apiextensions.k8s.io/v1/customresourcedefinitions", "", "rollouts.argoproj.io")
		conditions, _ := crd.Object["status"].(Map)["conditions"].([]any)
		for _, one := range conditions {
			if o := one.(Map); o["type"] == "Established" && o["status"] == "True" {
				return true
			}
		}
		return false
	})
}

// RolloutRevision makes the ReplicaSet of a Rollout's revision, without pods, as Argo's controller does.
func (c *Cluster) RolloutRevision(name, uid, hash string, number int, image string) {
	c.t.Helper()
	labels := Map{"app.kubernetes.io/name": name, "rollouts-pod-template-hash": hash}
	rs := Workload("ReplicaSet", name+"-"+hash, image)
	rs["metadata"] = Map{
		"name": name + "-" + hash, "labels": labels, "annotations": Map{"rollout.argoproj.io/revision": fmt.Sprint(number)},
		"ownerReferences": []Map{{"apiVersion": "argoproj.io/v1alpha1", "kind": "Rollout", "name": name, "uid": uid, "controller": true}},
	}
	spec := rs["spec"].(Map)
	spec["replicas"], spec["selector"] = 0, Map{"matchLabels": labels}
	spec["template"].(Map)["metadata"] = Map{"labels": labels}
	c.Create("apps/v1/replicasets", "shop", rs)
	c.Patch("rollouts-controller", "argoproj.io/v1alpha1/rollouts", "shop", name, Map{"metadata": Map{"annotations": Map{"rollout.argoproj.io/revision": fmt.Sprint(number)}}})
}

// RolloutStatus writes the status of a Rollout, as Argo's controller does once it has seen the
// present spec.
func (c *Cluster) RolloutStatus(name, current, stable, phase string) {
	c.t.Helper()
	generation := c.Get("argoproj.io/v1alpha1/rollouts", "shop", name).GetGeneration()
	c.Patch("rollouts-controller", "argoproj.io/v1alpha1/rollouts", "shop", name, Map{"status": Map{
		"observedGeneration": fmt.Sprint(generation), "currentPodHash": current, "stableRS": stable, "phase": phase,
		"replicas": 2, "updatedReplicas": 2, "readyReplicas": 2, "availableReplicas": 2,
	}}, "status")
}
