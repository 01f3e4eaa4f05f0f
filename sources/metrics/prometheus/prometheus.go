// Package prometheus asks any store that speaks Prometheus's HTTP API:
// Prometheus itself, VictoriaMetrics, Thanos and Mimir
// (prometheus.io/docs/prometheus/latest/querying/api).
//
// An answer is taken whole or not at all. A warning, a partial answer, a cut
// body, a login page in HTML, or one too large to be meant is a Fault of kind
// source_error, because half the series of a service look just like an
// outage. An empty result is no fault: whether a signal that is not there was
// lost, or never was, the detector says, and Heartbeat tells it whether the
// store itself is alive.
//
// Values that are no numbers, NaN and the infinities, are dropped: 0/0 means
// that nothing was measured.
//
// The stores differ where a rule's author may notice: VictoriaMetrics's rate
// and increase take in the last sample before the window and do not
// extrapolate, so the same rule gives other numbers there. It also hides the
// newest 30 s (-search.latencyOffset); set latency_offset to the same value.
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

	"github.com/pushback/pushback/sources"
	"github.com/pushback/pushback/sources/metrics"
	"github.com/pushback/pushback/sources/metrics/promql"
)

// maxPointsPerAnswer is the most points a series that Prometheus gives in one answer;
// longer ranges are asked for in parts.
const maxPointsPerAnswer = 11_000

// Store answers queries from one server. It is safe for concurrent use.
type Store struct {
	name   string
	config Config
	client *http.Client
	api    v1.API
	now    func() time.Time // what latency_offset counts back from

	measured atomic.Int64 // nanoseconds between two scrapes; 0: not known
}

// New makes a store called name. It opens no connection: a server that is
// down at start is a fault of the first query, not of the program.
func New(o metrics.Options, c Config) (*Store, error) {
	name := o.Name
	c = c.withDefaults()
	if err := c.check(); err != nil {
		return nil, err
	}
	transport, err := c.transport(name)
	if err != nil {
		return nil, err
	}
	client := &http.Client{Transport: transport}
	conn, err := api.NewClient(api.Config{Address: c.URL, Client: client})
	if err != nil {
		return nil, errors.New("url cannot be parsed") // its text may hold a password
	}
	return &Store{name: name, config: c, client: client, api: v1.NewAPI(conn), now: time.Now}, nil
}

// Name is the store's name in pushback.yml.
func (s *Store) Name() string { return s.name }

// Language is PromQL.
func (s *Store) Language() sources.Language { return promql.Language{} }

// Run has nothing to do.
func (s *Store) Run(context.Context) error { return nil }

// Resolution is the scrape interval: no step below it shows more. It is what
// pushback.yml says, or what MeasureResolution found.
func (s *Store) Resolution() time.Duration {
	return cmp.Or(s.config.Resolution, time.Duration(s.measured.Load()), defaultResolution)
}

// Latency is how long the store hides its newest samples.
func (s *Store) Latency() time.Duration { return s.config.LatencyOffset }

// HeartbeatExpr is an expression for the time of the newest sample of anything.
func (s *Store) HeartbeatExpr() string { return s.config.Heartbeat }

// Close gives up idle connections.
func (s *Store) Close() error {
	s.client.CloseIdleConnections()
	return nil
}

// Range evaluates q at w.From and every q.Step after it up to w.To, as far as
// the store has got (now − latency_offset). No series is no error.
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

// limitToComplete cuts the window's end back to what the store shows completely, and
// both ends to the milliseconds the API knows.
func (s *Store) limitToComplete(w sources.Window) sources.Window {
	w.From, w.To = w.From.Truncate(time.Millisecond), s.limitTime(w.To)
	return w
}

func (s *Store) limitTime(t time.Time) time.Time {
	if edge := s.now().Add(-s.config.LatencyOffset); s.config.LatencyOffset > 0 && t.After(edge) {
		t = edge
	}
	return t.Truncate(time.Millisecond)
}

// queryPart asks for at most maxPoints.
func (s *Store) queryPart(ctx context.Context, q sources.Query, w sources.Window) ([]sources.Series, error) {
	ctx, cancel := context.WithTimeout(ctx, s.config.Timeout)
	defer cancel()
	r := v1.Range{Start: w.From, End: w.To, Step: q.Step}
	value, warnings, _, err := s.api.QueryRange(ctx, q.Expr, r, v1.WithTimeout(s.config.Timeout))
	if err == nil {
		err = checkRange(value, w, q.Step)
	}
	return s.seriesOf(value, warnings, err)
}

// Instant evaluates expr once and gives one sample a series.
func (s *Store) Instant(ctx context.Context, expr string, at time.Time) ([]sources.Series, error) {
	ctx, cancel := context.WithTimeout(ctx, s.config.Timeout)
	defer cancel()
	value, warnings, _, err := s.api.Query(ctx, expr, s.limitTime(at), v1.WithTimeout(s.config.Timeout))
	if err == nil {
		err = checkInstant(value, at)
	}
	return s.seriesOf(value, warnings, err)
}

// Heartbeat is the time of the newest sample of anything that the store has
// at that moment. Nothing at all is a Fault of kind no_data.
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
