package cluster

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"

	"github.com/pushback/pushback/rollback"
	"github.com/pushback/pushback/rollback/internal/call"
)

// manager is who Kubernetes says has changed a field.
const manager = "pushback"

// Config says which cluster. It stands inline in a hook's own Config.
type Config struct {
	Kubeconfig string `yaml:"kubeconfig_file"` // "": the service account of the pod that Pushback runs in
	Context    string `yaml:"context"`         // of the kubeconfig; "": its current one
}

// Cluster is one cluster. It is safe for concurrent use.
type Cluster struct{ client dynamic.Interface }

// Open reads the configuration and calls nobody.
func Open(c Config) (*Cluster, error) {
	config, err := c.rest()
	if err != nil {
		return nil, err
	}
	config.UserAgent = manager
	config.QPS = -1 // a rollback waits for nobody's rate limit of ours
	config.WrapTransport = func(next http.RoundTripper) http.RoundTripper { return transport{next} }
	client, err := dynamic.NewForConfig(config)
	if err != nil {
		return nil, fmt.Errorf("reading the kubeconfig: %w", err)
	}
	return &Cluster{client}, nil
}

func (c Config) rest() (*rest.Config, error) {
	if c.Kubeconfig == "" {
		config, err := rest.InClusterConfig()
		if errors.Is(err, rest.ErrNotInCluster) {
			return nil, errors.New("kubeconfig_file is missing, and Pushback does not run in a pod")
		}
		return config, err
	}
	config, err := clientcmd.NewNonInteractiveDeferredLoadingClientConfig(
		&clientcmd.ClientConfigLoadingRules{ExplicitPath: c.Kubeconfig},
		&clientcmd.ConfigOverrides{CurrentContext: c.Context},
	).ClientConfig()
	if err != nil {
		return nil, fmt.Errorf("reading kubeconfig_file: %w", err)
	}
	return config, nil
}

// Object is one object of a resource.
type Object struct {
	Resource        schema.GroupVersionResource
	Namespace, Name string
}

// String is how people write it.
func (o Object) String() string { return o.Resource.Resource + "/" + o.Name + " in " + o.Namespace }

// Get looks at an object.
func (c *Cluster) Get(ctx context.Context, o Object) (*unstructured.Unstructured, error) {
	ctx, seen := watch(ctx)
	found, err := c.client.Resource(o.Resource).Namespace(o.Namespace).Get(ctx, o.Name, metav1.GetOptions{})
	return found, seen.looked(err)
}

// most bounds how many objects a look reads.
const most = 500

func (c *Cluster) list(ctx context.Context, r schema.GroupVersionResource, namespace, selector string) ([]unstructured.Unstructured, error) {
	ctx, seen := watch(ctx)
	found, err := c.client.Resource(r).Namespace(namespace).List(ctx, metav1.ListOptions{LabelSelector: selector, Limit: most})
	if err != nil {
		return nil, seen.looked(err)
	}
	return found.Items, nil
}

// Operation is one step of a JSON patch, RFC 6902.
type Operation struct {
	Op    string `json:"op"`
	Path  string `json:"path"`
	Value any    `json:"value"`
}

// Patch changes an object. One that came too late, because the object is not
// what Unchanged asks for, changed nothing and wraps rollback.ErrNotSent: a new
// look may find the way.
func (c *Cluster) Patch(ctx context.Context, o Object, steps []Operation) error {
	err := c.patch(ctx, o, types.JSONPatchType, steps, nil)
	if call.Code(err) == http.StatusUnprocessableEntity && strings.Contains(err.Error(), untried) {
		return fmt.Errorf("%w: it was changed in between: %w", rollback.ErrNotSent, err)
	}
	return err
}

// untried is all that the API server says of a JSON patch that does not apply
// (apiserver, endpoints/handlers/patch.go). What is invalid it calls by name.
const untried = "the server rejected our request due to an error in our request"

// TryPatch lets the server admit and validate a change, and keep nothing.
func (c *Cluster) TryPatch(ctx context.Context, o Object, steps []Operation) error {
	return c.patch(ctx, o, types.JSONPatchType, steps, []string{metav1.DryRunAll})
}

// Merge changes what a merge patch says, of a subresource where one is named.
func (c *Cluster) Merge(ctx context.Context, o Object, patch any, subresources ...string) error {
	return c.patch(ctx, o, types.MergePatchType, patch, nil, subresources...)
}

func (c *Cluster) patch(ctx context.Context, o Object, kind types.PatchType, patch any, dry []string, subresources ...string) error {
	text, err := json.Marshal(patch)
	if err != nil {
		return fmt.Errorf("writing the patch: %w", err)
	}
	ctx, seen := watch(ctx)
	options := metav1.PatchOptions{FieldManager: manager, DryRun: dry}
	_, err = c.client.Resource(o.Resource).Namespace(o.Namespace).Patch(ctx, o.Name, kind, text, options, subresources...)
	if dry != nil {
		return seen.looked(err)
	}
	return seen.acted(err)
}

// reviews is where one may ask what one may do.
var reviews = schema.GroupVersionResource{Group: "authorization.k8s.io", Version: "v1", Resource: "selfsubjectaccessreviews"}

// May asks the server whether we may do that. Nothing is kept of the question.
func (c *Cluster) May(ctx context.Context, verb string, o Object, subresource string) (bool, error) {
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
	ctx, seen := watch(ctx)
	answer, err := c.client.Resource(reviews).Create(ctx, review, metav1.CreateOptions{})
	if err != nil {
		return false, seen.looked(err)
	}
	allowed, _, _ := unstructured.NestedBool(answer.Object, "status", "allowed")
	return allowed, nil
}
