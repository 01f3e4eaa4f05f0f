package rules

import (
	"path"
	"slices"

	"github.com/pushback/pushback/sources"
)

// For gives the rules that watch a change, each bound to its service, in the
// order of their files.
func (s *Set) For(c sources.Change, svc Service) []Bound {
	var all []Bound
	for i := range s.rules {
		if s.rules[i].Watches(c) {
			all = append(all, Bind(s.rules[i], c, svc))
		}
	}
	return all
}

// Watches says whether the rule wants the change. A rule of scope site wants
// every one that its environment, region and kind allow.
func (r *Rule) Watches(c sources.Change) bool {
	w := &r.Watch
	if len(w.Kind) > 0 && !slices.Contains(w.Kind, c.Kind) {
		return false
	}
	if !matches(w.Environment, c.Environment) || !matches(w.Region, c.Region) {
		return false
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
