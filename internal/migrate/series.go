package migrate

import (
	"slices"
	"strings"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql/parser"
)

// The other tools judge the first of several series, or each of them. A rule has to say what
// several series come to together, so a migrated query that may give several takes the worst:
// what the tool's threshold allows of one series, it allows of the worst one.
//
// See adr/0064.

// withCombine adds how several series become one number, and reports whether the query may give
// several.
func (s *signal) withCombine() bool {
	query := s.valueOf("query")
	if query == "" || !maySplit(query) {
		return false
	}
	how, which := "max", "the worst of them is judged"
	switch s.valueOf("worse") {
	case "lower":
		how = "min"
	case "either":
		how, which = "mean", "their mean is judged"
	}
	s.keys = append(s.keys, key{"combine", how})
	s.notes = append(s.notes, which)
	return true
}

// maySplit says whether a quoted query may give more than one series at a time.
func maySplit(query string) bool {
	tree, err := parse(unquoted(query))
	return err == nil && splitOf(tree).several()
}

// split is by which labels an expression may give several series. labelled says that its
// series may have labels, although they are the same in all.
type split struct {
	any      bool // by any label
	by       []string
	labelled bool
}

func (s split) several() bool { return s.any || len(s.by) > 0 }

func (s split) without(names ...string) split {
	s.by = slices.DeleteFunc(slices.Clone(s.by), func(l string) bool { return slices.Contains(names, l) })
	return s
}

func splitOf(e parser.Expr) split {
	switch e := e.(type) {
	case *parser.ParenExpr:
		return splitOf(e.Expr)
	case *parser.UnaryExpr:
		return splitOf(e.Expr)
	case *parser.SubqueryExpr:
		return splitOf(e.Expr)
	case *parser.VectorSelector, *parser.MatrixSelector:
		return split{any: true, labelled: true}
	case *parser.AggregateExpr:
		return splitOfAggregate(e)
	case *parser.BinaryExpr:
		return splitOfBinary(e)
	case *parser.Call:
		return splitOfCall(e)
	}
	return split{}
}

// splitOfAggregate also knows that the labels which every selector fixes do not split.
func splitOfAggregate(e *parser.AggregateExpr) split {
	inner := splitOf(e.Expr)
	switch {
	case e.Op == parser.COUNT_VALUES:
		return split{any: true, labelled: true}
	case e.Op == parser.TOPK || e.Op == parser.BOTTOMK || e.Op == parser.LIMITK:
		if n, ok := e.Param.(*parser.NumberLiteral); ok && n.Val <= 1 && len(e.Grouping) == 0 && !e.Without {
			return split{labelled: true}
		}
		return inner
	case e.Op == parser.LIMIT_RATIO:
		return inner
	case e.Without:
		return inner.without(e.Grouping...)
	}
	s := split{labelled: len(e.Grouping) > 0}
	for _, l := range e.Grouping {
		if (inner.any || slices.Contains(inner.by, l)) && !fixes(e.Expr, l) {
			s.by = append(s.by, l)
		}
	}
	return s
}

// fixes reports whether all selectors of an expression demand one value of a label.
func fixes(e parser.Expr, label string) bool {
	selectors := parser.ExtractSelectors(e)
	for _, matchers := range selectors {
		fixed := false
		for _, m := range matchers {
			fixed = fixed || m.Name == label && m.Type == labels.MatchEqual
		}
		if !fixed {
			return false
		}
	}
	return len(selectors) > 0
}

// splitOfCall is that of the vector a function is called with.
func splitOfCall(e *parser.Call) split {
	switch e.Func.Name {
	case "absent", "absent_over_time", "scalar", "vector", "time":
		return split{}
	}
	var all split
	for _, argument := range e.Args {
		s := splitOf(argument)
		all = split{all.any || s.any, append(all.by, s.by...), all.labelled || s.labelled}
	}
	if strings.HasPrefix(e.Func.Name, "histogram_") {
		return all.without("le")
	}
	return all
}

// splitOfBinary follows how the two sides are matched. Series are matched one to one unless
// the expression says otherwise, so that one series on either side leaves one.
func splitOfBinary(e *parser.BinaryExpr) split {
	left, right := splitOf(e.LHS), splitOf(e.RHS)
	switch {
	case e.VectorMatching == nil: // a scalar on one side
		return split{left.any || right.any, append(left.by, right.by...), left.labelled || right.labelled}
	case e.Op == parser.LOR && (left.labelled || right.labelled):
		return split{any: true, labelled: true} // both sides, where their labels differ
	case e.Op == parser.LAND || e.Op == parser.LUNLESS, e.VectorMatching.Card == parser.CardManyToOne:
		return left
	case e.VectorMatching.Card == parser.CardOneToMany:
		return right
	case !left.several() || !right.several() || e.VectorMatching.On && len(e.VectorMatching.MatchingLabels) == 0:
		return split{labelled: left.labelled || right.labelled}
	case left.any && e.Op != parser.LOR:
		return right
	}
	return left
}
