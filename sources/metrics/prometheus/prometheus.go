// Package prometheus queries metric stores with Prometheus's HTTP API: Prometheus
// itself, VictoriaMetrics, Thanos and Mimir
// (https://prometheus.io/docs/prometheus/latest/querying/api/).
//
// An answer must be complete. A warning, a partial answer, a truncated body, a
// login page in HTML, and an answer that is too large are each a Fault of kind
// source_error, because an answer that lacks some series looks like an outage of
// the service. An empty result is no fault: the detector decides whether a missing
// signal was lost or never existed, and Heartbeat says whether the store itself
// still receives samples.
//
// NaN and infinite values are left out: 0/0 means that nothing was measured.
//
// Authors of rules may notice one difference between the stores: rate and increase
// in VictoriaMetrics include the last sample before the window and do not
// extrapolate, so that the same rule gives other numbers there. VictoriaMetrics
// also hides the newest 30 s (-search.latencyOffset); set latency_offset to the
// same value.
package prometheus

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math"
	"net/http"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/api"
	v1 "github.com/prometheus/client_golang/api/prometheus/v1"
	"github.com/prometheus/common/model"

	"github.com/pushback/pushback/sources"
	"github.com/pushback/pushback/sources/metrics"
	"github.com/pushback/pushback/sources/metrics/promql"
)

// maxPointsPerAnswer is how many points of a series Prometheus returns in one
// answer. Longer ranges are queried in parts.
const maxPointsPerAnswer = 11_000

// Store queries one server. It is safe for concurrent use.
type Store struct {
	name   string
	config Config
	client *http.Client
	api    v1.API
	now    func() time.Time // the current time, for latency_offset

	measured atomic.Int64 // measured scrape interval in nanoseconds; 0: not known
}

// New makes a store. It opens no connection, so that Pushback starts while the
// server is down; the first query then returns a Fault.
func New(o metrics.Options, c Config) (*Store, error) {
	name := o.Name
	c = c.withDefaults()
	if err := c.check(); err != nil {
		return nil, err
	}
	client, err := c.client(name)
	if err != nil {
		return nil, err
	}
	conn, err := api.NewClient(api.Config{Address: c.URL, Client: client})
	if err != nil {
		return nil, errors.New("url cannot be parsed") // its text may hold a password
	}
	return &Store{name: name, config: c, client: client, api: v1.NewAPI(readAnswers{conn, client}), now: time.Now}, nil
}

// Name is the store's name in pushback.yml.
func (s *Store) Name() string { return s.name }

// Language is PromQL.
func (s *Store) Language() sources.Language { return promql.Language{} }

// Run does nothing.
func (s *Store) Run(context.Context) error { return nil }

// Resolution is the scrape interval, from pushback.yml or as MeasureResolution
// found it. A smaller step shows no more samples.
func (s *Store) Resolution() time.Duration {
	return cmp.Or(s.config.Resolution, time.Duration(s.measured.Load()), defaultResolution)
}

// Latency is how long the store hides its newest samples.
func (s *Store) Latency() time.Duration { return s.config.LatencyOffset }

// MaxQueries is how many queries are asked at once at most; 0 where pushback.yml does not say.
func (s *Store) MaxQueries() int { return s.config.MaxQueries }

// HeartbeatExpr is an expression for the time of the newest sample of any series.
func (s *Store) HeartbeatExpr() string { return s.config.Heartbeat }

// Close closes idle connections.
func (s *Store) Close() error {
	s.client.CloseIdleConnections()
	return nil
}

// Range evaluates q at w.From and every q.Step after it, up to w.To or to now −
// latency_offset. An empty result is no error.
func (s *Store) Range(ctx context.Context, q sources.Query, w sources.Window) ([]sources.Series, error) {
	if q.Step < time.Millisecond {
		return nil, s.sourceError(fmt.Errorf("step %s is below a millisecond", q.Step))
	}
	w = s.limitToComplete(w)
	var joined seriesJoiner
	for from := w.From; !from.After(w.To); from = from.Add(maxPointsPerAnswer * q.Step) {
		to := from.Add((maxPointsPerAnswer - 1) * q.Step)
		if to.After(w.To) {
			to = w.To
		}
		part, err := s.queryPart(ctx, q, sources.Window{From: from, To: to})
		if err != nil {
			return nil, err
		}
		joined.add(part)
	}
	return joined.series, nil
}

// limitToComplete ends the window at the time up to which the store shows all
// samples, and truncates both ends to the milliseconds of the API.
func (s *Store) limitToComplete(w sources.Window) sources.Window {
	w.From, w.To = w.From.Truncate(time.Millisecond), s.limitTime(w.To)
	return w
}

// limitTime returns t, or the time up to which the store shows all samples if that is
// earlier, in whole milliseconds.
func (s *Store) limitTime(t time.Time) time.Time {
	if edge := s.now().Add(-s.config.LatencyOffset); s.config.LatencyOffset > 0 && t.After(edge) {
		t = edge
	}
	return t.Truncate(time.Millisecond)
}

// queryPart queries at most maxPointsPerAnswer points.
func (s *Store) queryPart(ctx context.Context, q sources.Query, w sources.Window) ([]sources.Series, error) {
	ctx, cancel := context.WithTimeout(ctx, s.config.Timeout)
	defer cancel()
	r := v1.Range{Start: w.From, End: w.To, Step: q.Step}
	var read model.Matrix
	value, warnings, _, err := s.api.QueryRange(wantsMatrix(ctx, &read), q.Expr, r, v1.WithTimeout(s.config.Timeout))
	if read != nil {
		value = read
	}
	if err == nil {
		err = checkRange(value, w, q.Step)
	}
	return s.seriesOf(value, warnings, err)
}

// Instant evaluates expr at one time and returns one sample for each series.
func (s *Store) Instant(ctx context.Context, expr string, at time.Time) ([]sources.Series, error) {
	ctx, cancel := context.WithTimeout(ctx, s.config.Timeout)
	defer cancel()
	value, warnings, _, err := s.api.Query(ctx, expr, s.limitTime(at), v1.WithTimeout(s.config.Timeout))
	if err == nil {
		err = checkInstant(value, at)
	}
	return s.seriesOf(value, warnings, err)
}

// Heartbeat returns the time of the newest sample of any series, as of the time at. A
// store without samples is a Fault of kind no_data.
func (s *Store) Heartbeat(ctx context.Context, at time.Time) (time.Time, error) {
	series, err := s.Instant(ctx, s.config.Heartbeat, at)
	if err != nil {
		return time.Time{}, err
	}
	newest := math.Inf(-1)
	for _, line := range series {
		for _, sample := range line.Samples {
			newest = max(newest, sample.V)
		}
	}
	if math.IsInf(newest, -1) {
		return time.Time{}, s.noData()
	}
	beat := time.UnixMilli(int64(newest * 1000)).UTC()
	if newest > maxUnixSeconds || beat.Sub(at) > maxAhead {
		return time.Time{}, s.sourceError(fmt.Errorf("heartbeat says %g, which is in the future: is the store's clock right?", newest))
	}
	return beat, nil
}
