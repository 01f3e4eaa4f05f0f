package rules

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strconv"
	"time"
	"unicode/utf8"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql/parser"

	"github.com/pushback/pushback/detector"
	"github.com/pushback/pushback/sources"
	"github.com/pushback/pushback/watch"
)

// A signal that is judged `by` a label is judged as a whole and also part by
// part, because errors of one quiet route do not show in the total of all
// routes. Which parts there are is asked at the end of the before window, the
// busiest first.

// maxParts bounds the parts of one signal. Each adds a query to every look, and
// a test to the correction for multiple testing.
const maxParts = 20

// maxPartName bounds the length of a part's label value. Longer values are
// taken for identifiers and not for routes.
const maxPartName = 100

// checkBy checks the label by which a signal is split into parts.
func (r *reader) checkBy(at string, s Signal, rule Rule) {
	if s.By == "" {
		return
	}
	r.requirePromQL(at+".by", rule)
	if !model.LegacyValidation.IsValidLabelName(s.By) || s.By == "le" || s.By == model.MetricNameLabel {
		r.at(at+".by", codeBadSelector, "a signal cannot be split by this label", "as in by: route")
	}
}

// partsProbes ask which parts a signal has, and how busy each is. A native histogram is asked
// for by itself, because some stores do not have its functions.
func (b Bound) partsProbes(label string, e Expr, window string) ([]Probe, error) {
	var each []string
	switch {
	case e.Counter != "":
		selector, err := b.selector(e.Counter, "")
		if err != nil {
			return nil, err
		}
		each = []string{fmt.Sprintf("sum by (%s) (increase(%s[%s]))", label, selector, window)}
	case e.Histogram != "":
		count, err := b.selector(e.Histogram, "_count")
		if err != nil {
			return nil, err
		}
		native, err := b.selector(e.Histogram, "")
		if err != nil {
			return nil, err
		}
		each = []string{
			fmt.Sprintf("sum by (%s) (increase(%s[%s]))", label, count, window),
			fmt.Sprintf("sum by (%s) (histogram_count(increase(%s[%s])))", label, native, window),
		}
	default:
		tree, err := b.fill(cmp.Or(e.Query, e.TotalQuery), spans{step: time.Minute, resolution: time.Minute})
		if err != nil {
			return nil, err
		}
		selector := firstSelector(tree)
		if selector == "" {
			return nil, fmt.Errorf("no series to split by %s", label)
		}
		each = []string{fmt.Sprintf("count by (%s) (present_over_time(%s[%s]))", label, selector, window)}
	}
	probes := make([]Probe, len(each))
	for i, expr := range each {
		probes[i] = Probe{Form: Parts, Expr: fmt.Sprintf("topk(%d, %s)", maxParts, expr)}
	}
	return probes, nil
}

// firstSelector is the first series selector of a query, bare.
func firstSelector(tree parser.Expr) string {
	found := ""
	parser.Inspect(tree, func(node parser.Node, _ []parser.Node) error {
		if v, ok := node.(*parser.VectorSelector); ok && found == "" {
			bare := parser.VectorSelector{Name: v.Name, LabelMatchers: v.LabelMatchers}
			found = bare.String()
		}
		return nil
	})
	return found
}

// partsOf reads the answer: the values of the label, the busiest first. Parts
// without events are left out, because they have no baseline.
func partsOf(label string, answer []sources.Series) []string {
	busy := map[string]float64{}
	for _, s := range answer {
		value, n := s.Labels[label], lastValue(s)
		if value != "" && len(value) <= maxPartName && utf8.ValidString(value) && n > 0 && !math.IsInf(n, 0) {
			busy[value] = n
		}
	}
	parts := make([]string, 0, len(busy))
	for value := range busy {
		parts = append(parts, value)
	}
	slices.SortFunc(parts, func(x, y string) int { return cmp.Or(cmp.Compare(busy[y], busy[x]), cmp.Compare(x, y)) })
	return parts[:min(len(parts), maxParts)]
}

// forPart is the bound rule for one part of its signals.
//
// See adr/0017.
func (b Bound) forPart(label, value string) Bound {
	b.partMatcher = labels.MustNewMatcher(labels.MatchEqual, label, value)
	return b
}

// partName is what a part of a signal is called: errors{route="/cart"}.
func partName(signal, label, value string) string {
	return signal + "{" + label + "=" + strconv.Quote(value) + "}"
}

// detectorParts are the detector's signals for the parts of one, each naming the
// whole that it is a part of.
func (s Signal) detectorParts(r Resolved, whole []detector.Signal) []detector.Signal {
	var all []detector.Signal
	for _, value := range r.Signals[s.Name].Parts {
		named := s
		named.Name = partName(s.Name, s.By, value)
		for i, p := range named.detectorSignals(s.chosenExpr(r), r.Signals[s.Name]) {
			p.Part, p.Place, p.Split = whole[i].Name, whole[i].Place, 0 // the split is declared for the whole
			all = append(all, p)
		}
	}
	return all
}

// partInputs are the queries of the parts, in the order of detectorParts.
// If the whole signal is queried series by series, its answer already has the
// series of every part.
func (b Bound) partInputs(s Signal, whole []watch.Input, c Choice, r Resolved) ([]watch.Input, error) {
	var all []watch.Input
	for _, value := range c.Parts {
		named := s
		named.Name = partName(s.Name, s.By, value)
		inputs, err := b.forPart(s.By, value).signalInputs(named, s.chosenExpr(r), c, r)
		if err != nil {
			return nil, err
		}
		for i := range inputs {
			if in := &inputs[i]; in.Form != watch.FormLevel && in.Form != watch.FormRatio {
				in.Whole = watch.Whole{Value: whole[i].Value.Expr, Part: whole[i].Part.Expr, Label: s.By, LabelValue: value}
			}
		}
		all = append(all, inputs...)
	}
	return all, nil
}
