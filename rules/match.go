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
	for _, i := range s.index.candidates(c.Service) {
		if s.rules[i].Watches(c, svc) {
			all = append(all, Bind(s.rules[i], c, svc))
		}
	}
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

// index finds the rules that may watch a service by the plain text with which
// its name must begin, so that the cost of a change grows with the number of
// matching rules and not with the number of rules.
type index map[string][]int

// globCharacters are the characters that end the plain text at the beginning of a glob.
const globCharacters = `*?[\`

func indexOf(rules []Rule) index {
	ix := index{}
	for i := range rules {
		begins := rules[i].Watch.Service
		if at := strings.IndexAny(begins, globCharacters); at >= 0 {
			begins = begins[:at]
		}
		ix[begins] = append(ix[begins], i)
	}
	return ix
}

// candidates are the rules whose glob may match the name, ascending.
func (ix index) candidates(service string) []int {
	var all []int
	for n := range len(service) + 1 {
		all = append(all, ix[service[:n]]...)
	}
	slices.Sort(all)
	return all
}
