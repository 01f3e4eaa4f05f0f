package metricstore

import (
	"context"
	"slices"

	"github.com/prometheus/prometheus/model/histogram"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/storage"
	"github.com/prometheus/prometheus/tsdb/chunkenc"
	"github.com/prometheus/prometheus/util/annotations"
)

// queryable is the store as Prometheus's engine reads it, for one query.
type queryable struct {
	store *Store
	seen  *seen
}

// Querier implements storage.Queryable.
func (q queryable) Querier(from, to int64) (storage.Querier, error) {
	return querier{queryable: q, from: from, to: to}, nil
}

type querier struct {
	storage.LabelQuerier // the engine asks for no labels
	queryable
	from, to int64
}

// Close implements storage.Querier.
func (querier) Close() error { return nil }

// Select implements storage.Querier.
func (q querier) Select(_ context.Context, sorted bool, hints *storage.SelectHints, matchers ...*labels.Matcher) storage.SeriesSet {
	from, to := q.from, q.to
	if hints != nil {
		from, to = hints.Start, hints.End
	}
	found := q.store.selection(matchers)
	q.seen.note(found, to)
	set := &seriesSet{from: from, to: to, next: -1}
	for _, x := range found {
		set.all = append(set.all, labelled{x, x.labels(), from, to})
	}
	if sorted {
		slices.SortFunc(set.all, func(a, b labelled) int { return labels.Compare(a.set, b.set) })
	}
	return set
}

type labelled struct {
	series
	set      labels.Labels
	from, to int64
}

// Labels implements storage.Series.
func (x labelled) Labels() labels.Labels { return x.set }

// Iterator implements storage.Series.
func (x labelled) Iterator(chunkenc.Iterator) chunkenc.Iterator {
	first, last := x.bounds(x.from, x.to)
	return &samples{offset: x.store.offset(x.service, x.instance), value: x.metric.samples(x.target), next: first, last: last}
}

type seriesSet struct {
	all      []labelled
	from, to int64
	next     int
}

// Next implements storage.SeriesSet.
func (s *seriesSet) Next() bool { s.next++; return s.next < len(s.all) }

// At implements storage.SeriesSet.
func (s *seriesSet) At() storage.Series { return s.all[s.next] }

// Err implements storage.SeriesSet.
func (*seriesSet) Err() error { return nil }

// Warnings implements storage.SeriesSet.
func (*seriesSet) Warnings() annotations.Annotations { return nil }

// samples iterates over the scrapes of one series.
type samples struct {
	offset          int64
	value           samplesOf
	now, next, last int64
	begun           bool
}

// Next implements chunkenc.Iterator.
func (i *samples) Next() chunkenc.ValueType {
	if i.next > i.last {
		return chunkenc.ValNone
	}
	i.now, i.next, i.begun = i.next, i.next+1, true
	return chunkenc.ValFloat
}

// unixMilli names the moment of Seek. With the plain int64, vet takes it for io.Seeker's.
type unixMilli = int64

// Seek implements chunkenc.Iterator.
func (i *samples) Seek(t unixMilli) chunkenc.ValueType {
	if i.begun && i.AtT() >= t {
		return chunkenc.ValFloat
	}
	i.next = max(i.next, (t-1-i.offset)/scrapeMillis+1)
	return i.Next()
}

// At implements chunkenc.Iterator.
func (i *samples) At() (int64, float64) { return i.AtT(), i.value(i.now) }

// AtT implements chunkenc.Iterator.
func (i *samples) AtT() int64 { return i.now*scrapeMillis + i.offset }

// AtST implements chunkenc.Iterator.
func (*samples) AtST() int64 { return 0 }

// AtHistogram implements chunkenc.Iterator. There are no native histograms.
func (*samples) AtHistogram(*histogram.Histogram) (int64, *histogram.Histogram) { return 0, nil }

// AtFloatHistogram implements chunkenc.Iterator.
func (*samples) AtFloatHistogram(*histogram.FloatHistogram) (int64, *histogram.FloatHistogram) {
	return 0, nil
}

// Err implements chunkenc.Iterator.
func (*samples) Err() error { return nil }
