package promql

import (
	"regexp"
	"slices"
	"strings"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql/parser"

	"github.com/pushback/pushback/sources"
)

// Splits are the labels by which a query can be asked for many values at once, and its answer
// split again: those that every selector of the query requires to have one and the same value,
// and of which no part of the query adds up, compares or replaces what several values hold.
//
// See adr/0102.
func (Language) Splits(query string) []sources.Split {
	tree, err := Parse(query)
	if err != nil {
		return nil
	}
	var all []sources.Split
	for _, m := range firstMatchers(tree) {
		if m.Type != labels.MatchEqual || m.Value == "" || m.Name == model.MetricNameLabel || m.Name == model.BucketLabel {
			continue
		}
		if fate := fateOf(tree, *m); fate == carried || fate == added {
			all = append(all, sources.Split{Label: m.Name, Value: m.Value, Shape: shapeOf(query, *m), Added: fate == added})
		}
	}
	return all
}

// Merge asks a query for several values of one of its splits: answers are those of each value, with
// the split's label beside their own. The values are distinct.
func (Language) Merge(query string, by sources.Split, values []string) string {
	quoted := make([]string, len(values))
	for i, v := range values {
		quoted[i] = regexp.QuoteMeta(v)
	}
	wide := labels.MustNewMatcher(labels.MatchRegexp, by.Label, strings.Join(quoted, "|"))
	return replaced(query, labels.Matcher{Name: by.Label, Value: by.Value}, wide)
}

// blank stands for the value of a split in its shape. No one service has it as a label's
// value, and if one had, its queries would only be asked apart.
const blank = "\x00"

func shapeOf(query string, own labels.Matcher) string {
	return replaced(query, own, labels.MustNewMatcher(labels.MatchEqual, own.Name, blank))
}

// replaced is a query that Splits has found to be fit, with another matcher, and with its
// label in all that is grouped or matched by labels.
func replaced(query string, own labels.Matcher, by *labels.Matcher) string {
	tree, err := Parse(query)
	if err != nil {
		return query
	}
	_ = parser.Walk(visitor(func(n parser.Node) {
		switch n := n.(type) {
		case *parser.VectorSelector:
			for i, m := range n.LabelMatchers {
				if m.Name == own.Name && m.Value == own.Value {
					n.LabelMatchers[i] = by
				}
			}
		case *parser.AggregateExpr:
			if !n.Without && !slices.Contains(n.Grouping, own.Name) {
				n.Grouping = append(slices.Clone(n.Grouping), own.Name)
			}
		case *parser.BinaryExpr:
			if m := n.VectorMatching; m != nil && m.On && !slices.Contains(m.MatchingLabels, own.Name) {
				m.MatchingLabels = append(slices.Clone(m.MatchingLabels), own.Name)
			}
		}
	}), tree, nil)
	return tree.String()
}

// visitor visits every node.
type visitor func(parser.Node)

// Visit calls the visitor.
func (v visitor) Visit(n parser.Node, _ []parser.Node) (parser.Visitor, error) {
	if n != nil {
		v(n)
	}
	return v, nil
}

// firstMatchers are those of the first selector of a query. What is required of all selectors
// is required of the first.
func firstMatchers(tree parser.Expr) (found []*labels.Matcher) {
	_ = parser.Walk(visitor(func(n parser.Node) {
		if s, ok := n.(*parser.VectorSelector); ok && found == nil {
			found = s.LabelMatchers
		}
	}), tree, nil)
	return found
}

// Narrows reports whether a series selector selects some of the series that another one selects,
// by the matchers that it has beyond those, and returns what it requires of a series' labels.
func Narrows(whole, part string) (keep func(map[string]string) bool, ok bool) {
	all, err := ParseSelector(whole)
	some, otherErr := ParseSelector(part)
	if err != nil || otherErr != nil {
		return nil, false
	}
	for _, m := range all {
		i := slices.IndexFunc(some, func(other *labels.Matcher) bool { return other.String() == m.String() })
		if i < 0 {
			return nil, false
		}
		some = slices.Delete(some, i, i+1)
	}
	return func(series map[string]string) bool {
		return !slices.ContainsFunc(some, func(m *labels.Matcher) bool { return !m.Matches(series[m.Name]) })
	}, true
}
