package rules

import (
	"encoding/json"
	"fmt"
)

// encodedRule is one rule of a stored set. Its text needs no other rule.
type encodedRule struct {
	File  string `json:"file"`
	Line  int    `json:"line"`
	Lines []int  `json:"lines,omitempty"` // of its signals, which messages name
	Text  string `json:"text"`
}

// Encode writes a set, so that DecodeSet can read it when the folder it came from
// has mistakes. Equal sets give equal bytes.
func (s *Set) Encode() []byte {
	all := make([]encodedRule, len(s.rules))
	for i, r := range s.rules {
		all[i] = encodedRule{r.File, r.Line, linesOf(r), r.Text}
	}
	b, err := json.Marshal(all)
	if err != nil {
		panic("rules: encoding a set: " + err.Error()) // texts and numbers cannot fail
	}
	return b
}

func linesOf(r Rule) []int {
	lines := make([]int, len(r.Signals))
	for i, s := range r.Signals {
		lines[i] = s.Line
	}
	return lines
}

// DecodeSet reads a set that Encode wrote. As in Parse, it does not check whether
// the names in it exist: they did when the set was stored.
func DecodeSet(data []byte, w World) (*Set, error) {
	var all []encodedRule
	if err := json.Unmarshal(data, &all); err != nil {
		return nil, fmt.Errorf("reading stored rules: %w", err)
	}
	rules := make([]Rule, len(all))
	for i, e := range all {
		r, found := Parse(e.Text, w)
		if len(found) > 0 {
			return nil, fmt.Errorf("stored rule of %s: %w", e.File, found[0])
		}
		r.File, r.Line = e.File, e.Line
		for k := range r.Signals[:min(len(r.Signals), len(e.Lines))] {
			r.Signals[k].Line = e.Lines[k]
		}
		rules[i] = r
	}
	return &Set{rules: rules, index: indexOf(rules)}, nil
}
