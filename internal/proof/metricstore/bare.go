package metricstore

import (
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql"
	"github.com/prometheus/prometheus/promql/parser"
)

// span is what a query is evaluated at, in Unix milliseconds.
type span struct{ from, to, step int64 }

// bareSelector returns the matchers of a selector without functions, offsets or modifiers, which
// is evaluated without Prometheus's engine.
func bareSelector(e parser.Expr) ([]*labels.Matcher, bool) {
	v, ok := e.(*parser.VectorSelector)
	if !ok || v.OriginalOffset != 0 || v.OriginalOffsetExpr != nil || v.Timestamp != nil || v.StartOrEnd != 0 || v.Anchored || v.Smoothed {
		return nil, false
	}
	return v.LabelMatchers, true
}

// bare evaluates a selector over a range.
func (s *Store) bare(matchers []*labels.Matcher, w span, seen *seen) promql.Matrix {
	found := s.selection(matchers)
	seen.note(found, w.to)
	all := make(promql.Matrix, 0, len(found))
	for _, x := range found {
		if points := x.points(w); len(points) > 0 {
			all = append(all, promql.Series{Metric: x.labels(), Floats: points})
		}
	}
	return all
}

// points are the values at each step: of the last scrape, unless that is older than the
// lookback.
func (x series) points(w span) []promql.FPoint {
	first, last := x.bounds(w.from-lookback+1, w.to)
	all := make([]promql.FPoint, 0, (w.to-w.from)/w.step+1)
	known, value, at := int64(-1), 0.0, x.metric.samples(x.target)
	offset := x.store.offset(x.service, x.instance)
	for t := w.from; t <= w.to; t += w.step {
		scrape := min((t-offset)/scrapeMillis, last)
		if scrape < first || scrape*scrapeMillis+offset <= t-lookback {
			continue
		}
		if scrape != known {
			known, value = scrape, at(scrape)
		}
		all = append(all, promql.FPoint{T: t, F: value})
	}
	return all
}
