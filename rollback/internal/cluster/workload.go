package cluster

import (
	"context"
	"fmt"
	"reflect"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/pushback/pushback/internal/kube"
	"github.com/pushback/pushback/rollback"
	"github.com/pushback/pushback/rollback/internal/naming"
)

// The resources that several hooks read.
var (
	Deployments         = kube.Deployments
	ReplicaSets         = kube.ReplicaSets
	ControllerRevisions = kube.ControllerRevisions
)

// Template is a pod template without the hash label that its controller adds.
type Template = kube.Template

// Revision is an earlier or the current state of a workload.
type Revision = kube.Revision

// HasVersion reports whether an image of a template, or without container its version label,
// has the version.
func HasVersion(t Template, version, container string) bool {
	labelled := t.Label(kube.VersionLabel)
	if container == "" && labelled != "" && naming.SameVersion(labelled, version) {
		return true
	}
	return slices.ContainsFunc(t.Images(container), func(image string) bool { return naming.ImageHasVersion(image, version) })
}

// ImageNames lists a template's images for people.
func ImageNames(t Template, container string) string {
	return rollback.Output(strings.Join(t.Images(container), ", "))
}

// ReplicaSetRevisions reads the revisions of a workload from the ReplicaSets that it
// owns, newest first. annotation holds the number of the revision, and hash is the
// label that its controller adds to pods.
func (c *Cluster) ReplicaSetRevisions(ctx context.Context, owner *unstructured.Unstructured, annotation, hash string) ([]Revision, error) {
	all, err := c.listOwned(ctx, ReplicaSets, owner)
	return kube.ReplicaSetRevisions(owner, all, annotation, hash), err
}

// ControllerRevisions reads the revisions of a StatefulSet or a DaemonSet, newest first.
func (c *Cluster) ControllerRevisions(ctx context.Context, owner *unstructured.Unstructured) ([]Revision, error) {
	all, err := c.listOwned(ctx, ControllerRevisions, owner)
	return kube.StoredRevisions(owner, all), err
}

// listOwned lists the objects of a resource that have the labels of a workload's pods.
func (c *Cluster) listOwned(ctx context.Context, r schema.GroupVersionResource, owner *unstructured.Unstructured) ([]unstructured.Unstructured, error) {
	selector, err := kube.Selector(owner)
	if err != nil {
		return nil, err
	}
	return c.list(ctx, r, owner.GetNamespace(), selector)
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
	if !HasVersion(t, target.Version, target.Container) {
		return false, nil
	}
	if target.Leaving != "" && HasVersion(t, target.Leaving, target.Container) {
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
		names = append(names, fmt.Sprintf("%d (%s)", r.Number, ImageNames(r.Template, target.Container)))
	}
	if len(names) == 0 {
		return "no revisions: raise revisionHistoryLimit"
	}
	return strings.Join(names, ", ")
}

// RequireUnchanged is the first step of every JSON patch: the patch applies only if
// the object's spec has not changed since it was read.
func RequireUnchanged(o *unstructured.Unstructured) Operation {
	return Operation{Op: "test", Path: "/metadata/generation", Value: o.GetGeneration()}
}
