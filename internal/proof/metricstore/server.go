package metricstore

import (
	"cmp"
	"context"
	"fmt"
	"net"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/prometheus/prometheus/model/timestamp"
	"github.com/prometheus/prometheus/promql"
	"github.com/prometheus/prometheus/promql/parser"
)

// Options are what the store knows. Only Services is required.
type Options struct {
	Services  int              // service-00000 and so on
	Instances int              // of each; 3 where zero
	Seed      uint64           // equal seeds give equal samples
	Now       func() time.Time // nil: the time
}

// Store is a running metric store.
type Store struct {
	options  Options
	engine   *promql.Engine
	parser   parser.Parser
	listener net.Listener
	server   *http.Server
	broken   breakdowns

	asked, sent atomic.Int64
	delay       atomic.Int64
	hanging     atomic.Pointer[chan struct{}] // closed when the store answers again
}

// New returns a store that nobody can ask yet.
func New(o Options) *Store {
	o.Instances = cmp.Or(o.Instances, 3)
	if o.Now == nil {
		o.Now = time.Now
	}
	return &Store{
		options: o, parser: parser.NewParser(parser.Options{}),
		engine: promql.NewEngine(promql.EngineOpts{MaxSamples: 50_000_000, Timeout: time.Minute, EnableAtModifier: true, EnableNegativeOffset: true}),
		broken: breakdowns{since: map[int]int64{}, shown: map[int]Shown{}},
	}
}

// Start listens on loopback.
func Start(o Options) (*Store, error) {
	s := New(o)
	var err error
	if s.listener, err = net.Listen("tcp", "127.0.0.1:0"); err != nil {
		return nil, err
	}
	s.server = &http.Server{Handler: s, ReadHeaderTimeout: time.Minute}
	go func() { _ = s.server.Serve(s.listener) }()
	return s, nil
}

// URL is where the store listens.
func (s *Store) URL() string { return "http://" + s.listener.Addr().String() }

// Close ends all answers.
func (s *Store) Close() error {
	s.Hang(false)
	return s.server.Close()
}

// Counts are what the store was asked since it started.
type Counts struct{ Requests, Bytes int64 }

// Counts returns them.
func (s *Store) Counts() Counts { return Counts{s.asked.Load(), s.sent.Load()} }

// SetDelay has every answer wait.
func (s *Store) SetDelay(d time.Duration) { s.delay.Store(int64(d)) }

// Hang has the store answer nobody until it is called with false.
func (s *Store) Hang(on bool) {
	var next *chan struct{}
	if on {
		open := make(chan struct{})
		next = &open
	}
	if before := s.hanging.Swap(next); before != nil {
		close(*before)
	}
}

// bodies are used again, because the garbage of large answers would cost more than they do.
var bodies = sync.Pool{New: func() any { return new([]byte) }}

// ServeHTTP answers the two queries of Prometheus's API.
func (s *Store) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.asked.Add(1)
	if !s.wait(r.Context()) {
		return
	}
	var value parser.Value
	seen := s.newSeen()
	q, err := readQuestion(r)
	if err == nil {
		value, err = s.evaluate(r.Context(), q, seen)
	}
	w.Header().Set("Content-Type", "application/json")
	body := bodies.Get().(*[]byte)
	defer bodies.Put(body)
	if err != nil {
		w.WriteHeader(http.StatusBadRequest)
		*body = fmt.Appendf((*body)[:0], `{"status":"error","errorType":"bad_data","error":%q}`, err.Error())
	} else {
		*body = appendAnswer((*body)[:0], value)
	}
	n, _ := w.Write(*body)
	s.sent.Add(int64(n))
	seen.answered(s.options.Now())
}

// wait is false where the client gave up.
func (s *Store) wait(ctx context.Context) bool {
	if open := s.hanging.Load(); open != nil {
		select {
		case <-*open:
		case <-ctx.Done():
			return false
		}
	}
	d := time.Duration(s.delay.Load())
	if d <= 0 {
		return true
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-ctx.Done():
		return false
	}
}

// question is a query as it was asked.
type question struct {
	text    string
	span    span
	isRange bool
}

func readQuestion(r *http.Request) (q question, err error) {
	q = question{text: r.FormValue("query"), isRange: strings.HasSuffix(r.URL.Path, "/query_range")}
	if !q.isRange {
		q.span.from, err = millis(r, "time")
		q.span.to, q.span.step = q.span.from, 1
		return q, err
	}
	for name, value := range map[string]*int64{"start": &q.span.from, "end": &q.span.to, "step": &q.span.step} {
		if *value, err = millis(r, name); err != nil {
			return q, err
		}
	}
	if q.span.step <= 0 || (q.span.to-q.span.from)/q.span.step > 11_000 {
		err = fmt.Errorf("step %q does not fit the range", r.FormValue("step"))
	}
	return q, err
}

func (s *Store) evaluate(ctx context.Context, q question, seen *seen) (parser.Value, error) {
	expr, err := s.parser.ParseExpr(q.text)
	if err != nil {
		return nil, err
	}
	if matchers, ok := bareSelector(expr); ok {
		found := s.bare(matchers, q.span, seen)
		if q.isRange {
			return found, nil
		}
		return vectorOf(found), nil
	}
	from, to := timestamp.Time(q.span.from), timestamp.Time(q.span.to)
	if q.isRange {
		running, err := s.engine.NewRangeQuery(ctx, queryable{s, seen}, nil, q.text, from, to, time.Duration(q.span.step)*time.Millisecond)
		return execute(ctx, running, err)
	}
	running, err := s.engine.NewInstantQuery(ctx, queryable{s, seen}, nil, q.text, to)
	return execute(ctx, running, err)
}

// execute returns a copy of the result, which ends with the query.
func execute(ctx context.Context, q promql.Query, err error) (parser.Value, error) {
	if err != nil {
		return nil, err
	}
	defer q.Close()
	result := q.Exec(ctx)
	if m, ok := result.Value.(promql.Matrix); ok && result.Err == nil {
		copied := make(promql.Matrix, len(m))
		for i, line := range m {
			copied[i] = promql.Series{Metric: line.Metric, Floats: append([]promql.FPoint(nil), line.Floats...)}
		}
		return copied, nil
	}
	return result.Value, result.Err
}

// millis reads seconds.
func millis(r *http.Request, name string) (int64, error) {
	seconds, err := strconv.ParseFloat(r.FormValue(name), 64)
	if err != nil {
		return 0, fmt.Errorf("%s is no number of seconds: %q", name, r.FormValue(name))
	}
	return int64(seconds*1000 + 0.5), nil
}
