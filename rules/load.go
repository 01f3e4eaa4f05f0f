package rules

import (
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"

	"github.com/pushback/pushback/internal/strictyaml"
	"github.com/pushback/pushback/sources"
	"github.com/pushback/pushback/sources/metrics/promql"
)

// World is what a rule may name. A nil list or map means that nothing is
// known of it here, and names are then not held against it: a rule that was
// stored with a watch goes on even after the operators have renamed a pager.
// An empty list that is not nil means that there are none.
type World struct {
	Hooks     []string
	Receivers []string
	Freezes   []string
	Stores    map[string]sources.Language // by name; a store not listed is taken to speak PromQL
	Default   string                      // the one of Stores that serves rules which name none

	// CheckQuery may refuse an expression that PromQL's grammar allows, once
	// its variables have been replaced by harmless text. nil: no such check.
	CheckQuery func(store, expr string) error
}

// language is what a store speaks, PromQL where nothing is known.
func (w World) language(store string) sources.Language {
	if store == "" {
		store = w.Default
	}
	if l, ok := w.Stores[store]; ok {
		return l
	}
	return promql.Language{}
}

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

// IsTest says whether a file in a rules folder holds tests of the rules and no
// rules: red_test.yml.
func IsTest(name string) bool {
	return strings.HasSuffix(strings.TrimSuffix(name, path.Ext(name)), "_test")
}

// Load reads every *.yml and *.yaml of a folder and the folders in it, names
// beginning with a dot left out, and so are *_test.yml, the rules' tests. With
// any diagnostic the set is nil: whoever reloads keeps the set they have.
func Load(fsys fs.FS, w World) (*Set, []Diagnostic) {
	l := newLoader(w)
	return l.load(fsys, l.files(fsys))
}

// LoadFiles reads the named files of a folder and no others.
func LoadFiles(fsys fs.FS, names []string, w World) (*Set, []Diagnostic) {
	return newLoader(w).load(fsys, names)
}

func (l *loader) load(fsys fs.FS, names []string) (*Set, []Diagnostic) {
	l.read(fsys, names)
	l.settle()
	if len(l.found) > 0 {
		return nil, inFileOrder(l.found)
	}
	rules := make([]Rule, len(l.drafts))
	for i, d := range l.drafts {
		rules[i] = d.rule
	}
	return &Set{rules: rules, index: indexOf(rules)}, nil
}

// Parse reads the Text of one rule, as it is stored with a watch. Of the world
// it takes the stores' languages alone: a watch goes on under the rule it
// began with, even after a hook or a pager it names has gone.
func Parse(text string, w World) (Rule, []Diagnostic) {
	w.Hooks, w.Receivers, w.Freezes, w.CheckQuery = nil, nil, nil, nil
	l := newLoader(w)
	l.stored = true
	l.file("", []byte(text))
	l.settle()
	if len(l.found) == 0 && len(l.drafts) != 1 {
		l.found = append(l.found, Diagnostic{Line: 1, Column: 1, Code: codeOneRule, Message: fmt.Sprintf("expected one rule, found %d", len(l.drafts))})
	}
	if len(l.found) > 0 {
		return Rule{}, inFileOrder(l.found)
	}
	return l.drafts[0].rule, nil
}

// loader gathers the rules and mistakes of many files.
type loader struct {
	world  World
	stored bool              // reading back what was checked before
	named  map[string]string // rule → where it stands
	teams  map[string]teamDefaults
	drafts []draft
	called map[string]int // name → the first of drafts that bears it
	found  []Diagnostic
}

func newLoader(w World) *loader {
	return &loader{world: w, named: map[string]string{}, teams: map[string]teamDefaults{}, called: map[string]int{}}
}

// file reads one file. What is wrong with its YAML does not keep what it
// means from being checked, so that one run tells everything.
func (l *loader) file(name string, data []byte) {
	var doc document
	positions, problems := strictyaml.Decode(data, &doc)
	r := &reader{loader: l, file: name, positions: positions, broken: map[int]bool{}}
	if len(data) <= strictyaml.MaxSize {
		r.lines = strings.Split(string(data), "\n")
	}
	for _, p := range problems {
		r.report(strictyaml.Position{Line: p.Line, Column: p.Column}, p.Code, p.Message, p.Hint)
		r.broken[p.Line] = true
	}
	if doc.Defaults != nil {
		r.defaults(doc.Team, *doc.Defaults)
	}
	for i, w := range doc.Rules {
		at := fmt.Sprintf("rules[%d]", i)
		r.name(at, w.Name)
		l.drafts = append(l.drafts, draft{reader: r, at: at, team: doc.Team, written: w})
	}
	if doc.Team == "" && positions.Has("team") {
		r.at("team", strictyaml.MissingField, "the team has no name", "")
	}
	if positions.Has("rules") && len(doc.Rules) == 0 && len(problems) == 0 {
		r.at("rules", strictyaml.MissingField, "there is no rule here", "")
	}
}

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
