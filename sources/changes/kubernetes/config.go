package kubernetes

import (
	"errors"
	"fmt"
	"path"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/util/validation"

	"github.com/pushback/pushback/internal/kube"
)

// Config is a source of kind kubernetes in pushback.yml.
type Config struct {
	kube.Config  `yaml:",inline"`
	Services     []string          `yaml:"services"`     // globs of the services whose changes it may report; empty: all
	Namespaces   []string          `yaml:"namespaces"`   // the namespaces that are watched; empty: all, which needs a ClusterRole
	Workloads    []string          `yaml:"workloads"`    // deployments, statefulsets, daemonsets, rollouts; empty: all of them
	Selector     string            `yaml:"selector"`     // a label selector of the workloads; "": all
	Environments map[string]string `yaml:"environments"` // namespace → environment
	Environment  string            `yaml:"environment"`  // of the other namespaces; "": the name of the namespace
	Service      string            `yaml:"service"`      // "label NAME", or "name" of the workload; "": label app.kubernetes.io/name, else the name
	Version      string            `yaml:"version"`      // "image tag", "digest", or "label NAME"; "": the tag, else the digest
	Container    string            `yaml:"container"`    // whose image has the version; "": the first that changed
}

const (
	nameLabel   = "app.kubernetes.io/name"
	byName      = "name"
	byTag       = "image tag"
	byDigest    = "digest"
	labelPrefix = "label "
)

// check returns what is wrong with the settings.
func (c Config) check() error {
	var errs []error
	for _, n := range c.Namespaces {
		if problems := validation.IsDNS1123Label(n); len(problems) > 0 {
			errs = append(errs, fmt.Errorf("namespaces: %q is not the name of a namespace", n))
		}
	}
	for _, w := range c.Workloads {
		if !slices.ContainsFunc(kinds, func(k kind) bool { return k.resource.Resource == w }) {
			errs = append(errs, fmt.Errorf("workloads: %q is none of deployments, statefulsets, daemonsets, rollouts", w))
		}
	}
	for _, glob := range c.Services {
		if _, err := path.Match(glob, ""); err != nil {
			errs = append(errs, fmt.Errorf("services: %q is not a glob", glob))
		}
	}
	if _, err := labels.Parse(c.Selector); err != nil {
		errs = append(errs, fmt.Errorf("selector: %w", err))
	}
	if c.Service != "" && c.Service != byName && !isLabel(c.Service) {
		errs = append(errs, fmt.Errorf("service: %q is neither name nor label NAME", c.Service))
	}
	if c.Version != "" && c.Version != byTag && c.Version != byDigest && !isLabel(c.Version) {
		errs = append(errs, fmt.Errorf("version: %q is none of image tag, digest, label NAME", c.Version))
	}
	return errors.Join(errs...)
}

// isLabel reports whether a setting names a label.
func isLabel(setting string) bool {
	name, ok := strings.CutPrefix(setting, labelPrefix)
	return ok && len(validation.IsQualifiedName(name)) == 0
}

// labelOf is the label that a setting names.
func labelOf(setting string) string {
	name, _ := strings.CutPrefix(setting, labelPrefix)
	return name
}

// watched are the kinds of workloads to watch.
func (c Config) watched() (all []kind) {
	for _, k := range kinds {
		if len(c.Workloads) == 0 || slices.Contains(c.Workloads, k.resource.Resource) {
			all = append(all, k)
		}
	}
	return all
}

// environment is where the workloads of a namespace run.
func (c Config) environment(namespace string) string {
	if ours, ok := c.Environments[namespace]; ok {
		return ours
	}
	if c.Environment != "" {
		return c.Environment
	}
	return namespace
}
