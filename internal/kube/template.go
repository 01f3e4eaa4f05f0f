package kube

import (
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

// The resources that more than one adapter reads.
var (
	Deployments         = schema.GroupVersionResource{Group: "apps", Version: "v1", Resource: "deployments"}
	StatefulSets        = schema.GroupVersionResource{Group: "apps", Version: "v1", Resource: "statefulsets"}
	DaemonSets          = schema.GroupVersionResource{Group: "apps", Version: "v1", Resource: "daemonsets"}
	ReplicaSets         = schema.GroupVersionResource{Group: "apps", Version: "v1", Resource: "replicasets"}
	ControllerRevisions = schema.GroupVersionResource{Group: "apps", Version: "v1", Resource: "controllerrevisions"}
	Rollouts            = schema.GroupVersionResource{Group: "argoproj.io", Version: "v1alpha1", Resource: "rollouts"}
)

// The annotations with the number of a revision, and the labels that controllers add to pods.
const (
	DeploymentRevision = "deployment.kubernetes.io/revision"
	DeploymentHash     = "pod-template-hash"
	RolloutRevision    = "rollout.argoproj.io/revision"
	RolloutHash        = "rollouts-pod-template-hash"
)

// VersionLabel is the label that Kubernetes recommends for the version.
const VersionLabel = "app.kubernetes.io/version"

// Template is a pod template without the hash label that its controller adds.
type Template map[string]any

// CleanTemplate returns a copy of a template without the label that its controller
// adds. hash is the name of that label, such as DeploymentHash.
func CleanTemplate(template map[string]any, hash string) Template {
	clean := runtime.DeepCopyJSON(template)
	unstructured.RemoveNestedField(clean, "metadata", "labels", hash)
	return clean
}

// Container is one container of a template.
type Container struct{ Name, Image string }

// Containers returns the template's containers that have an image, in their order.
func (t Template) Containers() (all []Container) {
	containers, _, _ := unstructured.NestedSlice(t, "spec", "containers")
	for _, one := range containers {
		c, _ := one.(map[string]any)
		name, _ := c["name"].(string)
		if image, _ := c["image"].(string); image != "" {
			all = append(all, Container{name, image})
		}
	}
	return all
}

// Images returns the images of the template's containers, or the image of one
// container if container is not empty.
func (t Template) Images(container string) (images []string) {
	for _, c := range t.Containers() {
		if container == "" || c.Name == container {
			images = append(images, c.Image)
		}
	}
	return images
}

// Label returns a label of the template's pods; "" if it is not set.
func (t Template) Label(name string) string {
	value, _, _ := unstructured.NestedString(t, "metadata", "labels", name)
	return value
}
