package rules

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql/parser"

	"github.com/pushback/pushback/detector"
	"github.com/pushback/pushback/sources"
	"github.com/pushback/pushback/sources/metrics/promql"
	"github.com/pushback/pushback/watch"
)

// Inputs are the queries to run, one for each signal of Plan and in its order,
// those of the fine horizon last. Raw counters and histograms are asked for at a finer step than the tick, so
// that the running tick fills as it goes; a query is asked for once a tick.
func (b Bound) Inputs(r Resolved) ([]watch.Input, error) {
	all, err := b.tickInputs(r)
	fine := b.fineTick(r)
	if err != nil || fine == 0 {
		return all, err
	}
	b.rule.Tick = fine
	inputs, err := b.tickInputs(r)
	for _, in := range inputs {
		if in.Whole.Label == "" {
			in.Signal, in.Buckets = detector.FineName(in.Signal, fine), ""
			all = append(all, in)
		}
	}
	return all, err
}

// tickInputs are the inputs of the rule's own tick.
func (b Bound) tickInputs(r Resolved) ([]watch.Input, error) {
	var all []watch.Input
	for _, s := range b.rule.Signals {
		choice := r.Signals[s.Name]
		inputs, err := b.signalInputs(s, s.chosenExpr(r), choice, r)
		if err != nil {
			return nil, fmt.Errorf("signal %s: %w", s.Name, err)
		}
		parts, err := b.partInputs(s, inputs, choice, r)
		if err != nil {
			return nil, fmt.Errorf("signal %s by %s: %w", s.Name, s.By, err)
		}
		inputs = append(inputs, parts...)
		work, err := b.onlyIf(s, r)
		if err != nil {
			return nil, fmt.Errorf("signal %s: only_if: %w", s.Name, err)
		}
		for _, in := range inputs {
			in.Store, in.OnlyIf = b.rule.Store, work
			all = append(all, in)
		}
	}
	return all, nil
}

// signalInputs are those of an expression, with those of its control beside them.
func (b Bound) signalInputs(s Signal, e Expr, c Choice, r Resolved) ([]watch.Input, error) {
	own, err := b.exprInputs(s, e, c, r)
	other, controlled := e.controlExpr()
	if err != nil || !controlled {
		return own, err
	}
	control, err := b.exprInputs(s, other, c, r)
	if err != nil {
		return nil, err
	}
	return attachControls(own, control), nil
}

func (b Bound) exprInputs(s Signal, e Expr, c Choice, r Resolved) ([]watch.Input, error) {
	switch {
	case e.Counter != "":
		return b.counterInputs(s.Name, e, r)
	case e.Histogram != "" && c.Native:
		return b.nativeInputs(s.Name, e, c, r)
	case e.Histogram != "" && c.MeanOnly:
		return b.meanInput(s.Name, e, r)
	case e.Histogram != "":
		return b.classicInputs(s, e, c, r)
	case e.BadQuery != "":
		return b.levelInputs(s, watch.FormRatio, e.TotalQuery, e.BadQuery, r)
	case e.QueryKind == mean:
		s.Name += ".mean"
	}
	return b.levelInputs(s, watch.FormLevel, e.Query, "", r)
}

func (b Bound) onlyIf(s Signal, r Resolved) (sources.Query, error) {
	if s.OnlyIf == "" {
		return sources.Query{}, nil
	}
	return b.query(s.OnlyIf, r)
}

func (b Bound) counterInputs(name string, e Expr, r Resolved) ([]watch.Input, error) {
	total, err := b.selector(e.Counter, "")
	if err != nil {
		return nil, err
	}
	bad, err := badMatchers(e.Bad)
	if err != nil {
		return nil, err
	}
	part, err := b.selector(e.Counter, "", bad...)
	if err != nil {
		return nil, err
	}
	step := b.rawStep(r)
	return []watch.Input{{
		Signal: name, Form: watch.FormCounts,
		Value: sources.Query{Expr: total, Step: step}, Part: sources.Query{Expr: part, Step: step},
	}}, nil
}

// meanInput is that of a summary.
func (b Bound) meanInput(name string, e Expr, r Resolved) ([]watch.Input, error) {
	sum, err := b.selector(e.Histogram, "_sum")
	if err != nil {
		return nil, err
	}
	count, err := b.selector(e.Histogram, "_count")
	step := b.rawStep(r)
	return []watch.Input{{
		Signal: name + ".mean", Form: watch.FormMean, Value: sources.Query{Expr: sum, Step: step}, Part: sources.Query{Expr: count, Step: step},
	}}, err
}

func (b Bound) classicInputs(s Signal, e Expr, c Choice, r Resolved) ([]watch.Input, error) {
	step := b.rawStep(r)
	if c.Edge == "" {
		c.Edge = labels.FormatOpenMetricsFloat(s.Slow.Seconds() * unitOf(e).perSecond)
	}
	var raw [3]sources.Query
	for i, part := range []struct {
		suffix string
		extra  []*labels.Matcher
	}{{"_sum", nil}, {"_count", nil}, {"_bucket", []*labels.Matcher{edgeMatcher(c.Edge)}}} {
		expr, err := b.selector(e.Histogram, part.suffix, part.extra...)
		if err != nil {
			return nil, err
		}
		raw[i] = sources.Query{Expr: expr, Step: step}
	}
	buckets, err := b.selector(e.Histogram, "_bucket")
	if err != nil {
		return nil, err
	}
	near, err := b.nearEdge(e, c)
	if err != nil {
		return nil, err
	}
	native, err := b.selector(e.Histogram, "")
	other := &watch.OtherKind{Form: watch.FormNativeMean, Value: sources.Query{Expr: native, Step: step}}
	return []watch.Input{
		{Signal: s.Name + ".mean", Form: watch.FormMean, Value: raw[0], Part: raw[1], Buckets: buckets, Other: other},
		{Signal: s.Name + ".slow", Form: watch.FormSlow, Value: raw[1], Part: raw[2], Edge: c.Bound, Edges: fmt.Sprintf("group by (le) (%s)", buckets), Near: near, Other: other},
	}, err
}

// nearEdge is nil where the signal's own edge is no number.
func (b Bound) nearEdge(e Expr, c Choice) (*watch.NearEdge, error) {
	own, ok := edgeNumber(c.Edge)
	if !ok {
		return nil, nil
	}
	part, err := b.selector(e.Histogram, "_bucket", labels.MustNewMatcher(labels.MatchRegexp, "le", watch.EdgePlaceholder))
	return &watch.NearEdge{Edge: own, Part: part}, err
}

func (b Bound) nativeInputs(name string, e Expr, c Choice, r Resolved) ([]watch.Input, error) {
	expr, err := b.selector(e.Histogram, "")
	if err != nil {
		return nil, err
	}
	sum, err := b.selector(e.Histogram, "_sum")
	if err != nil {
		return nil, err
	}
	count, err := b.selector(e.Histogram, "_count")
	step := b.rawStep(r)
	q := sources.Query{Expr: expr, Step: step}
	other := &watch.OtherKind{Form: watch.FormMean, Value: sources.Query{Expr: sum, Step: step}, Part: sources.Query{Expr: count, Step: step}}
	return []watch.Input{
		{Signal: name + ".mean", Form: watch.FormNativeMean, Value: q, Other: other},
		{Signal: name + ".slow", Form: watch.FormNativeSlow, Value: q, Edge: c.Bound, Other: other},
	}, err
}

func (b Bound) levelInputs(s Signal, form watch.Form, value, part string, r Resolved) ([]watch.Input, error) {
	in := watch.Input{Signal: s.Name, Form: form, Combine: s.combineOf()}
	var err error
	if in.Value, err = b.query(value, r); err != nil {
		return nil, err
	}
	if part != "" {
		if in.Part, err = b.query(part, r); err != nil {
			return nil, err
		}
	}
	return []watch.Input{in}, nil
}

func (b Bound) query(expr string, r Resolved) (sources.Query, error) {
	tick := b.tick(r)
	if !b.rule.Language.Selectors() {
		text, err := b.fillText(b.spans(r, tick).mark(expr).text)
		return sources.Query{Expr: text, Step: tick}, err
	}
	filled, err := b.fill(expr, b.spans(r, tick))
	if err != nil {
		return sources.Query{}, err
	}
	return sources.Query{Expr: filled.String(), Step: tick}, nil
}

// fillText fills in the variables of a language that is no PromQL. A query with $match
// and a service without labels is an error, as in fillSelector.
func (b Bound) fillText(marked string) (string, error) {
	if strings.Contains(marked, matchMark) {
		pooled := Pool(b.judgedServices())
		match, ok := b.rule.Language.Match(pooled)
		if !ok || len(pooled) == 0 {
			return "", fmt.Errorf("service %q: %w", b.service.Name, ErrNoMatch)
		}
		marked = strings.ReplaceAll(marked, matchMark, match)
	}
	return b.values().Replace(marked), nil
}

func (b Bound) spans(r Resolved, step time.Duration) spans {
	return spans{step: step, resolution: r.resolution()}
}

// rawStep is the coarsest step that divides the tick, is a multiple of the
// store's resolution, and is no longer than the time between two looks.
func (b Bound) rawStep(r Resolved) time.Duration {
	tick, resolution := b.tick(r), r.resolution()
	for step := min(tick, max(b.rule.Every, resolution)).Truncate(resolution); step > resolution; step -= resolution {
		if tick%step == 0 {
			return step
		}
	}
	return resolution
}

// selector fills in a series selector, lengthens its name by suffix and adds
// matchers. It works on the parsed form: a selector without braces is the
// same to it, and every value is written back escaped.
func (b Bound) selector(text, suffix string, extra ...*labels.Matcher) (string, error) {
	tree, err := b.fill(text, spans{})
	if err != nil {
		return "", err
	}
	v, ok := tree.(*parser.VectorSelector)
	if !ok {
		return "", fmt.Errorf("%q is not a series selector", text)
	}
	for i, m := range v.LabelMatchers {
		if m.Name == model.MetricNameLabel {
			v.LabelMatchers[i] = labels.MustNewMatcher(labels.MatchEqual, model.MetricNameLabel, v.Name+suffix)
		}
	}
	v.Name += suffix
	v.LabelMatchers = append(v.LabelMatchers, extra...)
	return v.String(), nil
}

// badPrefix makes a whole selector of bare matchers: alone, a matcher such as
// code!="200" would be refused for also selecting everything without a code.
const badPrefix = "x{"

// badMatchers reads label matchers written without braces: code=~"5..".
func badMatchers(text string) ([]*labels.Matcher, error) {
	matchers, err := promql.ParseSelector(badPrefix + text + "}")
	if err != nil {
		return nil, fmt.Errorf("parsing %q: %w", text, err)
	}
	return slices.DeleteFunc(matchers, func(m *labels.Matcher) bool { return m.Name == model.MetricNameLabel }), nil
}

func promDuration(d time.Duration) string { return model.Duration(d).String() }
