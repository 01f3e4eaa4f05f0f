package rules

import (
	"strings"

	"github.com/pushback/pushback/internal/strictyaml"
)

// reader turns one decoded file into rules, placing what it finds wrong.
type reader struct {
	*loader
	file      string
	lines     []string
	positions *strictyaml.Positions
	broken    map[int]bool // lines that already have a problem
	baseless  bool         // the rule it extends is not there: what is missing may have been
	elsewhere bool         // what was not written here is known to be wrong where it was
	reported  int
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
		return // the same of many expressions that were written elsewhere
	}
	r.found = append(r.found, d)
}

// at reports something wrong with the value at a path, unless the YAML of
// that line was already complained about: one slip gives one message.
func (r *reader) at(path, code, message, hint string) {
	place := r.positions.Value(path)
	if r.broken[place.Line] || r.elsewhere && !r.positions.Has(path) {
		return
	}
	r.report(place, code, message, hint)
}

// inside reports something wrong at a byte of the text at a path.
func (r *reader) inside(path string, offset int, code, message, hint string) {
	if r.reported > strictyaml.MaxProblems || r.elsewhere && !r.positions.Has(path) {
		return // placing costs a walk through the file
	}
	r.report(r.positions.Inside(path, offset), code, message, hint)
}
