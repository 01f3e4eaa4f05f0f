// Package embedded is a metric store inside the process, for users who have none:
// Prometheus's time-series database, PromQL engine and scraper, with the targets
// listed in pushback.yml.
//
// It uses Prometheus as a library, so that a rule computes the same numbers here
// and with a Prometheus server. A user can move to a server by changing one block
// of pushback.yml. It has no service discovery, recording rules, remote write or
// HTTP API.
//
// Prometheus's metrics about itself go to a registry that is not served.
//
//	New opens the database   Run scrapes until its context ends   Close flushes
//	New with metrics.ReadOnly reads the database of a process that may be running
//	InMemory queries given series, for the unit tests of rules
package embedded

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"time"

	client "github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/model/value"
	"github.com/prometheus/prometheus/promql"
	"github.com/prometheus/prometheus/storage"
	"github.com/prometheus/prometheus/tsdb"

	"github.com/pushback/pushback/sources"
	"github.com/pushback/pushback/sources/metrics"
	promqllang "github.com/pushback/pushback/sources/metrics/promql"
)

// maxSamples bounds the samples that one query holds in memory. It is Prometheus's
// default.
const maxSamples = 50_000_000

// Store is the database with its engine. It is safe for concurrent use.
type Store struct {
	name      string
	config    Config
	log       *slog.Logger
	registry  *client.Registry
	db        *tsdb.DB // nil if the store is read-only
	queryable storage.Queryable
	engine    *promql.Engine
	close     func() error // of the database
	targets   targets
}

// New opens the database in c.Dir, and creates it if it is missing. A lock file keeps
// other processes from opening it. With metrics.ReadOnly it opens the database as it is
// now, and Run and Append fail. With metrics.Check it only checks the settings.
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
		return nil, fmt.Errorf("dir: cannot open the database; another process may be using it: %w", err)
	}
	return &Store{
		name: name, config: c, log: log, registry: registry,
		db: db, queryable: db, close: db.Close, engine: c.engine(log, registry),
	}, nil
}

// engine returns the PromQL engine.
func (c Config) engine(log *slog.Logger, registry *client.Registry) *promql.Engine {
	return promql.NewEngine(promql.EngineOpts{
		Logger: log, Reg: registry,
		MaxSamples: maxSamples, Timeout: c.Timeout,
		EnableAtModifier: true, EnableNegativeOffset: true,
	})
}

// database returns the options of the database. Its out-of-order window is the whole
// retention, so that Append can add old samples of one series after another.
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

// Resolution is the scrape interval. A smaller step shows no more samples.
func (s *Store) Resolution() time.Duration { return s.config.ScrapeInterval }

// Latency is 0, because a sample can be read as soon as it is stored.
func (s *Store) Latency() time.Duration { return 0 }

// MeasureResolution does nothing, because the store itself sets the scrape interval.
func (s *Store) MeasureResolution(context.Context) error { return nil }

// Append writes the samples of the given series, in any order and of any age within
// the retention, for the demo and for tests. The label __name__ of a series is the
// name of its metric. Native histograms are refused.
func (s *Store) Append(ctx context.Context, all []sources.Series) error {
	if s.db == nil {
		return s.fault(errors.New("appending: the store is read-only"))
	}
	for _, series := range all {
		if len(series.Histograms) > 0 {
			return s.fault(errors.New("appending: native histograms can only be scraped"))
		}
		if err := s.appendSeries(ctx, series); err != nil {
			return s.fault(fmt.Errorf("appending %s: %w", series.Labels[model.MetricNameLabel], err))
		}
	}
	return nil
}

// Record writes the samples of all series in one transaction, for those who measure in this
// process: no query sees a part of them.
func (s *Store) Record(ctx context.Context, all []sources.Series) error {
	return s.together(ctx, all, func(sample sources.Sample) sources.Sample { return sample })
}

// End marks series as ended at a time, so that queries do not go on with their last values
// for five minutes.
func (s *Store) End(ctx context.Context, at time.Time, all []sources.Series) error {
	stale := sources.Sample{T: at.UnixMilli(), V: math.Float64frombits(value.StaleNaN)}
	return s.together(ctx, all, func(sources.Sample) sources.Sample { return stale })
}

// together appends every sample of every series, as made by change, in one transaction.
func (s *Store) together(ctx context.Context, all []sources.Series, change func(sources.Sample) sources.Sample) error {
	if s.db == nil {
		return s.fault(errors.New("recording: the store is read-only"))
	}
	a := s.db.Appender(ctx)
	for _, series := range all {
		set := labels.FromMap(series.Labels)
		for _, sample := range series.Samples {
			made := change(sample)
			if _, err := a.Append(0, set, made.T, made.V); err != nil {
				return s.fault(fmt.Errorf("recording %s: %w", series.Labels[model.MetricNameLabel], errors.Join(err, a.Rollback())))
			}
		}
	}
	if err := a.Commit(); err != nil {
		return s.fault(fmt.Errorf("recording: %w", err))
	}
	return nil
}

// appendSeries writes one series in one transaction.
func (s *Store) appendSeries(ctx context.Context, series sources.Series) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	a := s.db.Appender(ctx)
	set := labels.FromMap(series.Labels)
	for _, sample := range series.Samples {
		if _, err := a.Append(0, set, sample.T, sample.V); err != nil {
			return errors.Join(err, a.Rollback())
		}
	}
	return a.Commit()
}
