package promql

import (
	"slices"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql/parser"
)

// fate is what becomes of a label, which all selectors require to have one value, in what an
// expression gives, once replaced has widened the expression to several values.
type fate int

const (
	mixed    fate = iota // what several values hold is added up, compared or replaced
	constant             // a number that no series has a part in
	carried              // it is there, as it was before
	added                // it is there, and was not before
)

// elementwise are the functions that make each series of their answer from one series of
// their only vector, and keep its labels but for the name and the bounds of buckets.
var elementwise = []string{
	"abs", "avg_over_time", "ceil", "changes", "clamp", "clamp_max", "clamp_min", "count_over_time", "delta", "deriv",
	"double_exponential_smoothing", "exp", "first_over_time", "floor", "histogram_avg", "histogram_count", "histogram_fraction",
	"histogram_quantile", "histogram_stddev", "histogram_stdvar", "histogram_sum", "idelta", "increase", "irate", "last_over_time",
	"ln", "log10", "log2", "mad_over_time", "max_over_time", "min_over_time", "predict_linear", "present_over_time",
	"quantile_over_time", "rate", "resets", "round", "sgn", "sqrt", "stddev_over_time", "stdvar_over_time", "sum_over_time", "timestamp",
}

// groupwise are the aggregations whose every group is made from its own series alone. Others, such
// as topk, return some of the series themselves.
var groupwise = []parser.ItemType{
	parser.SUM, parser.MIN, parser.MAX, parser.AVG, parser.COUNT, parser.GROUP, parser.STDDEV, parser.STDVAR, parser.QUANTILE,
}

// fateOf is what becomes of the label of a matcher. Whatever is not known is mixed.
func fateOf(e parser.Expr, own labels.Matcher) fate {
	switch e := e.(type) {
	case *parser.NumberLiteral, *parser.StringLiteral:
		return constant
	case *parser.ParenExpr:
		return fateOf(e.Expr, own)
	case *parser.UnaryExpr:
		return fateOf(e.Expr, own)
	case *parser.MatrixSelector:
		if e.RangeExpr != nil {
			return mixed
		}
		return fateOf(e.VectorSelector, own)
	case *parser.SubqueryExpr:
		if e.RangeExpr != nil || e.StepExpr != nil || e.OriginalOffsetExpr != nil || e.StartOrEnd != 0 {
			return mixed
		}
		return fateOf(e.Expr, own)
	case *parser.VectorSelector:
		return selected(e, own)
	case *parser.Call:
		return called(e, own)
	case *parser.AggregateExpr:
		return aggregated(e, own)
	case *parser.BinaryExpr:
		return matched(e, own)
	}
	return mixed
}

func selected(s *parser.VectorSelector, own labels.Matcher) fate {
	if s.OriginalOffsetExpr != nil || s.StartOrEnd != 0 {
		return mixed
	}
	found := mixed
	for _, m := range s.LabelMatchers {
		switch {
		case m.Name != own.Name:
		case m.Type != labels.MatchEqual || m.Value != own.Value || found == carried:
			return mixed
		default:
			found = carried
		}
	}
	return found
}

// called is the fate of the only argument that is no constant. A function of constants, such
// as vector(0), has no label that another side could match.
func called(c *parser.Call, own labels.Matcher) fate {
	if c.Func.Name == "time" || c.Func.Name == "pi" {
		return constant
	}
	if !slices.Contains(elementwise, c.Func.Name) {
		return mixed
	}
	all := mixed
	for _, arg := range c.Args {
		switch f := fateOf(arg, own); {
		case f == constant:
		case f == mixed || all != mixed:
			return mixed
		default:
			all = f
		}
	}
	return all
}

func aggregated(a *parser.AggregateExpr, own labels.Matcher) fate {
	if !slices.Contains(groupwise, a.Op) || a.Param != nil && fateOf(a.Param, own) != constant {
		return mixed
	}
	inner := fateOf(a.Expr, own)
	named := slices.Contains(a.Grouping, own.Name)
	switch {
	case inner != carried && inner != added, a.Without && named:
		return mixed
	case a.Without || named:
		return inner
	default:
		return added
	}
}

// matched is the fate in two sides of which each has the label, or none had it before: then
// the sides of one value match as they did, and those of two values never.
func matched(b *parser.BinaryExpr, own labels.Matcher) fate {
	left, right := fateOf(b.LHS, own), fateOf(b.RHS, own)
	switch m := b.VectorMatching; {
	case left == mixed || right == mixed:
		return mixed
	case left == constant || right == constant:
		return max(left, right)
	case left != right, m == nil:
		return mixed
	case m.FillValues.LHS != nil || m.FillValues.RHS != nil || m.Card == parser.CardOneToMany || m.Card == parser.CardManyToOne:
		return mixed
	case !m.On && slices.Contains(m.MatchingLabels, own.Name):
		return mixed
	case m.On && m.Card == parser.CardOneToOne && !slices.Contains(m.MatchingLabels, own.Name):
		return added
	default:
		return left
	}
}
