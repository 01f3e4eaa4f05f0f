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

// InMemory is a store of series that are all known beforehand: the unit tests
// of rules are asked through it, by the engine that asks every other database
// here. It writes nothing to disk; Run and Append fail. interval is how far
// apart the samples are.
func InMemory(name string, interval time.Duration, all []storage.Series, log *slog.Logger) *Store {
	c := Config{ScrapeInterval: interval}.withDefaults()
	registry := client.NewRegistry()
	sorted := slices.SortedFunc(slices.Values(all), func(a, b storage.Series) int { return labels.Compare(a.Labels(), b.Labels()) })
	return &Store{
		name: name, config: c, log: log, registry: registry, queryable: seriesList(sorted), engine: c.engine(log, registry),
		close: func() error { return nil },
	}
}

// seriesList is a database of whole series, sorted by their labels. It is never
// written, and so its own querier.
type seriesList []storage.Series

// Querier ignores the bounds: the engine takes of a series what it asked for.
func (m seriesList) Querier(_, _ int64) (storage.Querier, error) { return m, nil }

// Select gives the series that every matcher allows.
func (m seriesList) Select(_ context.Context, _ bool, _ *storage.SelectHints, matchers ...*labels.Matcher) storage.SeriesSet {
	found := &seriesIterator{at: -1}
	for _, s := range m {
		set := s.Labels()
		if !slices.ContainsFunc(matchers, func(m *labels.Matcher) bool { return !m.Matches(set.Get(m.Name)) }) {
			found.series = append(found.series, s)
		}
	}
	return found
}

// LabelValues is asked by no PromQL function.
func (seriesList) LabelValues(context.Context, string, *storage.LabelHints, ...*labels.Matcher) ([]string, annotations.Annotations, error) {
	return nil, nil, nil
}

// LabelNames is asked by no PromQL function.
func (seriesList) LabelNames(context.Context, *storage.LabelHints, ...*labels.Matcher) ([]string, annotations.Annotations, error) {
	return nil, nil, nil
}

// Close has nothing to close.
func (seriesList) Close() error { return nil }

// seriesIterator walks through what Select found.
type seriesIterator struct {
	series []storage.Series
	at     int
}

func (s *seriesIterator) Next() bool                        { s.at++; return s.at < len(s.series) }
func (s *seriesIterator) At() storage.Series                { return s.series[s.at] }
func (s *seriesIterator) Err() error                        { return nil }
func (s *seriesIterator) Warnings() annotations.Annotations { return nil }
