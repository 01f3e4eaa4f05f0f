package embedded

import (
	"context"
	"log/slog"
	"slices"
	"time"

	client "github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/storage"
	"github.com/prometheus/prometheus/util/annotations"
)

// InMemory returns a store of the given series, for the unit tests of rules. It uses
// the same query engine as the other stores, and writes nothing to disk; Run and
// Append fail. interval is the time between two samples.
func InMemory(name string, interval time.Duration, all []storage.Series, log *slog.Logger) *Store {
	c := Config{ScrapeInterval: interval}.withDefaults()
	registry := client.NewRegistry()
	sorted := slices.SortedFunc(slices.Values(all), func(a, b storage.Series) int { return labels.Compare(a.Labels(), b.Labels()) })
	return &Store{
		name: name, config: c, log: log, registry: registry, queryable: seriesList(sorted), engine: c.engine(log, registry),
		close: func() error { return nil },
	}
}

// seriesList is a read-only database of series, sorted by their labels.
type seriesList []storage.Series

// Querier ignores the bounds, because the engine selects samples by time itself.
func (l seriesList) Querier(_, _ int64) (storage.Querier, error) { return l, nil }

// Select returns the series that match all matchers.
func (l seriesList) Select(_ context.Context, _ bool, _ *storage.SelectHints, matchers ...*labels.Matcher) storage.SeriesSet {
	found := &seriesIterator{at: -1}
	for _, s := range l {
		set := s.Labels()
		if !slices.ContainsFunc(matchers, func(m *labels.Matcher) bool { return !m.Matches(set.Get(m.Name)) }) {
			found.series = append(found.series, s)
		}
	}
	return found
}

// LabelValues returns nothing, because no PromQL function needs it.
func (seriesList) LabelValues(context.Context, string, *storage.LabelHints, ...*labels.Matcher) ([]string, annotations.Annotations, error) {
	return nil, nil, nil
}

// LabelNames returns nothing, because no PromQL function needs it.
func (seriesList) LabelNames(context.Context, *storage.LabelHints, ...*labels.Matcher) ([]string, annotations.Annotations, error) {
	return nil, nil, nil
}

// Close does nothing.
func (seriesList) Close() error { return nil }

// seriesIterator iterates over the series that Select found.
type seriesIterator struct {
	series []storage.Series
	at     int
}

func (s *seriesIterator) Next() bool                        { s.at++; return s.at < len(s.series) }
func (s *seriesIterator) At() storage.Series                { return s.series[s.at] }
func (s *seriesIterator) Err() error                        { return nil }
func (s *seriesIterator) Warnings() annotations.Annotations { return nil }
