package metricstore

import (
	"context"
	"time"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql"
	"github.com/prometheus/prometheus/promql/parser"

	"github.com/pushback/pushback/sources"
)

// Ranger is a store that is asked without HTTP.
type Ranger struct{ *Store }

// Range evaluates a query over a window.
func (r Ranger) Range(ctx context.Context, q sources.Query, w sources.Window) ([]sources.Series, error) {
	return seriesOf(r.evaluate(ctx, question{q.Expr, span{w.From.UnixMilli(), w.To.UnixMilli(), q.Step.Milliseconds()}, true}, r.newSeen()))
}

// Instant evaluates an expression at one moment.
func (r Ranger) Instant(ctx context.Context, expr string, at time.Time) ([]sources.Series, error) {
	return seriesOf(r.evaluate(ctx, question{expr, span{at.UnixMilli(), at.UnixMilli(), 1}, false}, r.newSeen()))
}

// Heartbeat is the moment: something is always scraped.
func (Ranger) Heartbeat(_ context.Context, at time.Time) (time.Time, error) { return at, nil }

// HeartbeatExpr is Prometheus's.
func (Ranger) HeartbeatExpr() string { return "max(timestamp(up))" }

// Resolution is the scrape interval.
func (Ranger) Resolution() time.Duration { return Scrape }

// Latency is zero: samples are shown at once.
func (Ranger) Latency() time.Duration { return 0 }

func seriesOf(value parser.Value, err error) (all []sources.Series, _ error) {
	if err != nil {
		return nil, err
	}
	switch v := value.(type) {
	case promql.Matrix:
		for _, line := range v {
			series := sources.Series{Labels: labelMap(line.Metric)}
			for _, p := range line.Floats {
				series.Samples = append(series.Samples, sources.Sample{T: p.T, V: p.F})
			}
			all = append(all, series)
		}
	case promql.Vector:
		for _, one := range v {
			all = append(all, sources.Series{Labels: labelMap(one.Metric), Samples: []sources.Sample{{T: one.T, V: one.F}}})
		}
	}
	return all, nil
}

func labelMap(set labels.Labels) map[string]string {
	all := make(map[string]string, set.Len())
	set.Range(func(l labels.Label) { all[l.Name] = l.Value })
	return all
}
