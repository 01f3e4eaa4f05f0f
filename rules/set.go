package rules

import (
	"cmp"
	"slices"

	"github.com/pushback/pushback/sources"
)

// Set is every rule of a folder. The zero Set has none.
type Set struct {
	rules []Rule
	index index

	warnings []Diagnostic
}

// Len is how many rules there are.
func (s *Set) Len() int { return len(s.rules) }

// Rules are all rules, by file and place in it.
func (s *Set) Rules() []Rule { return append([]Rule(nil), s.rules...) }

// Anywhere is the set with rules that watch every environment, kind and region: for questions
// about services, without a change.
func (s *Set) Anywhere() *Set {
	all := s.Rules()
	for i := range all {
		w := &all[i].Watch
		w.Environment, w.Region, w.Kind, w.Labels = "", "", nil, nil
	}
	return &Set{rules: all, index: indexOf(all)}
}

// Only is the set of the rules of these names.
func (s *Set) Only(names ...string) *Set {
	some := slices.DeleteFunc(s.Rules(), func(r Rule) bool { return !slices.Contains(names, r.Name) })
	return &Set{rules: some, index: indexOf(some)}
}

// Environments are the environments in which rules watch a service, as the rules write them
// and each once, where the environment is all that keeps them from watching a change.
func (s *Set) Environments(c sources.Change, svc Service) []string {
	var all []string
	for i := range s.rules {
		r := s.rules[i]
		written := r.Watch.Environment
		r.Watch.Environment = "*"
		if r.Watches(c, svc) {
			all = append(all, cmp.Or(written, "all but previews"))
		}
	}
	slices.Sort(all)
	return slices.Compact(all)
}
