package rules

import (
	"path"
	"slices"
	"strings"

	"github.com/pushback/pushback/sources"
)

// For gives the rules that watch a change, each bound to its service, in the
// order of their files.
func (s *Set) For(c sources.Change, svc Service) []Bound {
	var all []Bound
	for _, i := range s.candidates(c, svc) {
		if s.rules[i].Watches(c, svc) {
			all = append(all, Bind(s.rules[i], c, svc))
		}
	}
	return all
}

// Watching gives the rules that watch a change, in the order of their files, without
// binding them. Of the service it asks only the owner.
func (s *Set) Watching(c sources.Change, svc Service) []Rule {
	var all []Rule
	for _, i := range s.candidates(c, svc) {
		if s.rules[i].Watches(c, svc) {
			all = append(all, s.rules[i])
		}
	}
	return all
}

// Watches says whether any rule watches a change. Intake asks it for every event, so it
// copies no rule and allocates nothing.
func (s *Set) Watches(c sources.Change, svc Service) bool {
	return s.index.any(c.Service, c.Environment, svc.Owner, func(i int) bool { return s.rules[i].Watches(c, svc) })
}

// candidates are the rules that may watch the change, ascending.
func (s *Set) candidates(c sources.Change, svc Service) []int {
	var all []int
	s.index.any(c.Service, c.Environment, svc.Owner, func(i int) bool {
		all = append(all, i)
		return false
	})
	slices.Sort(all)
	return all
}

// Watches says whether the rule watches the change. A rule of scope site watches
// every change that its environment, region, kind, team and labels allow. A preview is only
// watched by a rule that names environments.
//
// See adr/0071.
func (r *Rule) Watches(c sources.Change, svc Service) bool {
	w := &r.Watch
	if w.Environment == "" && c.Preview() {
		return false
	}
	if len(w.Kind) > 0 && !slices.Contains(w.Kind, c.Kind) {
		return false
	}
	if !matches(w.Environment, c.Environment) || !matches(w.Region, c.Region) || !matches(w.Team, svc.Owner) {
		return false
	}
	for name, glob := range w.Labels {
		if value, ok := c.Labels[name]; !ok || !matches(glob, value) {
			return false
		}
	}
	if !r.Site && (w.Service == "" || !matches(w.Service, c.Service)) {
		return false
	}
	return !slices.ContainsFunc(w.Except, func(glob string) bool { return matches(glob, c.Service) })
}

// matches says whether a glob matches; an empty one matches anything. Globs
// are checked at load, so an error here is a pattern that matches nothing.
func matches(glob, name string) bool {
	if glob == "" || glob == "*" {
		return true
	}
	ok, err := path.Match(glob, name)
	return err == nil && ok
}

// index finds the rules that may watch a change by the plain text with which its
// service's name must begin, and then by environment and team, so that the cost of a
// change grows with the number of matching rules and not with the number of rules. A
// folder where every team has a rule for `service: "*"` is usual.
type index map[string]map[facet][]int

// facet is the environment and team that a rule names without a glob; "" where it names
// none, or a glob that has to be tried.
type facet struct{ environment, team string }

// globCharacters are the characters that end the plain text at the beginning of a glob.
const globCharacters = `*?[\`

func indexOf(rules []Rule) index {
	ix := index{}
	for i := range rules {
		w := &rules[i].Watch
		begins := w.Service
		if at := strings.IndexAny(begins, globCharacters); at >= 0 {
			begins = begins[:at]
		}
		if ix[begins] == nil {
			ix[begins] = map[facet][]int{}
		}
		f := facet{exactly(w.Environment), exactly(w.Team)}
		ix[begins][f] = append(ix[begins][f], i)
	}
	return ix
}

// exactly is a glob that matches nothing but itself, "" for any other.
func exactly(glob string) string {
	if strings.ContainsAny(glob, globCharacters) {
		return ""
	}
	return glob
}

// any says whether try returns true for one of the rules that may watch a change of the
// service, environment and team. It tries each rule at most once, and none after that.
func (ix index) any(service, environment, team string, try func(rule int) bool) bool {
	facets := [...]facet{{environment, team}, {environment, ""}, {"", team}, {"", ""}}
	for n := range len(service) + 1 {
		byFacet, ok := ix[service[:n]]
		if !ok {
			continue
		}
		for i, f := range facets {
			if slices.Contains(facets[:i], f) {
				continue // the change has no environment, or its service no team
			}
			if slices.ContainsFunc(byFacet[f], try) {
				return true
			}
		}
	}
	return false
}
