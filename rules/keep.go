package rules

import (
	"encoding/json"
	"fmt"
)

// kept is one rule as a set is kept: its text stands alone.
type kept struct {
	File string `json:"file"`
	Line int    `json:"line"`
	Text string `json:"text"`
}

// Keep writes a set so that Restore can read it when the folder it came from
// is broken. Equal sets give equal bytes.
func (s *Set) Keep() []byte {
	all := make([]kept, len(s.rules))
	for i, r := range s.rules {
		all[i] = kept{r.File, r.Line, r.Text}
	}
	b, err := json.Marshal(all)
	if err != nil {
		panic("rules: keeping a set: " + err.Error()) // plain text: cannot fail
	}
	return b
}

// Restore reads a set that was kept. Names are not held against the world, as
// in Parse: the set was good when it was kept.
func Restore(data []byte, w World) (*Set, error) {
	var all []kept
	if err := json.Unmarshal(data, &all); err != nil {
		return nil, fmt.Errorf("reading kept rules: %w", err)
	}
	rules := make([]Rule, len(all))
	for i, k := range all {
		r, found := Parse(k.Text, w)
		if len(found) > 0 {
			return nil, fmt.Errorf("kept rule of %s: %w", k.File, found[0])
		}
		r.File, r.Line = k.File, k.Line
		rules[i] = r
	}
	return &Set{rules: rules, index: indexOf(rules)}, nil
}
