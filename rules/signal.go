package rules

import (
	"cmp"
	"fmt"
	"time"

	"github.com/pushback/pushback/detector"
	"github.com/pushback/pushback/internal/strictyaml"
)

// signal fills in one signal of a rule.
func (r *reader) signal(at string, w writtenSignal, rule Rule) Signal {
	s := Signal{
		Name: w.Name, Worse: detector.Worse(cmp.Or(w.Worse, string(detector.Higher))), MinEvents: defaultMinEvents,
		ActOnLost: w.Lost == "act", SkipUnmatched: w.IfUnmatched == "skip", Season: seasons[w.Season], By: w.By,
	}
	if r.positions.Has(at+".name") && !signalName.MatchString(w.Name) {
		r.at(at+".name", codeBadName, "a signal's name is letters, digits, dashes and underscores, at most 64", "")
	}
	r.optional(at+".worse", "direction", w.Worse, directions)
	r.optional(at+".lost", "answer to a lost signal", w.Lost, []string{"act", "tell"})
	r.optional(at+".season", "season", w.Season, []string{"day", "week"})
	r.optional(at+".if_unmatched", "answer to a signal without series", w.IfUnmatched, []string{"skip", "tell"})
	if w.MinEvents != nil {
		s.MinEvents = *w.MinEvents
		if s.MinEvents < 1 {
			r.at(at+".min_events", codeWidening, "min_events must be at least 1", "the default is 50")
		}
	}
	if s.OnlyIf = w.OnlyIf; s.OnlyIf != "" {
		r.requirePromQL(at+".only_if", rule)
		r.checkQuery(at+".only_if", s.OnlyIf, rule)
	}
	r.checkBy(at, s, rule)
	s.AnyOf = r.expressions(at, w.Source, rule)
	r.warnOfSharedSeries(at, w.Source, rule)
	s.Combine = r.combine(at, w.Combine, s.AnyOf)
	if r.positions.Has(at) && !r.stored {
		s.Line = r.positions.Value(at).Line
	}
	if w.Slow != nil {
		s.Slow = time.Duration(*w.Slow)
		r.slow(at, s)
	}
	if len(s.AnyOf) > 0 {
		s.MinEffect = r.minEffect(at, w.MinEffect, s.AnyOf[0])
		s.Limit = r.limit(at+".limit", w.Limit, s.AnyOf[0])
	}
	return s
}

func (r *reader) optional(at, what, word string, known []string) {
	if word != "" {
		r.word(at, what, word, known)
	}
}

func (r *reader) slow(at string, s Signal) {
	if s.Slow == 0 {
		r.at(at+".slow", codeWidening, "slow must be longer than 0s", "")
	}
	if len(s.AnyOf) > 0 && s.AnyOf[0].Histogram == "" {
		r.at(at+".slow", codeSignalForm, "slow belongs to a histogram", "")
	}
}

// expressions are those of any_of, or the one of the signal itself.
func (r *reader) expressions(at string, w writtenSource, rule Rule) []Expr {
	inline := w.Expr != writtenExpr{}
	switch {
	case w.Conventions != "":
		return nil // unknown ones, which was reported
	case inline && len(w.AnyOf) > 0:
		r.at(at+".any_of", codeSignalForm, "a signal has any_of or one expression, not both", "move the expression into any_of")
	case !inline && len(w.AnyOf) == 0 && r.baseMissing:
		return nil
	case !inline && len(w.AnyOf) == 0:
		r.at(at, codeSignalForm, "this signal has no expression", "give it counter and bad, histogram, query, or any_of")
	case inline:
		return []Expr{r.expression(at, w.Expr, rule)}
	}
	var all []Expr
	for i, e := range w.AnyOf {
		filled := r.expression(fmt.Sprintf("%s.any_of[%d]", at, i), e, rule)
		all = append(all, filled)
		if amountFamily(filled) != amountFamily(all[0]) {
			r.at(fmt.Sprintf("%s.any_of[%d]", at, i), codeSignalForm, "all of any_of must be of one kind",
				"min_effect and limit mean different things for counters, histograms and queries")
		}
	}
	return all
}

// amountFamily is what the amounts of a signal are measured in.
func amountFamily(e Expr) string {
	switch {
	case e.Histogram != "" || e.QueryKind == mean:
		return "histogram"
	case e.Counter != "" || e.QueryKind == ratio:
		return fraction
	default:
		return gauge
	}
}

// expression reads one of the three forms, and its control. Rules that use the same rule of the
// library share its expressions, which take most of the time of loading: those without a mistake
// are read once.
func (r *reader) expression(at string, w writtenExpr, rule Rule) Expr {
	key := expressionKey{w, rule.Store, rule.Language.Name(), rule.Site}
	if e, known := r.loader.expressions[key]; known {
		return e
	}
	before := r.mistakes
	e := r.newExpression(at, w, rule)
	if r.mistakes == before && w.Control == nil {
		r.loader.expressions[key] = e
	}
	return e
}

func (r *reader) newExpression(at string, w writtenExpr, rule Rule) Expr {
	e := r.form(at, w, rule)
	e.Control = r.control(at, w.Control, e, rule)
	if rule.Language.Selectors() {
		e.Metrics = metricsOf(e)
	}
	return e
}

func (r *reader) form(at string, w writtenExpr, rule Rule) Expr {
	switch {
	case w.Counter != "":
		return r.counter(at, w, rule)
	case w.Histogram != "":
		r.refuseOtherForms(at, w, writtenExpr{Histogram: w.Histogram, Unit: w.Unit}, "histogram")
		r.requirePromQL(at+".histogram", rule)
		r.checkHistogram(at+".histogram", w.Histogram, rule)
		r.optional(at+".unit", "unit", w.Unit, unitNames())
		return Expr{Histogram: w.Histogram, Unit: w.Unit}
	default:
		return r.queryForm(at, w, rule)
	}
}

func (r *reader) counter(at string, w writtenExpr, rule Rule) Expr {
	r.refuseOtherForms(at, w, writtenExpr{Counter: w.Counter, Bad: w.Bad}, "counter")
	r.requirePromQL(at+".counter", rule)
	r.checkSelector(at+".counter", w.Counter, rule)
	if w.Bad == "" {
		r.at(at, strictyaml.MissingField, `the key "bad" is missing`, `say which events are bad, as in bad: 'code=~"5.."'`)
	} else {
		r.checkBad(at+".bad", w.Bad)
	}
	return Expr{Counter: w.Counter, Bad: w.Bad}
}

// queryForm is a query, or for a ratio the two it is made of.
func (r *reader) queryForm(at string, w writtenExpr, rule Rule) Expr {
	kind := cmp.Or(w.Kind, gauge)
	r.optional(at+".kind", "kind of query", w.Kind, []string{gauge, rate, ratio, mean})
	e := Expr{Query: w.Query, QueryKind: kind}
	if w.Bad != "" || w.Total != "" {
		if kind != ratio || w.Query != "" || w.Bad == "" || w.Total == "" {
			r.at(at, codeSignalForm, "bad and total go together, with kind: ratio and without query", "")
		}
		e.BadQuery, e.TotalQuery = w.Bad, w.Total
		r.checkQuery(at+".bad", w.Bad, rule)
		r.checkQuery(at+".total", w.Total, rule)
		return e
	}
	if w.Query == "" {
		r.at(at, codeSignalForm, "this expression has neither counter, histogram nor query", "")
		return e
	}
	r.checkQuery(at+".query", w.Query, rule)
	return e
}

// refuseOtherForms reports keys that belong to another form of expression.
func (r *reader) refuseOtherForms(at string, w, own writtenExpr, form string) {
	own.Control = w.Control
	if w != own {
		r.at(at, codeSignalForm, fmt.Sprintf("a %s cannot have keys of another form", form), "a signal is a counter with bad, a histogram with slow, or a query")
	}
}

func (r *reader) requirePromQL(at string, rule Rule) {
	if !rule.Language.Selectors() {
		r.at(at, codeStoreLanguage, fmt.Sprintf("the store of this rule speaks %s: counters and histograms need PromQL", rule.Language.Name()),
			"use query, which is passed to the store as it is")
	}
}
