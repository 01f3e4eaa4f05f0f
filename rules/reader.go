package rules

import (
	"strings"

	"github.com/pushback/pushback/internal/strictyaml"
)

// reader turns one decoded file into rules, and gives each mistake its place.
type reader struct {
	*loader
	file          string
	lines         []string
	positions     *strictyaml.Positions
	broken        map[int]bool // lines that already have a problem
	baseMissing   bool         // the rule it extends is missing: keys that are missing may be in that one
	skipInherited bool         // a mistake in an inherited key was reported where it is written
	reported      int
}

func (r *reader) report(at strictyaml.Position, code, message, hint string) {
	if r.reported++; r.reported > strictyaml.MaxProblems {
		return
	}
	d := Diagnostic{File: r.file, Line: at.Line, Column: at.Column, Code: code, Message: message, Hint: hint}
	if at.Line <= len(r.lines) {
		d.Snippet = strings.TrimSuffix(r.lines[at.Line-1], "\r")
	}
	if n := len(r.found); n > 0 && r.found[n-1] == d {
		return // the same mistake in another expression that was inherited
	}
	r.found = append(r.found, d)
}

// at reports a mistake in the value at a path, unless the YAML of that line has a
// mistake already: one mistake gives one message.
func (r *reader) at(path, code, message, hint string) {
	place := r.positions.Value(path)
	if r.broken[place.Line] || r.skipInherited && !r.positions.Has(path) {
		return
	}
	r.report(place, code, message, hint)
}

// inside reports a mistake at a byte of the text at a path.
func (r *reader) inside(path string, offset int, code, message, hint string) {
	if r.reported > strictyaml.MaxProblems || r.skipInherited && !r.positions.Has(path) {
		return // finding the place costs a walk through the file
	}
	r.report(r.positions.Inside(path, offset), code, message, hint)
}
