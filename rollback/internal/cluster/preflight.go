package cluster

import (
	"context"
	"fmt"
	"regexp"

	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/pushback/pushback/rollback"
	"github.com/pushback/pushback/rollback/internal/call"
	"github.com/pushback/pushback/rollback/internal/naming"
)

// dnsName matches a valid name of Kubernetes objects: a DNS subdomain.
var dnsName = regexp.MustCompile(`^[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?$`)

// ResolveObject returns the object that a plan is about. namespace and name are
// settings, which may have placeholders; key is the name of the second one.
func ResolveObject(r schema.GroupVersionResource, namespace, name, key string, p rollback.Plan) (Object, error) {
	o := Object{Resource: r}
	for _, one := range []struct {
		into         *string
		key, setting string
	}{{&o.Namespace, "namespace", namespace}, {&o.Name, key, name}} {
		filled, err := naming.Fill(one.key, one.setting, p)
		if err != nil {
			return o, err
		}
		*one.into = filled
	}
	return o, o.CheckNames()
}

// CheckNames checks that both names are valid in Kubernetes, and so can be segments
// of a URL path.
func (o Object) CheckNames() error {
	for _, name := range []string{o.Namespace, o.Name} {
		if !dnsName.MatchString(name) {
			return fmt.Errorf("%q is not a valid name in Kubernetes", name)
		}
	}
	return nil
}

// Right is a permission that a hook needs.
type Right struct {
	Verb        string
	Resource    schema.GroupVersionResource
	Subresource string
}

// Preflight checks the rights in a namespace. With a change it then checks whether the
// object can be rolled back: inspect returns the object, and why it cannot.
func (c *Cluster) Preflight(ctx context.Context, p rollback.Plan, rights []Right, namespace string, inspect func() (Object, error)) []rollback.Check {
	checks := c.checkRights(ctx, p, rights, namespace)
	if len(rollback.Problems(checks)) > 0 || !p.Known() {
		return checks
	}
	o, err := inspect()
	return append(checks, targetCheck(o, p.Target, err))
}

// checkRights asks the server whether we have every right in a namespace. If the
// namespace depends on the change and there is no change yet, it only checks the
// credentials.
func (c *Cluster) checkRights(ctx context.Context, p rollback.Plan, rights []Right, namespace string) []rollback.Check {
	if !p.Known() && !naming.IsFixed(namespace) {
		_, err := c.Allowed(ctx, rights[0].Verb, Object{Resource: rights[0].Resource}, "")
		return []rollback.Check{
			call.ReachCheck("the API server accepts our credentials", err, "see kubeconfig_file"),
			{What: "the rights in the namespace", Skipped: "the namespace depends on the change: " + namespace},
		}
	}
	in, err := naming.Fill("namespace", namespace, p)
	if err != nil {
		return []rollback.Check{call.ReachCheck("the namespace has a valid name", err, "correct `namespace`")}
	}
	var checks []rollback.Check
	for _, r := range rights {
		what := fmt.Sprintf("we may %s %s in %s", r.Verb, r.Resource.Resource, in)
		may, err := c.Allowed(ctx, r.Verb, Object{Resource: r.Resource, Namespace: in}, r.Subresource)
		check := call.ReachCheck(what, err, "see kubeconfig_file")
		if err == nil && !may {
			check.Problem, check.Hint = "the cluster does not allow it", "bind the role that docs/hooks.md shows"
		}
		checks = append(checks, check)
		if err != nil {
			break // the next request would fail in the same way
		}
	}
	return checks
}

// targetCheck is the check that an object can be rolled back to a version. err says
// why it cannot, nil if it can.
func targetCheck(o Object, version string, err error) rollback.Check {
	c := rollback.Check{What: fmt.Sprintf("%s can go back to %q", o, version)}
	if err != nil {
		c.Problem, c.Temporary = rollback.Output(err.Error()), call.IsTemporary(err)
	}
	return c
}
