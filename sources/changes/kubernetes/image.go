package kubernetes

import (
	"strings"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/pushback/pushback/internal/kube"
)

// service names the service that a workload is.
func (c Config) service(o *unstructured.Unstructured) string {
	name := nameLabel
	if c.Service == byName {
		return o.GetName()
	}
	if c.Service != "" {
		name = labelOf(c.Service)
	}
	if value := o.GetLabels()[name]; value != "" {
		return value
	}
	t, _, _ := unstructured.NestedMap(o.Object, "spec", "template")
	if value := kube.Template(t).Label(name); value != "" {
		return value
	}
	return o.GetName()
}

// version names what a revision runs. before is the template before it, nil where there is none.
func (c Config) version(r, before kube.Template) string {
	image := c.image(r, before)
	tag, digest := splitImage(image)
	switch {
	case isLabel(c.Version) && r.Label(labelOf(c.Version)) != "":
		return r.Label(labelOf(c.Version))
	case c.Version == byDigest && digest != "", tag == "" && digest != "":
		return digest
	case tag != "":
		return tag
	case image != "":
		return "latest" // what a container runtime takes for a missing tag
	}
	return ""
}

// image is the image that counts: of the container that the settings name, else of the first
// whose image is not that of before, else of the first.
func (c Config) image(r, before kube.Template) string {
	images := map[string]string{}
	for _, one := range before.Containers() {
		images[one.Name] = one.Image
	}
	first, changed := "", ""
	for _, one := range r.Containers() {
		switch {
		case c.Container != "" && one.Name == c.Container:
			return one.Image
		case first == "":
			first = one.Image
		}
		if was, found := images[one.Name]; changed == "" && found && was != one.Image {
			changed = one.Image
		}
	}
	if changed != "" {
		return changed
	}
	return first
}

// splitImage returns the tag and the digest of an image's name, "" for one it does not have
// (github.com/distribution/reference: [domain/]path[:tag][@digest]).
func splitImage(image string) (tag, digest string) {
	name, digest, _ := strings.Cut(image, "@")
	last := name[strings.LastIndex(name, "/")+1:] // a colon before it precedes a port
	_, tag, _ = strings.Cut(last, ":")
	return tag, digest
}
