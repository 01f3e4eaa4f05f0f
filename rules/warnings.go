package rules

import (
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/pushback/pushback/internal/strictyaml"
)

// A warning is about a rule that is valid and hardly meant so. It refuses nothing, because only
// a person knows; see adr/0045.

// warn reports what is hardly meant. A stored rule was warned about when it was loaded.
func (r *reader) warn(at, code, message, hint string) {
	if r.stored || len(r.warnings) >= strictyaml.MaxProblems || !r.positions.Has(at) {
		return
	}
	place := r.positions.Value(at)
	d := Diagnostic{File: r.file, Line: place.Line, Column: place.Column, Code: code, Message: message, Hint: hint, Warning: true}
	d.Snippet = r.line(place.Line)
	if !slices.Contains(r.warnings, d) {
		r.warnings = append(r.warnings, d)
	}
}

// warnOfSharedSeries warns of a signal that reads the same series for every service that its
// rule watches.
func (r *reader) warnOfSharedSeries(at string, w writtenSource, rule Rule) {
	if rule.Site || !strings.ContainsAny(rule.Watch.Service, globCharacters) {
		return
	}
	r.warnOfSharedExpr(at, w.Expr, rule)
	for i, e := range w.AnyOf {
		r.warnOfSharedExpr(fmt.Sprintf("%s.any_of[%d]", at, i), e, rule)
	}
}

func (r *reader) warnOfSharedExpr(at string, w writtenExpr, rule Rule) {
	texts := map[string]string{"counter": w.Counter, "histogram": w.Histogram, "query": w.Query, "total": w.Total}
	if w.Total != "" {
		texts["bad"] = w.Bad
	}
	names := func(u variableUse) bool { return u.name == varMatch || u.name == varService }
	for key, text := range texts {
		if text != "" && !slices.ContainsFunc(variablesOf(text), names) {
			r.warn(at+"."+key, codeWidening, "this reads the same series for every service that the rule watches",
				"write $match between the braces, as in http_requests_total{$match}, or watch one service")
		}
	}
}

// largeShare is from where on a plain number is hardly meant as a share of all events.
const largeShare = 0.1

// smallRelative is up to where a percentage of a fraction is hardly meant as one of what is forecast.
const smallRelative = 0.05

// warnOfLargeEffect warns of a plain number, and of a small percentage, that were meant in
// percentage points.
func (r *reader) warnOfLargeEffect(at string, a amount, of string) {
	if text := strings.TrimSpace(a.text); of == fraction && a.unit == percent && a.value < smallRelative {
		r.warn(at, codeAmountUnit, fmt.Sprintf("%s is a share of the fraction itself: of 1%% of errors it is %g points", text, a.value),
			fmt.Sprintf("for percentage points of all events write %s points", strings.TrimSuffix(text, "%")))
	}
	if of == fraction && a.unit == plain && a.value >= largeShare && a.value <= 1 {
		r.warn(at, codeAmountUnit, fmt.Sprintf("%s of a fraction is %g points: smaller effects do not count", strings.TrimSpace(a.text), 100*a.value),
			fmt.Sprintf("for %[1]s of a percentage point write %[1]s points; if %[2]g points are meant, write that", strings.TrimSpace(a.text), 100*a.value))
	}
}

// warnOfEnvironment warns of a rule that watches an environment of which no change was ever
// reported.
func (r *reader) warnOfEnvironment(at, glob string) {
	known := r.world.Environments
	if glob == "" || len(known) == 0 || slices.ContainsFunc(known, func(name string) bool {
		ok, err := path.Match(glob, name)
		return ok || err != nil || glob == "*"
	}) {
		return
	}
	r.warn(at, codeUnknownWord, fmt.Sprintf("no change was reported of an environment %q, so that this rule watches nothing", glob), nearest(glob, known))
}

// Warnings are what is hardly meant in the rules of a set, in the order of their files. A set
// that was stored has none.
func (s *Set) Warnings() []Diagnostic { return slices.Clone(s.warnings) }

// Warnings are what the store's answers show of the signals: a query that gives several series, and
// a counter without the label that `bad` names.
func (b Bound) Warnings(r Resolved) []Diagnostic {
	var all []Diagnostic
	warn := func(s Signal, code, message, hint string) {
		line := s.Line
		if line == 0 {
			line = b.rule.Line
		}
		all = append(all, Diagnostic{File: b.rule.File, Line: line, Column: 1, Code: code, Message: message, Hint: hint, Warning: true})
	}
	for _, s := range b.rule.Signals {
		if n := r.Signals[s.Name].Series; n > 1 {
			warn(s, codeSignalForm, fmt.Sprintf("%s: the query gives %d series of %s, so that statistics do not judge it", s.Name, n, b.service.Name), "say combine: sum, mean, max or min")
		}
		if text := b.unseenLabels(s, r); text != "" {
			warn(s, codeBadSelector, fmt.Sprintf("%s: %s, so that bad events of %s cannot be seen", s.Name, text, b.service.Name), "name a label that the counter has")
		}
	}
	return all
}
