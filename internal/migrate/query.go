package migrate

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"github.com/prometheus/prometheus/promql/parser"
)

var promql = parser.NewParser(parser.Options{})

// The tools' templates: {{args.name}} and {{ target }}, ${scope}.
var (
	braces  = regexp.MustCompile(`\{\{-?\s*([A-Za-z0-9_.-]+)\s*-?\}\}`)
	dollars = regexp.MustCompile(`\$\{\s*([A-Za-z0-9_.-]+)\s*\}`)
)

// filled replaces a tool's variables by ours or by values; what neither knows
// is given back.
func filled(text string, form *regexp.Regexp, known map[string]string) (query string, unknown []string) {
	query = form.ReplaceAllStringFunc(text, func(found string) string {
		name := form.FindStringSubmatch(found)[1]
		value, ok := known[name]
		if !ok {
			unknown = append(unknown, found)
			return found
		}
		return value
	})
	return strings.Join(strings.Fields(query), " "), unknown
}

// bound is one side that a number must stay on.
type bound struct {
	value float64
	lower bool // it must not fall below
}

// condition reads result[0] >= 0.95 and the like; isNaN(…) || and len(…) == 0 ||
// in front say only what no data means, which a rule has its own answer to.
var condition = regexp.MustCompile(`^(?:(?:isNaN\(result(?:\[0\])?\)|isInf\(result(?:\[0\])?\)|len\(result\)\s*==\s*0)\s*\|\|\s*)*\(?(?:default\()?result(?:\[0\])?(?:,\s*[0-9.]+\))?\s*(<=|>=|<|>)\s*(-?[0-9.]+(?:[eE][+-]?[0-9]+)?)\)?$`)

// succeeds reads what must hold.
func succeeds(text string) (bound, bool) {
	m := condition.FindStringSubmatch(strings.TrimSpace(text))
	if m == nil {
		return bound{}, false
	}
	value, err := strconv.ParseFloat(m[2], 64)
	return bound{value: value, lower: m[1][0] == '>'}, err == nil
}

// fails reads what must not hold.
func fails(text string) (bound, bool) {
	b, ok := succeeds(text)
	b.lower = !b.lower
	return b, ok
}

// measured are the keys of a query and what it must stay on the right side of.
func measured(query string, b *bound) []key {
	keys := []key{{"query", quoted(query)}}
	if b == nil {
		return keys
	}
	if isShare(query) && b.value >= 0 && b.value <= 1 {
		keys = append([]key{{"kind", "ratio"}}, keys...)
	}
	if b.lower {
		keys = append(keys, key{"worse", "lower"})
	}
	if b.value < 0 {
		return keys // a limit is never negative
	}
	return append(keys, key{"limit", strconv.FormatFloat(b.value, 'f', -1, 64)})
}

// isShare says whether a query divides one sum by another: what such queries
// give is a share where its threshold is one.
func isShare(query string) bool {
	// Our own variables are no PromQL yet.
	query = strings.NewReplacer("$__rate_interval", "5m", "$match", `x="y"`).Replace(query)
	tree, err := promql.ParseExpr(query)
	if err != nil {
		return false
	}
	for {
		p, ok := tree.(*parser.ParenExpr)
		if !ok {
			break
		}
		tree = p.Expr
	}
	b, ok := tree.(*parser.BinaryExpr)
	return ok && b.Op == parser.DIV
}

// unresolved is why a query with variables that nobody fills in is lost.
func unresolved(names []string) string {
	return fmt.Sprintf("nothing here says what %s stands for", strings.Join(names, " and "))
}
