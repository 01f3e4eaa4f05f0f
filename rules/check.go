package rules

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql/parser"

	"github.com/pushback/pushback/internal/strictyaml"
	"github.com/pushback/pushback/sources"
	"github.com/pushback/pushback/sources/metrics/promql"
)

// checkSpans are the durations that fill in a query to check it.
var checkSpans = spans{step: time.Minute, resolution: 15 * time.Second}

// checkQuery parses an expression of the rule's store.
func (r *reader) checkQuery(at, text string, rule Rule) {
	if text == "" || r.tooLong(at, text) {
		return
	}
	known := variables
	if !rule.Language.Selectors() {
		r.checkText(at, text, rule)
		return
	}
	if !r.checkVariables(at, text, known, rule) {
		return
	}
	tree, ok := r.parse(at, text)
	if !ok {
		return
	}
	if t := tree.Type(); t != parser.ValueTypeVector && t != parser.ValueTypeScalar {
		r.at(at, codeBadPromQL, fmt.Sprintf("this gives a %s, not one value a moment", parser.DocumentedType(t)), "put rate(…) or another function around it")
	}
	r.checkByStore(at, text, rule)
}

// checkText checks a query of a language that is filled in as text.
func (r *reader) checkText(at, text string, rule Rule) {
	known := []string{varService, varEnv, varVersion}
	example, matches := rule.Language.Match(map[string][]string{"job": {"s"}})
	if matches {
		known = append(known, varMatch)
	}
	if !r.checkVariables(at, text, known, rule) {
		return
	}
	words := strings.NewReplacer(matchMark, example, mark(varService), "s", mark(varEnv), "e", mark(varVersion), "v")
	if err := rule.Language.Parse(words.Replace(checkSpans.mark(text).text)); err != nil {
		r.at(at, codeBadQuery, err.Error(), "")
	}
}

// checkSelector takes a bare series selector only, because Pushback adds the
// function around it.
func (r *reader) checkSelector(at, text string, rule Rule) *parser.VectorSelector {
	if r.tooLong(at, text) || !r.checkVariables(at, text, []string{varMatch, varService, varEnv, varVersion}, rule) || !rule.Language.Selectors() {
		return nil
	}
	tree, ok := r.parse(at, text)
	if !ok {
		return nil
	}
	v, bare := tree.(*parser.VectorSelector)
	switch {
	case !bare:
		r.at(at, codeBadSelector, "this must be a series selector alone", "Pushback takes rate and sum itself: write http_requests_total{$match}, or use query")
		return nil
	case v.OriginalOffset != 0 || v.Timestamp != nil || v.StartOrEnd != 0 || v.OriginalOffsetExpr != nil:
		r.at(at, codeBadSelector, "a selector cannot have an offset or @ here", "Pushback chooses the times it compares")
	case v.Name == "":
		r.at(at, codeBadSelector, "the name of the metric must be before the braces", "")
	}
	r.checkByStore(at, text, rule)
	return v
}

func (r *reader) checkHistogram(at, text string, rule Rule) {
	v := r.checkSelector(at, text, rule)
	if v == nil {
		return
	}
	for _, suffix := range []string{"_bucket", "_count", "_sum"} {
		if name, ok := strings.CutSuffix(v.Name, suffix); ok {
			r.at(at, codeBadSelector, fmt.Sprintf("write the histogram's name without %s", suffix), fmt.Sprintf("write %q", name+"{…}"))
		}
	}
	if slices.ContainsFunc(v.LabelMatchers, func(m *labels.Matcher) bool { return m.Name == "le" }) {
		r.at(at, codeBadSelector, "Pushback chooses the bucket itself", "remove le, and write slow: 300ms")
	}
}

func (r *reader) checkBad(at, text string) {
	if r.tooLong(at, text) {
		return
	}
	if strings.ContainsAny(text, "{}") {
		r.at(at, codeBadSelector, "bad is label matchers without braces", `as in bad: 'code=~"5.."'`)
		return
	}
	if name := variable.FindStringIndex(text); name != nil {
		r.inside(at, name[0], codeVariable, "bad takes no variables", "")
		return
	}
	if matchers, err := promql.ParseSelector(badPrefix + text + "}"); err != nil {
		r.parseErrors(at, err, func(offset int) int { return offset - len(badPrefix) })
	} else if len(matchers) < 2 {
		r.at(at, codeBadSelector, "bad names no label", `as in bad: 'code=~"5.."'`)
	}
}

// checkVariables reports every $name that is not filled in.
func (r *reader) checkVariables(at, text string, known []string, rule Rule) bool {
	ok := true
	for _, v := range variablesOf(text) {
		if r.reported > strictyaml.MaxProblems {
			r.mistakes++ // as if there were one
			return false
		}
		name := v.name
		switch {
		case !slices.Contains(known, name):
			r.inside(at, v.from, codeVariable, fmt.Sprintf("%q is not filled in here", "$"+name), variableHint(name, known))
		case rule.Site && (name == varMatch || name == varService):
			r.inside(at, v.from, codeVariable, fmt.Sprintf("a rule of scope site has no $%s", name), "it watches the changes of every service")
		default:
			continue
		}
		ok = false
	}
	return ok
}

func variableHint(name string, known []string) string {
	if near := strictyaml.Nearest(name, known); near != "" {
		return fmt.Sprintf("did you mean %q?", "$"+near)
	}
	return namesHint + "$" + strings.Join(known, ", $")
}

// parse parses PromQL with placeholders, and tries to fill in values.
func (r *reader) parse(at, text string) (parser.Expr, bool) {
	m := checkSpans.mark(text)
	tree, err := promql.Parse(m.text)
	if err != nil {
		r.parseErrors(at, err, m.source)
		return nil, false
	}
	b := Bound{service: Service{Name: "s", Match: map[string]string{"job": "s"}}, change: sources.Change{Environment: "e", Version: "v"}}
	filled, err := b.fill(text, checkSpans)
	if err != nil || strings.Contains(filled.String(), mark("")[:11]) {
		r.at(at, codeVariable, "a variable cannot be used here", "$match goes between braces; the others into quotes")
		return nil, false
	}
	return tree, true
}

// parseErrors reports each error of the parser at its place in the file.
func (r *reader) parseErrors(at string, err error, source func(int) int) {
	var limit *promql.LimitError
	if errors.As(err, &limit) {
		r.at(at, codeTooLarge, limit.Error(), "write several signals")
		return
	}
	var all parser.ParseErrors
	if !errors.As(err, &all) {
		var one *parser.ParseErr
		if !errors.As(err, &one) {
			r.at(at, codeBadPromQL, withoutMarks(err.Error()), "")
			return
		}
		all = parser.ParseErrors{*one}
	}
	for _, e := range all {
		r.inside(at, source(int(e.PositionRange.Start)), codeBadPromQL, withoutMarks(e.Err.Error()), promqlHint(e.Err.Error()))
	}
}

// promqlHint says what is most likely meant where the parser only says what it found.
func promqlHint(message string) string {
	if strings.Contains(message, "in label matching, expected string") || strings.Contains(message, "inside braces") {
		return "the value of a label needs double quotes, as in job=\"cart\" or code=~\"5..\""
	}
	return ""
}

// withoutMarks puts the variables back into a message of the parser.
func withoutMarks(message string) string {
	for _, name := range variables {
		message = strings.ReplaceAll(message, mark(name), "$"+name)
	}
	return message
}

// checkByStore asks the metric store's own check, if there is one.
func (r *reader) checkByStore(at, text string, rule Rule) {
	if r.world.CheckQuery == nil {
		return
	}
	if err := r.world.CheckQuery(rule.Store, checkSpans.mark(text).text); err != nil {
		r.at(at, codeRefusedByStore, withoutMarks(err.Error()), "")
	}
}
