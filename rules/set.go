package rules

import "slices"

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
