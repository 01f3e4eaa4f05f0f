package rules

import (
	"fmt"
	"slices"
	"strings"

	"github.com/pushback/pushback/internal/strictyaml"
	"github.com/pushback/pushback/sources"
)

// Parse reads the Text of one rule, as it is stored with a watch. Of the world it
// uses the languages of the metric stores only, so that a watch goes on under the
// rule it began with after a hook or receiver in it was removed.
func Parse(text string, w World) (Rule, []Diagnostic) {
	w.Hooks, w.Receivers, w.Freezes, w.CheckQuery, w.NoDefaultReceiver = nil, nil, nil, nil, false
	w.Bindings, w.Stop = nil, nil
	l := newLoader(w)
	l.stored = true
	l.file("", []byte(text))
	l.fillDrafts()
	if len(l.found) == 0 && len(l.drafts) != 1 {
		l.found = append(l.found, Diagnostic{Line: 1, Column: 1, Code: codeOneRule, Message: fmt.Sprintf("expected one rule, found %d", len(l.drafts))})
	}
	if len(l.found) > 0 {
		return Rule{}, inFileOrder(l.found)
	}
	return l.drafts[0].rule, nil
}

// loader collects the rules and mistakes of many files.
type loader struct {
	world       World
	stored      bool              // reads a stored rule, whose names were checked before
	placeByName map[string]string // name of a rule → its file and line
	teams       map[string]teamDefaults
	drafts      []draft
	indexByName map[string]int // name → the first of drafts with that name
	found       []Diagnostic
	warnings    []Diagnostic
	unaddressed bool  // that there is no default receiver was reported
	values      int   // YAML values of the files read
	inherited   int   // bytes of the rules filled, with what they inherit
	beyond      bool  // a limit of the folder was passed, and reported
	stopped     error // what World.Stop has returned

	expressions map[expressionKey]Expr // those without a mistake, which many rules share
}

// expressionKey is all that the reading of an expression depends on.
type expressionKey struct {
	written  writtenExpr // without a control
	store    string
	language string
	site     bool
}

func newLoader(w World) *loader {
	return &loader{world: w, placeByName: map[string]string{}, teams: map[string]teamDefaults{}, indexByName: map[string]int{}, expressions: map[expressionKey]Expr{}}
}

// file reads one file. What could be decoded is checked even if its YAML has
// mistakes, so that one run reports all of them.
func (l *loader) file(name string, data []byte) {
	var doc document
	positions, problems := strictyaml.Decode(data, &doc)
	r := &reader{loader: l, file: name, positions: positions, broken: map[int]bool{}}
	if len(data) <= strictyaml.MaxSize {
		r.lines = strings.Split(string(data), "\n")
	}
	tooLarge := slices.ContainsFunc(problems, func(p strictyaml.Problem) bool { return p.Code == strictyaml.TooLarge })
	if l.count(positions.Len(), len(doc.Rules)); !l.beyond && !tooLarge {
		r.secrets()
	}
	for _, p := range problems {
		r.report(strictyaml.Position{Line: p.Line, Column: p.Column}, p.Code, p.Message, p.Hint)
		r.broken[p.Line] = true
	}
	if l.beyond = l.beyond || tooLarge; l.beyond {
		return // the other files may be as large
	}
	if doc.Defaults != nil {
		r.defaults(doc.Team, *doc.Defaults)
	}
	for i, w := range doc.Rules {
		at := fmt.Sprintf("rules[%d]", i)
		r.name(at, w.Name)
		l.drafts = append(l.drafts, draft{reader: r, at: at, team: doc.Team, written: r.bounded(at, w)})
	}
	if err := sources.CheckName(doc.Team); err != nil && !l.stored {
		r.at("team", codeBadName, "the team's name "+err.Error(), "")
	}
	if doc.Team == "" && positions.Has("team") {
		r.at("team", strictyaml.MissingField, "the team has no name", "")
	}
	if positions.Has("rules") && len(doc.Rules) == 0 && len(problems) == 0 {
		r.at("rules", strictyaml.MissingField, "there is no rule here", "")
	}
}
