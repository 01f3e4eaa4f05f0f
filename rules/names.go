package rules

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql/parser"

	"github.com/pushback/pushback/sources"
	"github.com/pushback/pushback/sources/metrics/promql"
)

// A rule of the library has an expression for every convention, and a service has the series of
// one or two. So which metrics exist is asked first, in one question, and then only about those.

// fewNames is up to how many metrics each is asked for by itself.
const fewNames = 6

// NamesProbe asks which metrics of the rule's expressions a service has. It is empty where that
// saves nothing.
func (b Bound) NamesProbe(resolution time.Duration) (expr string, err error) {
	names := b.askedNames()
	if !b.rule.Language.Selectors() || len(names) <= fewNames {
		return "", nil
	}
	window := b.probeWindow(Resolved{Resolution: resolution})
	selector, err := b.fill(fmt.Sprintf(`{__name__=~"%s",$match}`, strings.Join(names, "|")), spans{})
	if err != nil {
		return "", err
	}
	// last_over_time keeps the name of the metric, as the other functions do not.
	return fmt.Sprintf("group by (__name__) (last_over_time(%s[%s]))", selector, window), nil
}

// Exist reads the answer to NamesProbe.
func (b Bound) Exist(answer []sources.Series) map[string]bool {
	exist := map[string]bool{}
	for _, name := range b.askedNames() {
		exist[name] = slices.ContainsFunc(answer, func(s sources.Series) bool { return s.Labels["__name__"] == name })
	}
	return exist
}

// askedNames are the metrics that only the service's own series have, each once, sorted.
func (b Bound) askedNames() []string {
	all := map[string]bool{}
	for _, s := range b.rule.Signals {
		for _, e := range s.AnyOf {
			for _, name := range e.metrics() {
				all[name] = true
			}
		}
	}
	return slices.Sorted(maps.Keys(all))
}

// absent reports whether all series of an expression are known not to exist.
func (e Expr) absent(exist map[string]bool) bool {
	known := func(name string) bool { found, asked := exist[name]; return asked && !found }
	names := e.metrics()
	return len(names) > 0 && !slices.ContainsFunc(names, func(name string) bool { return !known(name) })
}

// metrics are the names of Expr.Metrics.
func (e Expr) metrics() []string {
	return strings.FieldsFunc(e.Metrics, func(c rune) bool { return c == '|' })
}

// metricsOf are the metrics without any of which an expression has no data for a service, joined
// by |. It is empty where an expression may have data anyway.
func metricsOf(e Expr) string {
	switch {
	case e.Control != nil:
		return ""
	case e.Counter != "":
		return ownMetrics(e.Counter, "")
	case e.Histogram != "":
		return ownMetrics(e.Histogram, "", "_bucket", "_count")
	case e.TotalQuery != "":
		return ownMetrics(e.TotalQuery, "")
	}
	return ownMetrics(e.Query, "")
}

// ownMetrics are the names that a query selects with $match, each with the suffixes. It is empty
// if the query selects anything else, or may give a value without any series.
func ownMetrics(query string, suffixes ...string) string {
	if !strings.Contains(query, varMatch) { // parsing takes time, and most long expressions have none
		return ""
	}
	tree, err := promql.Parse(spans{step: time.Minute, resolution: time.Minute}.mark(query).text)
	if err != nil {
		return ""
	}
	var names []string
	anyway := false
	parser.Inspect(tree, func(node parser.Node, _ []parser.Node) error {
		switch n := node.(type) {
		case *parser.Call:
			anyway = anyway || slices.Contains(valuesWithoutSeries, n.Func.Name)
		case *parser.VectorSelector:
			own := slices.ContainsFunc(n.LabelMatchers, func(m *labels.Matcher) bool { return m.Name == mark(varMatch) })
			anyway = anyway || n.Name == "" || !own
			for _, suffix := range suffixes {
				names = append(names, n.Name+suffix)
			}
		}
		return nil
	})
	if anyway {
		return ""
	}
	return strings.Join(unique(names), "|")
}

// valuesWithoutSeries are the functions that give a value where no series exist.
var valuesWithoutSeries = []string{"absent", "absent_over_time", "vector", "time", "scalar", "pi"}
