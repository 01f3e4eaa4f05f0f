package kubecluster

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/yaml"
)

// Resource is a resource by its name in the API: "apps/v1/deployments", "v1/pods".
func Resource(name string) schema.GroupVersionResource {
	parts := strings.Split(name, "/")
	if len(parts) == 2 {
		parts = append([]string{""}, parts...)
	}
	return schema.GroupVersionResource{Group: parts[0], Version: parts[1], Resource: parts[2]}
}

// Create makes an object as the admin. namespace may be empty.
func (c *Cluster) Create(resource, namespace string, object Map) *unstructured.Unstructured {
	c.t.Helper()
	made, err := c.client.Resource(Resource(resource)).Namespace(namespace).Create(c.t.Context(), &unstructured.Unstructured{Object: plain(object)}, metav1.CreateOptions{})
	c.must(err)
	return made
}

// plain copies an object as JSON does, so that its numbers are those that client-go expects.
func plain(object Map) Map {
	text, err := json.Marshal(object)
	u := &unstructured.Unstructured{}
	if err == nil {
		err = u.UnmarshalJSON(text)
	}
	if err != nil {
		panic(err) // the test's object is none of Kubernetes
	}
	return u.Object
}

// Get reads an object as the admin.
func (c *Cluster) Get(resource, namespace, name string) *unstructured.Unstructured {
	c.t.Helper()
	found, err := c.client.Resource(Resource(resource)).Namespace(namespace).Get(c.t.Context(), name, metav1.GetOptions{})
	c.must(err)
	return found
}

// Patch changes an object by a JSON merge patch, under the name of a field manager.
func (c *Cluster) Patch(manager, resource, namespace, name string, patch Map, subresources ...string) {
	c.t.Helper()
	text, err := json.Marshal(patch)
	c.must(err)
	_, err = c.client.Resource(Resource(resource)).Namespace(namespace).
		Patch(c.t.Context(), name, types.MergePatchType, text, metav1.PatchOptions{FieldManager: manager}, subresources...)
	c.must(err)
}

// Apply makes every object of a YAML file as the admin, as kubectl apply would in an empty
// cluster. resources says which resource a kind is: "rbac.authorization.k8s.io/v1/clusterroles".
func (c *Cluster) Apply(file string, resources map[string]string) {
	c.t.Helper()
	text, err := os.ReadFile(file)
	c.must(err)
	for _, document := range strings.Split(string(text), "\n---") {
		var object Map
		c.must(yaml.Unmarshal([]byte(document), &object))
		if object == nil {
			continue
		}
		kind := fmt.Sprint(object["kind"])
		namespace, _ := object["metadata"].(Map)["namespace"].(string)
		if resources[kind] == "" {
			c.t.Fatalf("%s: %s is no kind that the test knows", file, kind)
		}
		c.Create(resources[kind], namespace, object)
	}
}

// TokenOf makes a token of a service account.
func (c *Cluster) TokenOf(namespace, name string) string {
	c.t.Helper()
	request := &unstructured.Unstructured{Object: Map{
		"apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest", "metadata": Map{"name": name}, "spec": Map{"expirationSeconds": int64(3600)},
	}}
	made, err := c.client.Resource(Resource("v1/serviceaccounts")).Namespace(namespace).Create(c.t.Context(), request, metav1.CreateOptions{}, "token")
	c.must(err)
	token, _, _ := unstructured.NestedString(made.Object, "status", "token")
	return token
}

// RunPods reports every pod as running and ready, as kubelets do, until the test ends.
func (c *Cluster) RunPods() {
	ctx, cancel := context.WithCancel(context.WithoutCancel(c.t.Context()))
	done := make(chan struct{})
	go func() {
		defer close(done)
		for ctx.Err() == nil {
			c.runPods(ctx)
			select {
			case <-ctx.Done():
			case <-time.After(200 * time.Millisecond):
			}
		}
	}()
	c.t.Cleanup(func() { cancel(); <-done })
}

// runPods does it once. Errors are those of a server that is stopped, or of pods that are gone.
func (c *Cluster) runPods(ctx context.Context) {
	pods, err := c.client.Resource(Resource("v1/pods")).List(ctx, metav1.ListOptions{})
	if err != nil {
		return
	}
	for _, p := range pods.Items {
		phase, _, _ := unstructured.NestedString(p.Object, "status", "phase")
		text, err := json.Marshal(p.Object["spec"])
		if err != nil || phase != "Pending" || strings.Contains(string(text), "broken") {
			continue
		}
		ready, _ := json.Marshal(Map{"status": Map{"phase": "Running", "conditions": []Map{
			{"type": "Ready", "status": "True", "lastTransitionTime": time.Now().UTC().Format(time.RFC3339)},
		}}})
		_, _ = c.client.Resource(Resource("v1/pods")).Namespace(p.GetNamespace()).Patch(ctx, p.GetName(), types.MergePatchType, ready, metav1.PatchOptions{FieldManager: "kubelet"}, "status")
	}
}

// Workload is a Deployment, StatefulSet or DaemonSet of one container.
func Workload(kind, name, image string) Map {
	labels := Map{"app.kubernetes.io/name": name}
	spec := Map{
		"selector": Map{"matchLabels": labels},
		"template": Map{"metadata": Map{"labels": labels}, "spec": Map{"containers": []Map{{"name": "app", "image": image}}}},
	}
	if kind != "DaemonSet" {
		spec["replicas"] = 2
	}
	if kind == "StatefulSet" {
		spec["serviceName"] = name
	}
	return Map{"apiVersion": "apps/v1", "kind": kind, "metadata": Map{"name": name, "labels": labels}, "spec": spec}
}

// SetImage gives a workload of one container another image.
func (c *Cluster) SetImage(manager, resource, namespace, name, image string) {
	c.t.Helper()
	c.Patch(manager, resource, namespace, name, Map{"spec": Map{"template": Map{"spec": Map{"containers": []Map{{"name": "app", "image": image}}}}}})
}

// Await waits until something holds.
func (c *Cluster) Await(what string, holds func() bool) {
	c.t.Helper()
	for end := time.Now().Add(startTime); !holds(); time.Sleep(50 * time.Millisecond) {
		if time.Now().After(end) {
			c.t.Fatalf("no %s within %s", what, startTime)
		}
	}
}
