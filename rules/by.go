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

// A signal that is judged `by` a label is judged as a whole and, beside that,
// part by part: a route that answers nothing but errors would hide in a total
// of a thousand times its traffic. Which parts there are is asked where before
// ends, the busiest ones first.

// maxParts bounds the parts of one signal. Each is a question a look, and one
// more claim to be corrected for.
const maxParts = 20

// maxPartName bounds a label's value: what is longer names no route.
const maxPartName = 100

// by checks the label that cuts a signal into parts.
func (r *reader) by(at string, s Signal, rule Rule) {
	if s.By == "" {
		return
	}
	r.promQLOnly(at+".by", rule)
	if !model.LegacyValidation.IsValidLabelName(s.By) || s.By == "le" || s.By == model.MetricNameLabel {
		r.at(at+".by", codeBadSelector, "this is no label that a signal can be cut by", "as in by: route")
	}
}

// partsProbe asks which parts a signal has, and how busy each is.
func (b Bound) partsProbe(label string, e Expr, window string) (string, error) {
	var each string
	switch {
	case e.Counter != "":
		selector, err := b.selector(e.Counter, "")
		if err != nil {
			return "", err
		}
		each = fmt.Sprintf("sum by (%s) (increase(%s[%s]))", label, selector, window)
	case e.Histogram != "":
		count, err := b.selector(e.Histogram, "_count")
		if err != nil {
			return "", err
		}
		native, err := b.selector(e.Histogram, "")
		if err != nil {
			return "", err
		}
		each = fmt.Sprintf("sum by (%[1]s) (increase(%[2]s[%[4]s])) or sum by (%[1]s) (histogram_count(increase(%[3]s[%[4]s])))", label, count, native, window)
	default:
		tree, err := b.fill(cmp.Or(e.Query, e.TotalQuery), spans{step: time.Minute, resolution: time.Minute})
		if err != nil {
			return "", err
		}
		selector := firstSelector(tree)
		if selector == "" {
			return "", fmt.Errorf("no series to cut by %s", label)
		}
		each = fmt.Sprintf("count by (%s) (present_over_time(%s[%s]))", label, selector, window)
	}
	return fmt.Sprintf("topk(%d, %s)", maxParts, each), nil
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

// partsOf reads the answer: the values of the label, the busiest first. What
// had no events has nothing to be compared with.
func partsOf(label string, answer []sources.Series) []string {
	busy := map[string]float64{}
	for _, s := range answer {
		value, n := s.Labels[label], newest(s)
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

// part is a bound rule that sees one part of its signals.
func (b Bound) part(label, value string) Bound {
	b.only = labels.MustNewMatcher(labels.MatchEqual, label, value)
	return b
}

// partName is what a part of a signal is called: errors{route="/cart"}.
func partName(signal, label, value string) string {
	return signal + "{" + label + "=" + strconv.Quote(value) + "}"
}

// judgedParts are the detector's signals for the parts of one, each naming the
// whole that it is a part of.
func (s Signal) judgedParts(r Resolved, whole []detector.Signal) []detector.Signal {
	var all []detector.Signal
	for _, value := range r.Signals[s.Name].Parts {
		named := s
		named.Name = partName(s.Name, s.By, value)
		for i, p := range named.judgedAs(s.chosen(r)) {
			p.Part, p.Split = whole[i].Name, 0 // the split is declared for the whole
			all = append(all, p)
		}
	}
	return all
}

// partInputs are the queries of the parts, in the order of judgedParts.
// Where the whole is asked for series by series, its answer has those of every
// part.
func (b Bound) partInputs(s Signal, whole []watch.Input, c Choice, r Resolved) ([]watch.Input, error) {
	var all []watch.Input
	for _, value := range c.Parts {
		named := s
		named.Name = partName(s.Name, s.By, value)
		inputs, err := b.part(s.By, value).inputs(named, s.chosen(r), c, r)
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
