package grafana

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"net/http"
	"regexp"
	"strconv"
)

// group is the newer API, as Grafana 12 and 13 describe it under /apis (an alpha).
const group = "annotation.grafana.app/v0alpha1"

var namespace = regexp.MustCompile(`^(default|(org|stacks)-[1-9][0-9]{0,17})$`)

// checkAPI checks the settings of the API, and fills in what follows from others.
func (c *Config) checkAPI() error {
	if c.API == "" {
		c.API = annotationsAPI
	}
	if c.API != annotationsAPI && c.API != resourcesAPI {
		return fmt.Errorf("api: %q is neither %s nor %s", c.API, annotationsAPI, resourcesAPI)
	}
	if c.Namespace != "" && c.API != resourcesAPI {
		return errors.New("namespace needs api: " + resourcesAPI)
	}
	if c.Namespace == "" {
		c.Namespace = "default"
		if c.OrgID > 1 {
			c.Namespace = "org-" + strconv.FormatInt(c.OrgID, 10)
		}
	}
	if !namespace.MatchString(c.Namespace) {
		return fmt.Errorf("namespace: %q is none of default, org-N, stacks-N", c.Namespace)
	}
	return nil
}

func (c Config) base() string {
	if c.API == resourcesAPI {
		return c.URL + "/apis/" + group + "/namespaces/" + c.Namespace + "/annotations"
	}
	return c.URL + "/api/annotations"
}

// contentType is what a body is. The newer API takes several kinds of patches.
func (c Config) contentType(method string) string {
	if c.API == resourcesAPI && method == http.MethodPatch {
		return "application/merge-patch+json"
	}
	return "application/json"
}

// resource is an annotation of the newer API.
type resource struct {
	APIVersion string   `json:"apiVersion"`
	Kind       string   `json:"kind"`
	Metadata   metadata `json:"metadata"`
	Spec       document `json:"spec"`
}

type metadata struct {
	Name      string `json:"name"`
	Namespace string `json:"namespace,omitempty"`
}

// resourceName is the name of an annotation: one a tag, as Kubernetes allows names.
func resourceName(tag string) string {
	sum := sha256.Sum256([]byte(tag))
	return "pushback-" + hex.EncodeToString(sum[:16])
}

// putResource brings the annotation onto Grafana under its name. It has no number there.
func (c *Client) putResource(ctx context.Context, a Annotation) (int64, error) {
	name := resourceName(a.Tag)
	update := func() error {
		spec := struct {
			Spec document `json:"spec"`
		}{a.document()}
		return c.call(ctx, http.MethodPatch, "/"+name, spec, nil)
	}
	err := update()
	if !errors.Is(err, errGone) {
		return 0, err
	}
	made := resource{group, "Annotation", metadata{name, c.config.Namespace}, a.document()}
	if err = c.call(ctx, http.MethodPost, "", made, nil); errors.Is(err, errExists) {
		err = update() // its own attempt, whose answer was lost, or another replica's
	}
	return 0, err
}

// pingResources lists one annotation at most.
func (c *Client) pingResources(ctx context.Context) error {
	return c.call(ctx, http.MethodGet, "?limit=1", nil, nil)
}
