// Package promql is the query language of metric stores with PromQL: it parses queries,
// and writes $match.
package promql

import (
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql/parser"
)

// language parses expressions, within no limits. Functions behind Prometheus's feature flags
// are accepted, because only the store knows whether it has them.
var language = parser.NewParser(parser.Options{
	EnableExperimentalFunctions: true, ExperimentalDurationExpr: true, EnableExtendedRangeSelectors: true,
})

// Language is PromQL.
type Language struct{}

// Name is promql.
func (Language) Name() string { return "promql" }

// Selectors is true: counters and histograms are series selectors.
func (Language) Selectors() bool { return true }

// Parse checks the grammar.
func (Language) Parse(query string) error {
	_, err := Parse(query)
	return err
}

// Match writes the labels as matchers without braces: job="cart",ns=~"a|b".
func (Language) Match(all map[string][]string) (string, bool) {
	var text []string
	for _, m := range Matchers(all) {
		text = append(text, m.String())
	}
	return strings.Join(text, ","), true
}

// Matchers are the labels as matchers, by name. A label with several values becomes a
// regular expression in which they are quoted.
func Matchers(all map[string][]string) []*labels.Matcher {
	var own []*labels.Matcher
	for _, name := range slices.Sorted(maps.Keys(all)) {
		values := all[name]
		if len(values) == 1 {
			own = append(own, labels.MustNewMatcher(labels.MatchEqual, name, values[0]))
			continue
		}
		quoted := make([]string, len(values))
		for i, v := range values {
			quoted[i] = regexp.QuoteMeta(v)
		}
		own = append(own, labels.MustNewMatcher(labels.MatchRegexp, name, strings.Join(quoted, "|")))
	}
	return own
}
