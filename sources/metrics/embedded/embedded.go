// Package embedded is a metric store inside the process, for those who have
// none yet: Prometheus's own time-series database, PromQL engine and scraper,
// with the targets listed in pushback.yml.
//
// It is Prometheus as a library and nothing in between, so that a rule gives
// the same numbers here and on a real one, and a user who outgrows it moves
// by changing one block of pushback.yml. What is left out on purpose: service
// discovery, recording rules, remote write, and an HTTP API of its own.
//
// Prometheus's metrics about itself go to a registry that nobody serves: our
// own page tells what there is to know.
//
//	New opens the database   Run scrapes until its context ends   Close flushes
//	OpenReadOnly looks into the database of a process that may be running
//	InMemory asks series that are given whole, for the unit tests of rules
package embedded

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	promqllang "github.com/pushback/pushback/sources/metrics/promql"

	client "github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql"
	"github.com/prometheus/prometheus/storage"
	"github.com/prometheus/prometheus/tsdb"

	"github.com/pushback/pushback/sources"
	"github.com/pushback/pushback/sources/metrics"
)

// maxSamples bounds what one query may hold in memory: Prometheus's default.
const maxSamples = 50_000_000

// Store is the database with its engine. It is safe for concurrent use.
type Store struct {
	name      string
	config    Config
	log       *slog.Logger
	registry  *client.Registry
	db        *tsdb.DB // nil where the store was opened to be read only
	queryable storage.Queryable
	engine    *promql.Engine
	close     func() error // of the database
}

// New opens the database in c.Dir, and creates it where it is missing. A lock file there
// keeps a second process out. With access ReadOnly it opens the database as it is now,
// and Run and Append fail; with Check it only checks the settings.
func New(o metrics.Options, c Config) (*Store, error) {
	c = c.withDefaults()
	if err := c.check(); err != nil {
		return nil, err
	}
	switch o.Access {
	case metrics.Check:
		return &Store{name: o.Name, config: c, engine: c.engine(o.Log, client.NewRegistry()), close: func() error { return nil }}, nil
	case metrics.ReadOnly:
		return openReadOnly(o.Name, c, o.Log)
	}
	return openDatabase(o.Name, c, o.Log)
}

func openDatabase(name string, c Config, log *slog.Logger) (*Store, error) {
	registry := client.NewRegistry()
	db, err := tsdb.Open(c.Dir, log, registry, c.database(), nil)
	if err != nil {
		return nil, fmt.Errorf("dir: opening the database (is another process using it?): %w", err)
	}
	return &Store{
		name: name, config: c, log: log, registry: registry,
		db: db, queryable: db, close: db.Close, engine: c.engine(log, registry),
	}, nil
}

func (c Config) engine(log *slog.Logger, registry *client.Registry) *promql.Engine {
	return promql.NewEngine(promql.EngineOpts{
		Logger: log, Reg: registry,
		MaxSamples: maxSamples, Timeout: c.Timeout,
		EnableAtModifier: true, EnableNegativeOffset: true,
	})
}

// database gives the options. The out-of-order window is the whole retention,
// so that history can be appended series by series.
func (c Config) database() *tsdb.Options {
	o := tsdb.DefaultOptions()
	o.RetentionDuration = c.Retention.Milliseconds()
	o.OutOfOrderTimeWindow = c.Retention.Milliseconds()
	return o
}

// Close ends all queries and flushes to disk. Run must have returned.
func (s *Store) Close() error {
	if err := errors.Join(s.engine.Close(), s.close()); err != nil {
		return fmt.Errorf("metric store %s: closing: %w", s.name, err)
	}
	return nil
}

// Name is the store's name in pushback.yml.
func (s *Store) Name() string { return s.name }

// Language is PromQL.
func (s *Store) Language() sources.Language { return promqllang.Language{} }

// Resolution is the scrape interval: no step below it shows more.
func (s *Store) Resolution() time.Duration { return s.config.ScrapeInterval }

// Latency is 0: a sample can be read as soon as it is stored.
func (s *Store) Latency() time.Duration { return 0 }

// MeasureResolution does nothing: the store scrapes at the interval that pushback.yml says.
func (s *Store) MeasureResolution(context.Context) error { return nil }

// Append writes the samples of every series, of any age within the retention,
// in any order: history for a demonstration or a test. A series carries its
// metric's name as __name__. Native histograms are refused.
func (s *Store) Append(ctx context.Context, all []sources.Series) error {
	if s.db == nil {
		return s.fault(errors.New("appending: the store was opened to be read only"))
	}
	for _, line := range all {
		if len(line.Histograms) > 0 {
			return s.fault(errors.New("appending: native histograms come by scraping only"))
		}
		if err := s.appendSeries(ctx, line); err != nil {
			return s.fault(fmt.Errorf("appending %s: %w", line.Labels[model.MetricNameLabel], err))
		}
	}
	return nil
}

// appendSeries commits one series as a whole.
func (s *Store) appendSeries(ctx context.Context, line sources.Series) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	a := s.db.Appender(ctx)
	set := labels.FromMap(line.Labels)
	for _, sample := range line.Samples {
		if _, err := a.Append(0, set, sample.T, sample.V); err != nil {
			return errors.Join(err, a.Rollback())
		}
	}
	return a.Commit()
}
