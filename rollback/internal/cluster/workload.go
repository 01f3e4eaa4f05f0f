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

// The resources that several hooks read.
var (
	Deployments         = schema.GroupVersionResource{Group: "apps", Version: "v1", Resource: "deployments"}
	ReplicaSets         = schema.GroupVersionResource{Group: "apps", Version: "v1", Resource: "replicasets"}
	ControllerRevisions = schema.GroupVersionResource{Group: "apps", Version: "v1", Resource: "controllerrevisions"}
)

// versionLabel is the label that Kubernetes recommends for the version.
const versionLabel = "app.kubernetes.io/version"

// Template is a pod template without the hash label that its controller adds.
type Template map[string]any

// CleanTemplate returns a copy of a template without the label that its controller
// adds. hash is the name of that label, such as pod-template-hash.
func CleanTemplate(template map[string]any, hash string) Template {
	clean := runtime.DeepCopyJSON(template)
	unstructured.RemoveNestedField(clean, "metadata", "labels", hash)
	return clean
}

// Images returns the images of the template's containers, or the image of one
// container if container is not empty.
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

// HasVersion reports whether an image, or without container the version label, has
// the version.
func (t Template) HasVersion(version, container string) bool {
	labelled, _, _ := unstructured.NestedString(t, "metadata", "labels", versionLabel)
	if container == "" && labelled != "" && naming.SameVersion(labelled, version) {
		return true
	}
	return slices.ContainsFunc(t.Images(container), func(image string) bool { return naming.ImageHasVersion(image, version) })
}

// ImageNames lists the template's images for people.
func (t Template) ImageNames(container string) string {
	return rollback.Output(strings.Join(t.Images(container), ", "))
}

// Revision is an earlier or the current state of a workload.
type Revision struct {
	Number      int64
	Name        string // of its ReplicaSet or ControllerRevision
	Hash        string // the value of the hash label of its pods
	Template    Template
	Annotations map[string]string
}

// ReplicaSetRevisions reads the revisions of a workload from the ReplicaSets that it
// owns, newest first. annotation holds the number of the revision, and hash is the
// label that its controller adds to pods.
func (c *Cluster) ReplicaSetRevisions(ctx context.Context, owner *unstructured.Unstructured, annotation, hash string) ([]Revision, error) {
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
		history = append(history, Revision{number, rs.GetName(), rs.GetLabels()[hash], CleanTemplate(template, hash), rs.GetAnnotations()})
	}
	return newestFirst(history), nil
}

// ControllerRevisions reads the revisions of a StatefulSet or a DaemonSet, newest
// first. Each is stored as a patch that restores the template.
func (c *Cluster) ControllerRevisions(ctx context.Context, owner *unstructured.Unstructured) ([]Revision, error) {
	selector, err := selectorOf(owner)
	if err != nil {
		return nil, err
	}
	all, err := c.list(ctx, ControllerRevisions, owner.GetNamespace(), selector)
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
		delete(template, "$patch") // an instruction to the controller, and no part of the template
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
		return "", fmt.Errorf("the selector of %s would select every pod", o.GetName())
	}
	return s.String(), nil
}

// Target is the version to find among the revisions of a workload.
type Target struct {
	Version   string // to go back to
	Leaving   string // the version that is rolled back
	Container string // whose image has the version; "": any
}

// Matches reports whether a template has the target's version. A template with both
// versions is an error: a sidecar may have the tag of one of them by chance.
func (target Target) Matches(t Template) (bool, error) {
	if !t.HasVersion(target.Version, target.Container) {
		return false, nil
	}
	if target.Leaving != "" && t.HasVersion(target.Leaving, target.Container) {
		return false, fmt.Errorf("containers have version %q and version %q: set `container` to the one that counts", target.Version, target.Leaving)
	}
	return true, nil
}

// FindRevision returns the newest revision with the target's version that differs
// from the present template.
func (target Target) FindRevision(history []Revision, now Template) (Revision, error) {
	for _, r := range history {
		matches, err := target.Matches(r.Template)
		if err != nil {
			return Revision{}, err
		}
		if matches && !reflect.DeepEqual(map[string]any(r.Template), map[string]any(now)) {
			return r, nil
		}
	}
	return Revision{}, fmt.Errorf("none of its %d revisions has version %q; it has %s", len(history), target.Version, target.listVersions(history))
}

// listVersions lists the newest revisions, to show people how versions are named.
func (target Target) listVersions(history []Revision) string {
	var names []string
	for _, r := range history[:min(len(history), 5)] {
		names = append(names, fmt.Sprintf("%d (%s)", r.Number, r.Template.ImageNames(target.Container)))
	}
	if len(names) == 0 {
		return "no revisions: raise revisionHistoryLimit"
	}
	return strings.Join(names, ", ")
}

// GitOpsOwner returns the tool that keeps an object as it is in git, and would revert
// a rollback; "" if there is none. It reads more than labels, because Argo CD can be
// configured to use annotations, and its default label app.kubernetes.io/instance is
// also used by Helm.
func GitOpsOwner(o *unstructured.Unstructured) string {
	marks := maps.Clone(o.GetLabels())
	if marks == nil {
		marks = map[string]string{}
	}
	maps.Copy(marks, o.GetAnnotations())
	for mark, owner := range map[string]string{
		"argocd.argoproj.io/tracking-id": "Argo CD", "argocd.argoproj.io/instance": "Argo CD",
		"kustomize.toolkit.fluxcd.io/name": "Flux", "helm.toolkit.fluxcd.io/name": "Flux",
	} {
		if marks[mark] != "" {
			return owner
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

// RequireUnchanged is the first step of every JSON patch: the patch applies only if
// the object's spec has not changed since it was read.
func RequireUnchanged(o *unstructured.Unstructured) Operation {
	return Operation{Op: "test", Path: "/metadata/generation", Value: o.GetGeneration()}
}
