package cluster

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/dynamic"

	"github.com/pushback/pushback/internal/kube"
	"github.com/pushback/pushback/rollback"
	"github.com/pushback/pushback/rollback/internal/call"
)

// Config says which cluster to use. It is inline in the Config of a hook.
type Config = kube.Config

// Cluster calls the API server of one cluster. It is safe for concurrent use.
type Cluster struct{ client dynamic.Interface }

// Open reads the configuration. It sends no request.
func Open(c Config) (*Cluster, error) {
	config, err := c.Rest()
	if err != nil {
		return nil, err
	}
	config.WrapTransport = func(next http.RoundTripper) http.RoundTripper { return transport{next} }
	client, err := dynamic.NewForConfig(config)
	if err != nil {
		return nil, fmt.Errorf("reading the kubeconfig: %w", err)
	}
	return &Cluster{client}, nil
}

// Object names one object of a resource.
type Object struct {
	Resource        schema.GroupVersionResource
	Namespace, Name string
}

// String names the object for people.
func (o Object) String() string { return o.Resource.Resource + "/" + o.Name + " in " + o.Namespace }

// Get reads an object.
func (c *Cluster) Get(ctx context.Context, o Object) (*unstructured.Unstructured, error) {
	ctx, record := recordCall(ctx)
	found, err := c.client.Resource(o.Resource).Namespace(o.Namespace).Get(ctx, o.Name, metav1.GetOptions{})
	return found, record.readError(err)
}

// maxListed bounds how many objects are listed.
const maxListed = 500

func (c *Cluster) list(ctx context.Context, r schema.GroupVersionResource, namespace, selector string) ([]unstructured.Unstructured, error) {
	ctx, record := recordCall(ctx)
	found, err := c.client.Resource(r).Namespace(namespace).List(ctx, metav1.ListOptions{LabelSelector: selector, Limit: maxListed})
	if err != nil {
		return nil, record.readError(err)
	}
	return found.Items, nil
}

// Operation is one step of a JSON patch, RFC 6902.
type Operation struct {
	Op    string `json:"op"`
	Path  string `json:"path"`
	Value any    `json:"value"`
}

// Patch changes an object by a JSON patch. If the object has changed since it was
// read, so that RequireUnchanged does not hold, nothing is changed and the error
// wraps rollback.ErrNotSent: the rollback can be attempted again.
func (c *Cluster) Patch(ctx context.Context, o Object, steps []Operation) error {
	err := c.patch(ctx, o, types.JSONPatchType, steps, nil)
	if call.StatusCode(err) == http.StatusUnprocessableEntity && strings.Contains(err.Error(), rejectedPatchMessage) {
		return fmt.Errorf("%w: the object was changed in between: %w", rollback.ErrNotSent, err)
	}
	return err
}

// rejectedPatchMessage is what the API server answers if the test operation of a JSON
// patch does not hold (apiserver, endpoints/handlers/patch.go). For an invalid object
// it names what is invalid instead.
const rejectedPatchMessage = "the server rejected our request due to an error in our request"

// TryPatch lets the server admit and validate a patch without storing the result.
func (c *Cluster) TryPatch(ctx context.Context, o Object, steps []Operation) error {
	return c.patch(ctx, o, types.JSONPatchType, steps, []string{metav1.DryRunAll})
}

// Merge changes an object, or one of its subresources, by a JSON merge patch.
func (c *Cluster) Merge(ctx context.Context, o Object, patch any, subresources ...string) error {
	return c.patch(ctx, o, types.MergePatchType, patch, nil, subresources...)
}

func (c *Cluster) patch(ctx context.Context, o Object, kind types.PatchType, patch any, dry []string, subresources ...string) error {
	text, err := json.Marshal(patch)
	if err != nil {
		return fmt.Errorf("writing the patch: %w", err)
	}
	ctx, record := recordCall(ctx)
	options := metav1.PatchOptions{FieldManager: kube.UserAgent, DryRun: dry}
	_, err = c.client.Resource(o.Resource).Namespace(o.Namespace).Patch(ctx, o.Name, kind, text, options, subresources...)
	if dry != nil {
		return record.readError(err)
	}
	return record.actError(err)
}

// accessReviews is the resource that answers whether we may do something.
var accessReviews = schema.GroupVersionResource{Group: "authorization.k8s.io", Version: "v1", Resource: "selfsubjectaccessreviews"}

// Allowed asks the server whether we may do something. The server stores nothing.
// subresource may be empty.
func (c *Cluster) Allowed(ctx context.Context, verb string, o Object, subresource string) (bool, error) {
	attributes := map[string]any{
		"verb": verb, "group": o.Resource.Group, "version": o.Resource.Version, "resource": o.Resource.Resource,
		"namespace": o.Namespace, "name": o.Name,
	}
	if subresource != "" {
		attributes["subresource"] = subresource
	}
	review := &unstructured.Unstructured{Object: map[string]any{
		"apiVersion": "authorization.k8s.io/v1", "kind": "SelfSubjectAccessReview",
		"spec": map[string]any{"resourceAttributes": attributes},
	}}
	ctx, record := recordCall(ctx)
	answer, err := c.client.Resource(accessReviews).Create(ctx, review, metav1.CreateOptions{})
	if err != nil {
		return false, record.readError(err)
	}
	allowed, _, _ := unstructured.NestedBool(answer.Object, "status", "allowed")
	return allowed, nil
}
