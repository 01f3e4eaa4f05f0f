package embedded

import (
	"context"
	"errors"
	"fmt"
	"math"
	"time"

	"github.com/prometheus/prometheus/model/histogram"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql"

	"github.com/pushback/pushback/sources"
)

// heartbeat uses the series up, which every scrape writes, also that of a target that
// is down.
const heartbeat = "max(timestamp(up))"

// Range evaluates q at w.From and every q.Step after it, up to w.To. An empty result
// is no error.
func (s *Store) Range(ctx context.Context, q sources.Query, w sources.Window) ([]sources.Series, error) {
	if q.Step < time.Millisecond {
		return nil, s.fault(fmt.Errorf("step %s is below a millisecond", q.Step))
	}
	if w.From.After(w.To) {
		return nil, nil
	}
	query, err := s.engine.NewRangeQuery(ctx, s.queryable, nil, q.Expr, w.From, w.To, q.Step)
	if err != nil {
		return nil, s.fault(err)
	}
	defer query.Close()
	return s.seriesOf(ctx, query.Exec(ctx))
}

// Instant evaluates expr at one time and returns one sample for each series.
func (s *Store) Instant(ctx context.Context, expr string, at time.Time) ([]sources.Series, error) {
	query, err := s.engine.NewInstantQuery(ctx, s.queryable, nil, expr, at)
	if err != nil {
		return nil, &sources.Fault{Kind: sources.SourceError, Store: s.name, Err: err, Refused: true}
	}
	defer query.Close()
	result := query.Exec(ctx)
	if _, ranges := result.Value.(promql.Matrix); ranges {
		return nil, s.fault(errors.New("expression gives a range of values, not one: wrap it, as in rate(x[5m])"))
	}
	return s.seriesOf(ctx, result)
}

// HeartbeatExpr is an expression for the time of the newest sample of any series.
func (s *Store) HeartbeatExpr() string { return heartbeat }

// Heartbeat returns the time of the newest sample of any series, as of the time at. A
// store without samples is a Fault of kind no_data.
func (s *Store) Heartbeat(ctx context.Context, at time.Time) (time.Time, error) {
	if newest := s.newestInMemory(); newest <= at.UnixMilli() && newest > math.MinInt64 {
		return time.UnixMilli(newest).UTC(), nil
	}
	series, err := s.Instant(ctx, heartbeat, at) // at is in the past, or no sample is in memory
	if err != nil {
		return time.Time{}, err
	}
	if len(series) == 0 {
		none := errors.New("nothing was scraped in the last five minutes")
		return time.Time{}, &sources.Fault{Kind: sources.NoData, Store: s.name, Err: none}
	}
	return time.UnixMilli(int64(series[0].Samples[0].V * 1000)).UTC(), nil
}

// newestInMemory returns the time of the newest sample in memory, or the least int64
// if the store is read-only.
func (s *Store) newestInMemory() int64 {
	if s.db == nil {
		return math.MinInt64
	}
	return max(s.db.Head().MaxTime(), s.db.Head().MaxOOOTime())
}

// seriesOf copies the result of a query, which becomes invalid when the query is
// closed. A warning is a Fault, as in package prometheus.
func (s *Store) seriesOf(ctx context.Context, r *promql.Result) ([]sources.Series, error) {
	if cause := context.Cause(ctx); r.Err != nil && cause != nil {
		return nil, s.fault(fmt.Errorf("%w: %w", r.Err, cause)) // the engine's error does not wrap it
	}
	if r.Err != nil {
		return nil, s.fault(r.Err)
	}
	if warnings, _ := r.Warnings.AsStrings("", 1, 0); len(warnings) > 0 {
		return nil, s.fault(fmt.Errorf("answer comes with a warning: %s", warnings[0]))
	}
	switch v := r.Value.(type) {
	case promql.Matrix:
		return fromMatrix(v), nil
	case promql.Vector:
		return fromVector(v), nil
	case promql.Scalar:
		return fromMatrix(promql.Matrix{{Floats: []promql.FPoint{{T: v.T, F: v.V}}}}), nil
	}
	return nil, s.fault(errors.New("expression gives text, not numbers"))
}

func fromVector(v promql.Vector) []sources.Series {
	m := make(promql.Matrix, len(v))
	for i, sample := range v {
		m[i].Metric = sample.Metric
		if sample.H != nil {
			m[i].Histograms = []promql.HPoint{{T: sample.T, H: sample.H}}
			continue
		}
		m[i].Floats = []promql.FPoint{{T: sample.T, F: sample.F}}
	}
	return fromMatrix(m)
}

// fromMatrix leaves out NaN and infinite values, as package prometheus does.
func fromMatrix(m promql.Matrix) []sources.Series {
	all := make([]sources.Series, 0, len(m))
	for _, stream := range m {
		series := sources.Series{Labels: fromLabels(stream.Metric)}
		for _, p := range stream.Floats {
			if !math.IsNaN(p.F) && !math.IsInf(p.F, 0) {
				series.Samples = append(series.Samples, sources.Sample{T: p.T, V: p.F})
			}
		}
		for _, p := range stream.Histograms {
			if !math.IsNaN(p.H.Sum) {
				series.Histograms = append(series.Histograms, fromHistogram(p.T, p.H))
			}
		}
		if len(series.Samples)+len(series.Histograms) > 0 {
			all = append(all, series)
		}
	}
	return all
}

func fromLabels(set labels.Labels) map[string]string {
	all := make(map[string]string, set.Len())
	set.Range(func(l labels.Label) { all[l.Name] = l.Value })
	return all
}

func fromHistogram(t int64, h *histogram.FloatHistogram) sources.HistogramSample {
	sample := sources.HistogramSample{T: t, Count: h.Count, Sum: h.Sum}
	for it := h.AllBucketIterator(); it.Next(); {
		if b := it.At(); b.Count != 0 {
			sample.Buckets = append(sample.Buckets, sources.Bucket{Lower: b.Lower, Upper: b.Upper, Count: b.Count})
		}
	}
	return sample
}

func (s *Store) fault(err error) error {
	return &sources.Fault{Kind: sources.SourceError, Store: s.name, Err: err}
}
