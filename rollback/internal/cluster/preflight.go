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

// dns is what Kubernetes takes for a name: a DNS subdomain.
var dns = regexp.MustCompile(`^[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?$`)

// Name is the object that a plan is about. key is the setting of its name.
func Name(r schema.GroupVersionResource, namespace, name, key string, p rollback.Plan) (Object, error) {
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
	return o, o.Check()
}

// Check says whether both names are such as Kubernetes has, and so fit to be
// parts of a path.
func (o Object) Check() error {
	for _, name := range []string{o.Namespace, o.Name} {
		if !dns.MatchString(name) {
			return fmt.Errorf("%q is no name in Kubernetes", name)
		}
	}
	return nil
}

// Right is something that a hook must be allowed to do.
type Right struct {
	Verb        string
	Resource    schema.GroupVersionResource
	Subresource string
}

// Preflight asks the server for every right in a namespace. One that follows
// from the change is asked for once a change is known.
func (c *Cluster) Preflight(ctx context.Context, p rollback.Plan, rights []Right, namespace string) []rollback.Check {
	if !p.Known() && !naming.Fixed(namespace) {
		_, err := c.May(ctx, rights[0].Verb, Object{Resource: rights[0].Resource}, "")
		return []rollback.Check{
			call.Reached("the API server takes our credentials", err, "see kubeconfig_file"),
			{What: "the rights in the namespace", Skipped: "it follows from the change: " + namespace},
		}
	}
	in, err := naming.Fill("namespace", namespace, p)
	if err != nil {
		return []rollback.Check{call.Reached("the namespace has a name", err, "see `namespace`")}
	}
	var checks []rollback.Check
	for _, r := range rights {
		what := fmt.Sprintf("we may %s %s in %s", r.Verb, r.Resource.Resource, in)
		may, err := c.May(ctx, r.Verb, Object{Resource: r.Resource, Namespace: in}, r.Subresource)
		check := call.Reached(what, err, "see kubeconfig_file")
		if err == nil && !may {
			check.Problem, check.Hint = "the cluster does not allow it", "docs/hooks.md has the role to bind"
		}
		checks = append(checks, check)
		if err != nil {
			break // the next question would get the same answer
		}
	}
	return checks
}

// Found is the check that an object can be rolled back to a version.
func Found(o Object, version string, err error) rollback.Check {
	c := rollback.Check{What: fmt.Sprintf("%s can go back to %q", o, version)}
	if err != nil {
		c.Problem, c.Temporary = rollback.Output(err.Error()), call.Passing(err)
	}
	return c
}
