package rules

import (
	"fmt"
	"regexp"
	"strings"
	"time"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql/parser"

	"github.com/pushback/pushback/sources/metrics/promql"
)

// Queries have variables as in a Grafana panel. There are two kinds. Durations are
// text that Pushback makes, and are put in before parsing. Values of a change or
// of the service catalogue are put into the parsed expression, as the value of a
// matcher or a string, so that a value can never become syntax.
const (
	varMatch   = "match"
	varService = "service"
	varEnv     = "environment"
	varVersion = "version"
	varStep    = "step"
	varRate    = "__rate_interval"
	varEvery   = "__interval"
)

var (
	variables = []string{varMatch, varService, varEnv, varVersion, varStep, varRate, varEvery}
	variable  = regexp.MustCompile(`\$(?:([A-Za-z_]\w*)|\{([A-Za-z_]\w*)\})`)
)

// variableUse is one use of a variable in a query, $name or ${name}.
type variableUse struct {
	name     string
	from, to int // bytes
}

func variablesOf(text string) []variableUse {
	var all []variableUse
	for _, at := range variable.FindAllStringSubmatchIndex(text, -1) {
		from, to := max(at[2], at[4]), max(at[3], at[5])
		all = append(all, variableUse{text[from:to], at[0], at[1]})
	}
	return all
}

// mark is the placeholder of a variable while an expression is parsed. It is valid
// as the name of a label or a metric and within a string.
func mark(name string) string { return "__pushback_" + name + "__" }

// matchMark is the placeholder of $match, a matcher.
var matchMark = mark(varMatch) + `="1"`

// spans are the durations of one query.
type spans struct {
	step, resolution time.Duration
}

// rateInterval is Grafana's $__rate_interval: long enough for a rate to have
// two samples even when one scrape is lost, and for steps to overlap.
func (s spans) rateInterval() time.Duration { return max(4*s.resolution, s.step+s.resolution) }

// text is what replaces the variable in the text to be parsed.
func (s spans) text(name string) string {
	switch name {
	case varMatch:
		return matchMark
	case varStep, varEvery:
		return model.Duration(max(s.step, 2*s.resolution)).String()
	case varRate:
		return model.Duration(s.rateInterval()).String()
	default:
		return mark(name)
	}
}

// piece is one stretch of a marked expression and where it came from.
type piece struct {
	at, source int // byte offsets after and before marking
}

// marked is an expression with placeholders instead of variables. It maps offsets
// back to those in the file.
type marked struct {
	text   string
	pieces []piece
}

func (s spans) mark(expr string) marked {
	var out strings.Builder
	m := marked{pieces: []piece{{0, 0}}}
	last := 0
	for _, v := range variablesOf(expr) {
		out.WriteString(expr[last:v.from])
		m.pieces = append(m.pieces, piece{out.Len(), v.from})
		out.WriteString(s.text(v.name))
		last = v.to
		m.pieces = append(m.pieces, piece{out.Len(), last})
	}
	out.WriteString(expr[last:])
	m.text = out.String()
	return m
}

// source maps an offset in the marked text back. Within a variable it is the
// variable's beginning.
func (m marked) source(offset int) int {
	i := len(m.pieces) - 1
	for i > 0 && m.pieces[i].at > offset {
		i--
	}
	if i%2 == 1 {
		return m.pieces[i].source
	}
	return m.pieces[i].source + offset - m.pieces[i].at
}

// fill parses a marked expression and puts the binding's values into it.
func (b Bound) fill(expr string, s spans) (parser.Expr, error) {
	tree, err := promql.Parse(s.mark(expr).text)
	if err != nil {
		return nil, fmt.Errorf("parsing %q: %w", expr, err)
	}
	var failed error
	parser.Inspect(tree, func(node parser.Node, _ []parser.Node) error {
		switch n := node.(type) {
		case *parser.VectorSelector:
			failed = firstError(failed, b.fillSelector(n))
		case *parser.StringLiteral:
			n.Val = b.values().Replace(n.Val)
		case *parser.NumberLiteral:
			n.Duration = false // 60, not 1m: older stores do not take durations as numbers
		}
		return nil
	})
	return tree, failed
}

func firstError(a, b error) error {
	if a != nil {
		return a
	}
	return b
}

// values replaces placeholders by the values of the change.
func (b Bound) values() *strings.Replacer {
	return strings.NewReplacer(
		mark(varService), b.service.Name,
		mark(varEnv), b.change.Environment,
		mark(varVersion), b.change.Version,
	)
}

// quotedValues is like values, for use in a regular expression.
func (b Bound) quotedValues() *strings.Replacer {
	return strings.NewReplacer(
		mark(varService), regexp.QuoteMeta(b.service.Name),
		mark(varEnv), regexp.QuoteMeta(b.change.Environment),
		mark(varVersion), regexp.QuoteMeta(b.change.Version),
	)
}

func (b Bound) fillSelector(v *parser.VectorSelector) error {
	var filled []*labels.Matcher
	for _, m := range v.LabelMatchers {
		if m.Name == mark(varMatch) {
			own, err := b.match()
			if err != nil {
				return err
			}
			filled = append(filled, own...)
			continue
		}
		replace := b.values()
		if m.Type == labels.MatchRegexp || m.Type == labels.MatchNotRegexp {
			replace = b.quotedValues()
		}
		value, err := labels.NewMatcher(m.Type, m.Name, replace.Replace(m.Value))
		if err != nil {
			return fmt.Errorf("matcher of %s: %w", m.Name, err)
		}
		filled = append(filled, value)
	}
	if b.partMatcher != nil {
		filled = append(filled, b.partMatcher)
	}
	v.LabelMatchers = filled
	return nil
}
