package rules

import (
	"maps"
	"slices"
	"strings"

	"github.com/pushback/pushback/internal/secret"
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
	mistakes      int          // found, whether or not they were reported
	reported      int
	planted       []string // secrets that are written in the file: no mistake quotes one
}

// maxLine is the longest source line that is shown, in bytes: nobody reads a longer one, and
// looking for secrets in it takes time.
const maxLine = 4 << 10

// line is a source line, for people: without a secret that is written there.
func (r *reader) line(n int) string {
	if n > len(r.lines) || len(r.lines[n-1]) > maxLine {
		return ""
	}
	return secret.Hide(strings.TrimSuffix(r.lines[n-1], "\r"))
}

// secrets refuses a secret that is written in the file, in whatever text of a rule. A stored
// rule was looked at when it was loaded.
func (r *reader) secrets() {
	if r.stored {
		return
	}
	var root any
	places, _ := r.positions.DecodeAgain(&root) // its problems are those of the whole reading
	found := map[string]secret.Finding{}
	secret.WalkTexts(root, func(path, value string, f secret.Finding) {
		found[path], r.planted = f, append(r.planted, value)
	})
	for _, path := range slices.Sorted(maps.Keys(found)) {
		r.report(places.Value(path), codeSecretInFile, found[path].What+" must not be written in a rule", "leave it out: rules are read by everybody who may read the metrics")
	}
}

func (r *reader) report(at strictyaml.Position, code, message, hint string) {
	if r.reported++; r.reported > strictyaml.MaxProblems {
		return
	}
	d := Diagnostic{File: r.file, Line: at.Line, Column: at.Column, Code: code, Message: message, Hint: hint}
	d.Snippet = r.line(at.Line)
	d.Message, d.Hint = secret.Redact(d.Message, r.planted...), secret.Redact(d.Hint, r.planted...)
	if n := len(r.found); n > 0 && r.found[n-1] == d {
		return // the same mistake in another expression that was inherited
	}
	r.found = append(r.found, d)
}

// at reports a mistake in the value at a path, unless the YAML of that line has a
// mistake already: one mistake gives one message.
func (r *reader) at(path, code, message, hint string) {
	r.mistakes++
	place := r.positions.Value(path)
	if r.broken[place.Line] || r.skipInherited && !r.positions.Has(path) {
		return
	}
	r.report(place, code, message, hint)
}

// inside reports a mistake at a byte of the text at a path.
func (r *reader) inside(path string, offset int, code, message, hint string) {
	r.mistakes++
	if r.reported > strictyaml.MaxProblems || r.skipInherited && !r.positions.Has(path) {
		return // finding the place costs a walk through the file
	}
	r.report(r.positions.Inside(path, offset), code, message, hint)
}
