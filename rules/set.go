package rules

import "slices"

// Set is every rule of a folder. The zero Set has none.
type Set struct {
	rules []Rule
	index index
}

// Len is how many rules there are.
func (s *Set) Len() int { return len(s.rules) }

// Rules are all rules, by file and place in it.
func (s *Set) Rules() []Rule { return append([]Rule(nil), s.rules...) }

// Only is the set of the rules of these names.
func (s *Set) Only(names ...string) *Set {
	some := slices.DeleteFunc(s.Rules(), func(r Rule) bool { return !slices.Contains(names, r.Name) })
	return &Set{rules: some, index: indexOf(some)}
}
