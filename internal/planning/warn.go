package planning

import (
	"fmt"
	"slices"
	"strings"

	"github.com/pushback/pushback/internal/catalogue"
	"github.com/pushback/pushback/internal/strictyaml"
	"github.com/pushback/pushback/rules"
	"github.com/pushback/pushback/sources"
)

// Warning is something about a stored change that whoever reported it may have mistyped. It
// refuses nothing: a service may be new, and a change need not be watched.
type Warning struct{ Code, Detail, Hint string }

// The codes of warnings.
const (
	AmbiguousName        = "ambiguous-name"
	UnknownService       = "unknown-service"
	UnwatchedEnvironment = "unwatched-environment"
	Unwatched            = "unwatched"
)

// Warn says what may be mistyped in a change: a service that the catalogue does not know, and
// an environment that no rule watches. services are those that the catalogue knows; nil if it
// cannot tell.
func Warn(set *rules.Set, c sources.Change, service rules.Service, services []string) (all []Warning) {
	if len(services) > 0 && !slices.Contains(services, c.Service) {
		all = append(all, unknown(c.Service, services))
	}
	if !set.Watches(c, service) {
		all = append(all, unwatched(set, c, service))
	}
	return all
}

func unknown(service string, services []string) Warning {
	if near := strictyaml.Nearest(service, services); near != "" {
		return Warning{UnknownService, fmt.Sprintf("no service %s; nearest: %s", service, near), fmt.Sprintf("did you mean %q?", near)}
	}
	return Warning{UnknownService, "no service " + service, "is it new? pushback rules coverage lists the services"}
}

// WarnOfMapping says that two patterns of pushback.yml make different services of a name.
func WarnOfMapping(name string, m catalogue.Mapped) []Warning {
	if m.Or == "" {
		return nil
	}
	return []Warning{{
		AmbiguousName, fmt.Sprintf("%s is %s by one pattern of services.patterns, and %s by another", sources.OneLine(name, sources.MaxName), m.Service, sources.OneLine(m.Or, sources.MaxName)),
		"the first one counts; narrow one of the two, or name the service in services.aliases",
	}}
}

// unwatched says why no rule watches a change: where rules watch its service elsewhere, it
// names the environments.
func unwatched(set *rules.Set, c sources.Change, service rules.Service) Warning {
	environments := set.Environments(c, service)
	if len(environments) == 0 {
		return Warning{Unwatched, fmt.Sprintf("no rule watches a %s of %s", c.Kind, c.Service), "is the service misspelt? pushback rules coverage lists what is watched"}
	}
	w := Warning{Code: UnwatchedEnvironment, Detail: fmt.Sprintf("no rule watches %s in %q", c.Service, c.Environment), Hint: "rules watch it in " + strings.Join(environments, ", ")}
	if near := strictyaml.Nearest(c.Environment, environments); near != "" {
		w.Hint = fmt.Sprintf("did you mean %q?", near)
	}
	return w
}
