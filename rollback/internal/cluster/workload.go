package cluster

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strconv"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/pushback/pushback/rollback"
	"github.com/pushback/pushback/rollback/internal/naming"
)

// The resources that more than one hook reads.
var (
	Deployments = schema.GroupVersionResource{Group: "apps", Version: "v1", Resource: "deployments"}
	ReplicaSets = schema.GroupVersionResource{Group: "apps", Version: "v1", Resource: "replicasets"}
	Revisions   = schema.GroupVersionResource{Group: "apps", Version: "v1", Resource: "controllerrevisions"}
)

// versionLabel is the recommended label of a version.
const versionLabel = "app.kubernetes.io/version"

// Template is a pod template, without the label by which its controller tells
// it from others.
type Template map[string]any

// Clean is a template as people wrote it: without the label its controller
// adds, such as pod-template-hash.
func Clean(template map[string]any, hash string) Template {
	clean := runtime.DeepCopyJSON(template)
	unstructured.RemoveNestedField(clean, "metadata", "labels", hash)
	return clean
}

// Images are the images of the template's containers; of the one, where a
// container is named.
func (t Template) Images(container string) (images []string) {
	containers, _, _ := unstructured.NestedSlice(t, "spec", "containers")
	for _, one := range containers {
		c, _ := one.(map[string]any)
		image, _ := c["image"].(string)
		if name, _ := c["name"].(string); image != "" && (container == "" || name == container) {
			images = append(images, image)
		}
	}
	return images
}

// Is says whether the template is of a version.
func (t Template) Is(version, container string) bool {
	labelled, _, _ := unstructured.NestedString(t, "metadata", "labels", versionLabel)
	if container == "" && labelled != "" && naming.Same(labelled, version) {
		return true
	}
	return slices.ContainsFunc(t.Images(container), func(image string) bool { return naming.Image(image, version) })
}

// Running is the template's images, for people.
func (t Template) Running(container string) string {
	return rollback.Output(strings.Join(t.Images(container), ", "))
}

// Revision is one that a workload had.
type Revision struct {
	Number      int64
	Name        string // of its ReplicaSet
	Hash        string // by which its pods are told from others
	Template    Template
	Annotations map[string]string
}

// History reads the revisions that a workload owns, newest first. annotation
// and hash are what its controller marks ReplicaSets and pods with.
func (c *Cluster) History(ctx context.Context, owner *unstructured.Unstructured, annotation, hash string) ([]Revision, error) {
	selector, err := selectorOf(owner)
	if err != nil {
		return nil, err
	}
	all, err := c.list(ctx, ReplicaSets, owner.GetNamespace(), selector)
	if err != nil {
		return nil, err
	}
	var history []Revision
	for _, rs := range all {
		number, err := strconv.ParseInt(rs.GetAnnotations()[annotation], 10, 64)
		template, found, _ := unstructured.NestedMap(rs.Object, "spec", "template")
		if err != nil || !found || !metav1.IsControlledBy(&rs, owner) {
			continue
		}
		history = append(history, Revision{number, rs.GetName(), rs.GetLabels()[hash], Clean(template, hash), rs.GetAnnotations()})
	}
	return newestFirst(history), nil
}

// ControllerRevisions reads the same of a StatefulSet or a DaemonSet, whose
// revisions are patches that put a template back.
func (c *Cluster) ControllerRevisions(ctx context.Context, owner *unstructured.Unstructured) ([]Revision, error) {
	selector, err := selectorOf(owner)
	if err != nil {
		return nil, err
	}
	all, err := c.list(ctx, Revisions, owner.GetNamespace(), selector)
	if err != nil {
		return nil, err
	}
	var history []Revision
	for _, one := range all {
		number, numbered, _ := unstructured.NestedInt64(one.Object, "revision")
		template, found, _ := unstructured.NestedMap(one.Object, "data", "spec", "template")
		if !numbered || !found || !metav1.IsControlledBy(&one, owner) {
			continue
		}
		delete(template, "$patch") // "replace": how the controller would apply it
		history = append(history, Revision{Number: number, Name: one.GetName(), Template: template})
	}
	return newestFirst(history), nil
}

func newestFirst(history []Revision) []Revision {
	slices.SortFunc(history, func(a, b Revision) int { return cmp.Compare(b.Number, a.Number) })
	return history
}

func selectorOf(o *unstructured.Unstructured) (string, error) {
	found, _, _ := unstructured.NestedMap(o.Object, "spec", "selector")
	var selector metav1.LabelSelector
	if err := runtime.DefaultUnstructuredConverter.FromUnstructured(found, &selector); err != nil {
		return "", fmt.Errorf("reading the selector of %s: %w", o.GetName(), err)
	}
	s, err := metav1.LabelSelectorAsSelector(&selector)
	if err != nil || s.Empty() {
		return "", fmt.Errorf("the selector of %s selects nothing of its own", o.GetName())
	}
	return s.String(), nil
}

// Wanted is what is looked for in a history.
type Wanted struct {
	Version   string // to go back to
	Left      string // the version that is left behind
	Container string // whose image has the version; "": any
}

// Here says whether a template is of the wanted version already. A template of
// both versions says nothing: a sidecar may happen to have the tag of the one.
func (w Wanted) Here(t Template) (bool, error) {
	if !t.Is(w.Version, w.Container) {
		return false, nil
	}
	if w.Left != "" && t.Is(w.Left, w.Container) {
		return false, fmt.Errorf("containers are of version %q and of %q: name the one that counts with `container`", w.Version, w.Left)
	}
	return true, nil
}

// Find is the newest revision of the wanted version.
func (w Wanted) Find(history []Revision, now Template) (Revision, error) {
	for _, r := range history {
		here, err := w.Here(r.Template)
		if err != nil {
			return Revision{}, err
		}
		if here && !reflect.DeepEqual(map[string]any(r.Template), map[string]any(now)) {
			return r, nil
		}
	}
	return Revision{}, fmt.Errorf("none of its %d revisions is of version %q; there are %s", len(history), w.Version, w.listed(history))
}

// listed names some of a history, for people to see what versions are called.
func (w Wanted) listed(history []Revision) string {
	var names []string
	for _, r := range history[:min(len(history), 5)] {
		names = append(names, fmt.Sprintf("%d (%s)", r.Number, r.Template.Running(w.Container)))
	}
	if len(names) == 0 {
		return "none at all: see revisionHistoryLimit"
	}
	return strings.Join(names, ", ")
}

// Keeper is who keeps an object as git says, and would undo what we do; "" for
// nobody. Labels alone would not do: Argo CD can be told to use annotations,
// and app.kubernetes.io/instance, its default, is Helm's word too.
func Keeper(o *unstructured.Unstructured) string {
	marks := maps.Clone(o.GetLabels())
	if marks == nil {
		marks = map[string]string{}
	}
	maps.Copy(marks, o.GetAnnotations())
	for mark, keeper := range map[string]string{
		"argocd.argoproj.io/tracking-id": "Argo CD", "argocd.argoproj.io/instance": "Argo CD",
		"kustomize.toolkit.fluxcd.io/name": "Flux", "helm.toolkit.fluxcd.io/name": "Flux",
	} {
		if marks[mark] != "" {
			return keeper
		}
	}
	for _, field := range o.GetManagedFields() {
		switch field.Manager {
		case "argocd-controller", "argocd-application-controller":
			return "Argo CD"
		case "kustomize-controller", "helm-controller":
			return "Flux"
		}
	}
	return ""
}

// Unchanged is the first step of every patch of ours: the object's spec must
// still be the one that was looked at.
func Unchanged(o *unstructured.Unstructured) Operation {
	return Operation{Op: "test", Path: "/metadata/generation", Value: o.GetGeneration()}
}
