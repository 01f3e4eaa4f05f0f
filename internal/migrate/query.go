package migrate

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"github.com/prometheus/prometheus/promql/parser"
)

var promql = parser.NewParser(parser.Options{})

// The tools' variables: {{args.name}} and {{ target }}, ${scope}.
var (
	braces  = regexp.MustCompile(`\{\{-?\s*([A-Za-z0-9_.-]+)\s*-?\}\}`)
	dollars = regexp.MustCompile(`\$\{\s*([A-Za-z0-9_.-]+)\s*\}`)
)

// substitute replaces a tool's variables by those of a rule, or by values, and returns
// the unknown ones.
func substitute(text string, form *regexp.Regexp, known map[string]string) (query string, unknown []string) {
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

// threshold is a value that a number must stay above or below.
type threshold struct {
	value float64
	lower bool // the number must not fall below the value
}

// condition matches result[0] >= 0.95 and the like. It ignores isNaN(…) || and
// len(…) == 0 || in front, which say what missing data means: rules handle that
// themselves.
var condition = regexp.MustCompile(`^(?:(?:isNaN\(result(?:\[0\])?\)|isInf\(result(?:\[0\])?\)|len\(result\)\s*==\s*0)\s*\|\|\s*)*\(?(?:default\()?result(?:\[0\])?(?:,\s*[0-9.]+\))?\s*(<=|>=|<|>)\s*(-?[0-9.]+(?:[eE][+-]?[0-9]+)?)\)?$`)

// parseSuccess parses a condition that must hold.
func parseSuccess(text string) (threshold, bool) {
	m := condition.FindStringSubmatch(strings.TrimSpace(text))
	if m == nil {
		return threshold{}, false
	}
	value, err := strconv.ParseFloat(m[2], 64)
	return threshold{value: value, lower: m[1][0] == '>'}, err == nil
}

// parseFailure parses a condition that must not hold.
func parseFailure(text string) (threshold, bool) {
	b, ok := parseSuccess(text)
	b.lower = !b.lower
	return b, ok
}

// queryKeys returns the keys of a signal with a query and a threshold.
func queryKeys(query string, b *threshold) []key {
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
		return keys // a limit cannot be negative
	}
	return append(keys, key{"limit", strconv.FormatFloat(b.value, 'f', -1, 64)})
}

// isShare says whether a query divides one expression by another, so that its result
// is a share if its threshold is from 0 to 1.
func isShare(query string) bool {
	tree, err := parse(query)
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

// unknownVariables says why a query with unknown variables cannot be carried over.
func unknownVariables(names []string) string {
	return fmt.Sprintf("the file does not say what %s stands for", strings.Join(names, " and "))
}
