package promql

import (
	"fmt"
	"regexp/syntax"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql/parser"
	"github.com/prometheus/prometheus/util/strutil"
)

// The limits of an expression, far above what people write. The parser has none of its own:
// its time and memory grow with the square of the number of nested or joined expressions, so
// that 200 KB of parentheses take minutes, in which nothing can stop it. A regular expression
// of 3 KB can take 145 MB.
const (
	maxBytes  = 64 << 10
	maxTokens = 1000
	maxDepth  = 100
	// maxRegexp bounds the sizes of all regular expressions together after their
	// repetitions are written out: x{100} has 100, a class of characters its number of ranges.
	maxRegexp = 20_000
)

// LimitError is the error for an expression that is not parsed because that could take long.
type LimitError struct{ message string }

// Error names the limit.
func (e *LimitError) Error() string { return e.message }

func beyond(format string, limit int) error {
	return &LimitError{fmt.Sprintf(format, limit)}
}

// Parse parses an expression within the limits. Its error is a *LimitError, or the parser's.
func Parse(query string) (parser.Expr, error) {
	if err := checkLimits(query); err != nil {
		return nil, err
	}
	return language.ParseExpr(query)
}

// ParseSelector parses a series selector within the limits of Parse.
func ParseSelector(selector string) ([]*labels.Matcher, error) {
	if err := checkLimits(selector); err != nil {
		return nil, err
	}
	return language.ParseMetricSelector(selector)
}

// checkLimits reads the tokens of an expression, which takes time in proportion to its length. What
// is no token is the parser's to report.
func checkLimits(query string) error {
	if len(query) > maxBytes {
		return beyond("the expression has more than %d bytes", maxBytes)
	}
	tokens := parser.Lex(query)
	depth, size, isRegexp := 0, 0, false
	for n := 0; ; n++ {
		var token parser.Item
		if tokens.NextItem(&token); token.Typ == parser.EOF || token.Typ == parser.ERROR {
			return nil
		}
		if isRegexp && token.Typ == parser.STRING {
			size += regexpSize(token.Val)
		}
		isRegexp = token.Typ == parser.EQL_REGEX || token.Typ == parser.NEQ_REGEX
		depth += nesting(token.Typ)
		switch {
		case n >= maxTokens:
			return beyond("the expression has more than %d words and signs", maxTokens)
		case depth > maxDepth:
			return beyond("the expression nests deeper than %d levels", maxDepth)
		case size > maxRegexp:
			return beyond("the regular expressions, with their repetitions written out, have more than %d parts", maxRegexp)
		}
	}
}

// nesting is by how much a token changes the depth.
func nesting(t parser.ItemType) int {
	switch t {
	case parser.LEFT_PAREN, parser.LEFT_BRACE, parser.LEFT_BRACKET:
		return 1
	case parser.RIGHT_PAREN, parser.RIGHT_BRACE, parser.RIGHT_BRACKET:
		return -1
	}
	return 0
}

// regexpSize is how many parts a regular expression, as it is quoted in a query, has for a
// machine. One that is not valid has none, because it is not compiled.
func regexpSize(quoted string) int {
	text, err := strutil.Unquote(quoted)
	if err != nil {
		return 0
	}
	return RegexpSize(text)
}

// RegexpSize is regexpSize of an expression without quotes, at most a little more than the limit of
// a query.
func RegexpSize(text string) int {
	tree, err := syntax.Parse(text, syntax.Perl|syntax.DotNL)
	if err != nil {
		return 0
	}
	return sizeOf(tree)
}

// sizeOf is the number of parts of a tree, at most a little more than maxRegexp.
func sizeOf(tree *syntax.Regexp) int {
	size := 1 + len(tree.Rune)
	for _, sub := range tree.Sub {
		size = min(size+sizeOf(sub), maxRegexp+1)
	}
	if tree.Op == syntax.OpRepeat {
		size *= max(1, tree.Min, tree.Max)
	}
	return min(size, maxRegexp+1)
}
