package planning

import (
	"fmt"
	"slices"
	"strings"

	"github.com/pushback/pushback/internal/strictyaml"
	"github.com/pushback/pushback/rules"
	"github.com/pushback/pushback/sources"
)

// Warning is something about a stored change that whoever reported it may have mistyped. It
// refuses nothing: a service may be new, and a change need not be watched.
type Warning struct{ Code, Detail, Hint string }

// The codes of warnings.
const (
	UnknownService       = "unknown-service"
	UnwatchedEnvironment = "unwatched-environment"
	Unwatched            = "unwatched"
)

// Warn says what may be mistyped in a change: a service that the catalogue does not know, and
// an environment that no rule watches. services are those that the catalogue knows; nil if it
// cannot tell.
func Warn(set *rules.Set, c sources.Change, service rules.Service, services []string) (all []Warning) {
	if len(services) > 0 && !slices.Contains(services, c.Service) {
		w := Warning{Code: UnknownService, Detail: fmt.Sprintf("the service catalogue has no %q", c.Service), Hint: "is it new? pushback rules coverage lists the services"}
		if near := strictyaml.Nearest(c.Service, services); near != "" {
			w.Hint = fmt.Sprintf("did you mean %q?", near)
		}
		all = append(all, w)
	}
	if !set.Watches(c, service) {
		all = append(all, unwatched(set, c, service))
	}
	return all
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
