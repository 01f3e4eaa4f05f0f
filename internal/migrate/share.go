package migrate

import (
	"math"
	"slices"
	"strings"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql/parser"
)

// A query that divides may give a share, a percentage, a mean or a proportion of two unlike
// things, and a rule judges them differently: a share by points, the others by percent of what
// they were. What it is, is read off the query's tree.

// quotient is a query whose value is offset + scale × numerator / denominator.
type quotient struct {
	offset, scale          float64
	numerator, denominator parser.Expr
}

// quotientOf returns how a query divides.
func quotientOf(e parser.Expr) (q quotient, ok bool) {
	switch e := e.(type) {
	case *parser.ParenExpr:
		return quotientOf(e.Expr)
	case *parser.BinaryExpr:
		return quotientOfBinary(e)
	}
	return q, false
}

func quotientOfBinary(e *parser.BinaryExpr) (q quotient, ok bool) {
	left, leftFixed := numberOf(e.LHS)
	right, rightFixed := numberOf(e.RHS)
	switch {
	case leftFixed && rightFixed:
		return q, false
	case e.Op == parser.MUL && leftFixed:
		return scaled(e.RHS, left)
	case e.Op == parser.MUL && rightFixed:
		return scaled(e.LHS, right)
	case e.Op == parser.DIV && rightFixed && right != 0:
		return scaled(e.LHS, 1/right)
	case e.Op == parser.SUB && leftFixed:
		q, ok = scaled(e.RHS, -1)
		q.offset += left
		return q, ok
	case e.Op == parser.DIV && !leftFixed:
		top, above := factor(e.LHS)
		bottom, below := factor(e.RHS)
		return quotient{scale: above / below, numerator: top, denominator: bottom}, below != 0
	}
	return q, false
}

func scaled(e parser.Expr, by float64) (quotient, bool) {
	q, ok := quotientOf(e)
	q.offset *= by
	q.scale *= by
	return q, ok
}

// factor splits a number off a product.
func factor(e parser.Expr) (rest parser.Expr, by float64) {
	switch e := e.(type) {
	case *parser.ParenExpr:
		if rest, by = factor(e.Expr); by != 1 {
			return rest, by
		}
		return e, 1
	case *parser.BinaryExpr:
		if v, ok := numberOf(e.LHS); ok && e.Op == parser.MUL {
			rest, by = factor(e.RHS)
			return rest, by * v
		}
		if v, ok := numberOf(e.RHS); ok && e.Op == parser.MUL {
			rest, by = factor(e.LHS)
			return rest, by * v
		}
	}
	return e, 1
}

func numberOf(e parser.Expr) (float64, bool) {
	switch e := e.(type) {
	case *parser.NumberLiteral:
		return e.Val, !math.IsInf(e.Val, 0) && !math.IsNaN(e.Val)
	case *parser.ParenExpr:
		return numberOf(e.Expr)
	case *parser.UnaryExpr:
		v, ok := numberOf(e.Expr)
		if e.Op == parser.SUB {
			v = -v
		}
		return v, ok
	}
	return 0, false
}

// events is what one side of a quotient counts: the increase of one counter.
type events struct {
	name     string
	matchers []*labels.Matcher
	window   string
	grouping string
}

// eventsOf reads sum(rate(x_total{…}[5m])), also with `or vector(0)`.
func eventsOf(e parser.Expr) (c events, ok bool) {
	switch e := e.(type) {
	case *parser.ParenExpr:
		return eventsOf(e.Expr)
	case *parser.BinaryExpr:
		if call, isCall := e.RHS.(*parser.Call); isCall && e.Op == parser.LOR && call.Func.Name == "vector" {
			return eventsOf(e.LHS)
		}
	case *parser.AggregateExpr:
		if e.Op == parser.SUM {
			c, ok = eventsOf(e.Expr)
			grouping := slices.Sorted(slices.Values(e.Grouping))
			c.grouping += strings.Join(grouping, ",") + "|"
			if e.Without {
				c.grouping += "without"
			}
		}
	case *parser.Call:
		return eventsOfCall(e)
	}
	return c, ok
}

func eventsOfCall(e *parser.Call) (c events, ok bool) {
	if !slices.Contains([]string{"rate", "irate", "increase"}, e.Func.Name) || len(e.Args) != 1 {
		return c, false
	}
	m, ok := e.Args[0].(*parser.MatrixSelector)
	if !ok {
		return c, false
	}
	v, ok := m.VectorSelector.(*parser.VectorSelector)
	if !ok {
		return c, false
	}
	c = events{matchers: v.LabelMatchers, window: e.Func.Name + m.Range.String() + v.OriginalOffset.String()}
	for _, l := range v.LabelMatchers {
		if l.Name == model.MetricNameLabel && l.Type == labels.MatchEqual {
			c.name = l.Value
		}
	}
	return c, c.name != ""
}

// isShare reports whether a quotient is a share of events: what is above is a part of what is
// below, by its labels, or by two names of counters and a threshold below one.
func (q quotient) isShare(threshold float64) bool {
	part, ok := eventsOf(q.numerator)
	whole, also := eventsOf(q.denominator)
	if !ok || !also || part.window != whole.window || part.grouping != whole.grouping {
		return false
	}
	if part.name == whole.name {
		return part.demands(whole.matchers)
	}
	return countsEvents(part.name) && countsEvents(whole.name) && threshold > 0 && threshold < 1
}

// demands reports whether all matchers are among those of the events, and others too.
func (c events) demands(matchers []*labels.Matcher) bool {
	for _, m := range matchers {
		if !slices.ContainsFunc(c.matchers, func(o *labels.Matcher) bool { return o.String() == m.String() }) {
			return false
		}
	}
	return len(c.matchers) > len(matchers)
}

// countsEvents tells counters of events from sums of durations or bytes.
func countsEvents(name string) bool {
	for _, unit := range []string{"_sum", "_seconds_total", "_bytes_total", "_bytes", "_seconds"} {
		if strings.HasSuffix(name, unit) {
			return false
		}
	}
	return true
}

// isMean reports whether a quotient is the mean of a histogram or summary: its sum by its count.
func (q quotient) isMean() (name string, ok bool) {
	sum, ok := eventsOf(q.numerator)
	count, also := eventsOf(q.denominator)
	name, isSum := strings.CutSuffix(sum.name, "_sum")
	return name, ok && also && isSum && count.name == name+"_count"
}
