package server

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/pushback/pushback/detector"
	"github.com/pushback/pushback/internal/proof/servertest"
	"github.com/pushback/pushback/internal/server/api"
	"github.com/pushback/pushback/internal/store"
	"github.com/pushback/pushback/internal/store/storetest"
	"github.com/pushback/pushback/notify"
	"github.com/pushback/pushback/rollback"
	"github.com/pushback/pushback/sources"
	"github.com/pushback/pushback/watch"
)

const (
	token    = "correct-horse-battery-staple"
	oldToken = "the-one-before-the-rotation"
	shared   = "It's a Secret to Everybody"
)

var testNow = time.Date(2026, time.November, 22, 22, 0, 0, 0, time.UTC)

// testServer is a server with a real store behind it.
type testServer struct {
	*httptest.Server
	t      *testing.T
	store  *store.Store
	log    *servertest.Log
	server *Server
}

func openStore(tb testing.TB) *store.Store {
	tb.Helper()
	return storetest.Open(tb, store.Open)
}

func tokenFile(tb testing.TB) string {
	tb.Helper()
	file := filepath.Join(tb.TempDir(), "tokens")
	if err := os.WriteFile(file, []byte("# rotated yearly\n"+token+"\n\n"+oldToken+"\n"), 0o600); err != nil {
		tb.Fatal(err)
	}
	return file
}

// listen serves a server on loopback; change alters its options first.
func listen(t *testing.T, change func(*Options)) *testServer {
	t.Helper()
	p := &testServer{t: t, store: openStore(t), log: new(servertest.Log)}
	o := Options{
		Engine: storeEngine{p.store}, Store: p.store, Ready: func() []api.ComponentProblem { return nil },
		Now: func() time.Time { return testNow }, Version: "test", Listen: "127.0.0.1:0", TokenFile: tokenFile(t),
		Log: slog.New(slog.NewJSONHandler(p.log, &slog.HandlerOptions{Level: slog.LevelDebug})),
	}
	if change != nil {
		change(&o)
	}
	var err error
	if p.server, err = New(o); err != nil {
		t.Fatal(err)
	}
	p.server.shared.keep = 0 // tests store what happens, and ask at once
	p.Server = httptest.NewUnstartedServer(p.server.handler)
	p.Config.ConnContext = withOwner
	p.Start()
	t.Cleanup(p.Close)
	p.Client().CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return p
}

// sending is a subscription to these keys, whatever is wanted.
func sending(keys <-chan string) Subscribe {
	return func(func(string, bool) bool) (<-chan string, func()) { return keys, func() {} }
}

// ask sends one request; headers come as name, value, name, value. The header
// Host sets the host asked for.
func (p *testServer) ask(method, path, body string, headers ...string) (status int, answer string, h http.Header) {
	p.t.Helper()
	r, err := http.NewRequestWithContext(p.t.Context(), method, p.URL+path, strings.NewReader(body))
	if err != nil {
		p.t.Fatal(err)
	}
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	r.Host = r.Header.Get("Host")
	w, err := p.Client().Do(r)
	if err != nil {
		p.t.Fatal(err)
	}
	defer w.Body.Close()
	b, err := io.ReadAll(w.Body)
	if err != nil {
		p.t.Fatal(err)
	}
	return w.StatusCode, string(b), w.Header
}

// changes counts the stored changes.
func (p *testServer) changes() int {
	p.t.Helper()
	found, err := p.store.Changes(context.Background(), store.ChangeFilter{Limit: 5000})
	if err != nil {
		p.t.Fatal(err)
	}
	return len(found)
}

// fixture describes a change with a watch and one look of it.
type fixture struct {
	service, version, previous string
	ago                        time.Duration
	state                      watch.State
	grade                      detector.Grade
	before, after              float64 // the error ratio
	order                      rollback.State
	reason                     detector.Reason // of the watch and its verdict
	parts                      int             // of the errors, each as the whole
}

// storeFixture stores a fixture and returns the key of its change.
func storeFixture(ctx context.Context, st *store.Store, s fixture) (string, error) {
	began := testNow.Add(-s.ago)
	key, change, err := acceptFixture(ctx, st, s, began)
	if err != nil {
		return "", err
	}
	w := s.watch(key, began)
	if err := st.PlanChange(ctx, key, []watch.Watch{w}); err != nil {
		return "", err
	}
	to := w
	to.State, to.Grade, to.Reason = s.state, s.grade, s.reason
	effects := store.Effects{Record: s.record(w, began)}
	if s.order != "" {
		effects.Order = &rollback.Order{
			Key: key, Change: change.Change, Rule: "red", Hook: "redeploy", Target: s.previous, State: s.order,
			Epoch: change.Epoch, CreatedAt: testNow, ExpiresAt: testNow.Add(time.Hour), Evidence: []byte(`{"rule":"red"}`),
		}
		effects.Outgoing = []store.Outgoing{{
			ID: key + ".chat", ChangeKey: key, Receiver: "platform-chat", State: store.Pending, CreatedAt: testNow,
			Message: notify.Message{Kind: "regression", Severity: notify.Error, Title: s.service + " " + s.version + " made errors worse"},
		}}
	}
	effects.Entries = []store.Entry{{At: testNow, ChangeKey: key, Actor: "pushback", Action: "judged", Detail: []byte(`{"grade":"` + s.grade.String() + `"}`)}}
	moved, _, _, err := st.MoveWatch(ctx, w, to, effects)
	if err == nil && !moved {
		err = errors.New("the watch was moved by somebody else")
	}
	return key, err
}

// acceptFixture stores the two events of a change that took a minute.
func acceptFixture(ctx context.Context, st *store.Store, s fixture, began time.Time) (string, store.Change, error) {
	var a store.Accepted
	for i, status := range []sources.Status{sources.Started, sources.Succeeded} {
		ev, err := sources.Admit(sources.Event{
			Source: "github", EventID: s.service + s.version + string(status), ChangeID: s.service + "/" + s.version, Status: status,
			At: began.Add(time.Duration(i) * time.Minute), Service: s.service, Environment: "production", Kind: sources.Deploy,
			Version: s.version, Previous: s.previous, Actor: "alice", URL: "https://ci.example.com/run/1", Riders: []string{"alice", "bob"},
		}, nil, testNow)
		if err != nil {
			return "", store.Change{}, err
		}
		if a, err = st.Accept(ctx, ev, nil, testNow); err != nil {
			return "", a.Change, err
		}
	}
	return a.Change.Key, a.Change, nil
}

func (s fixture) watch(key string, began time.Time) watch.Watch {
	limit := 0.05
	return watch.Watch{
		ID: key + ".red", ChangeKey: key, Team: "platform", Rule: "red", RuleText: "name: red\nbake: 30m\n", Runbook: "https://wiki.example.org/red", State: watch.Watching,
		BaseAt: began, Settle: time.Minute, Bake: 30 * time.Minute, Every: 15 * time.Second, Acts: true,
		From: began.Add(2 * time.Minute), Until: began.Add(32 * time.Minute), Next: testNow.Add(15 * time.Second),
		Plan: detector.Plan{Rule: "red", Tick: time.Minute, Before: 30, After: 30, Signals: []detector.Signal{
			{Name: "errors", Kind: detector.Counts, Worse: detector.Higher, Unit: "fraction", Limit: &limit},
			{Name: "latency.mean", Kind: detector.Level, Worse: detector.Higher, Unit: "seconds"},
		}},
	}
}

func (s fixture) record(w watch.Watch, began time.Time) *store.Record {
	errorRate := wave(s.before, s.before/6, 30)
	after := wave(s.after, s.after/8, 12)
	r := &store.Record{WatchID: w.ID, At: testNow, Verdict: detector.Verdict{
		Rule: "red", At: testNow, Tick: 12, Grade: s.grade, Reason: s.reason, Method: detector.Method, Signals: []detector.Evidence{
			{
				Signal: "errors", Unit: "fraction", Worse: detector.Higher, Grade: s.grade, P: 0.0004, RawP: 0.0002, Tests: []detector.Test{detector.ByCounts},
				Effect:     detector.Effect{Forecast: s.before, After: s.after, Difference: s.after - s.before, Ratio: s.after / s.before, Low: (s.after - s.before) * 0.7, High: (s.after - s.before) * 1.3},
				Counts:     &detector.Tally{BadBefore: 452, TotalBefore: 90417, BadAfter: 1084, TotalAfter: 36118, Overdispersion: 1.4},
				Forecaster: "recent", History: 10080, Placebos: 1342, AlarmRate: 0.004, Smallest: 0.0009, Healthy: s.grade == detector.None,
				Query: `sum(increase(http_requests_total{job="` + s.service + `",code=~"5.."}[1m]))`, Notes: []string{"The interval is for the mean of the 12 minutes seen so far."},
			},
			{
				Signal: "latency.mean", Unit: "seconds", Worse: detector.Higher, P: 0.41, RawP: 0.41, Healthy: true, Forecaster: "season", History: 10080, Placebos: 1342,
				Effect: detector.Effect{Forecast: 0.182, After: 0.185, Difference: 0.003, Ratio: 1.016, Low: -0.004, High: 0.011},
				Query:  `sum(rate(http_request_duration_seconds_sum[1m])) / sum(rate(http_request_duration_seconds_count[1m]))`,
			},
		},
	}, Observation: detector.Observation{At: testNow, StartedAt: began, From: began.Add(2 * time.Minute), Gap: 2, Readings: []detector.Reading{
		{Signal: "errors", Supply: detector.Fresh, Before: detector.Ticks{Value: errorRate}, After: detector.Ticks{Value: after}},
		{Signal: "latency.mean", Supply: detector.Fresh, Before: detector.Ticks{Value: wave(0.182, 0.012, 30)}, After: detector.Ticks{Value: wave(0.185, 0.012, 12)}},
	}}}
	for i := range s.parts {
		part := r.Verdict.Signals[0]
		part.Signal, part.Part = fmt.Sprint("errors /", i), "errors"
		r.Verdict.Signals = append(r.Verdict.Signals, part)
	}
	return r
}

// wave returns n ticks around a level, one of them missing.
func wave(level, swing float64, n int) detector.Values {
	v := make(detector.Values, n)
	for i := range v {
		v[i] = level + swing*math.Sin(float64(i)*1.7) + swing/2*math.Sin(float64(i)*0.31+level)
	}
	v[n/3] = math.NaN()
	return v
}

var bad = fixture{
	service: "cart", version: "1.4.2", previous: "1.4.1", ago: 14 * time.Minute, state: watch.Watching, grade: detector.Certain,
	before: 0.005, after: 0.031, order: rollback.Proposed,
}

// mustStore stores a fixture and returns the key of its change.
func (p *testServer) mustStore(s fixture) string {
	p.t.Helper()
	key, err := storeFixture(p.t.Context(), p.store, s)
	if err != nil {
		p.t.Fatal(err)
	}
	return key
}
