package engine

import (
	"context"
	"fmt"
	"log/slog"
	"math"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/pushback/pushback/internal/store"
	"github.com/pushback/pushback/internal/store/storetest"
	"github.com/pushback/pushback/internal/trust"
	"github.com/pushback/pushback/notify"
	"github.com/pushback/pushback/rollback"
	"github.com/pushback/pushback/rules"
	"github.com/pushback/pushback/sources"
	"github.com/pushback/pushback/sources/metrics"
	"github.com/pushback/pushback/sources/metrics/embedded"
)

// These tests run the whole engine: its own loops and jobs, and an embedded store that already
// has the hour around a deploy. They wait for events and never for time.
func TestRun(t *testing.T) {
	t.Parallel()
	deployed := time.Now().Add(-4 * time.Minute).UTC()
	ctx, stop := context.WithCancel(t.Context())
	called, sent := make(chan rollback.Warrant, 10), make(chan notify.Message, 10)
	e := running(t, past(t, deployed), func(o *Options) {
		o.Hooks = map[string]Hook{"deployer": {Hook: hookInto(called), Timeout: time.Minute}}
		o.Senders = map[string]notify.Sender{"chat": into(sent), "pager": into(sent), "platform": into(sent)}
	})
	ended := make(chan error, 1)
	go func() { ended <- e.Run(ctx) }()
	news, ignore := e.Subscribe(func(string, bool) bool { return true })
	defer ignore()
	a, err := take(ctx, e, sources.Event{
		Source: "pipeline", EventID: "1", ChangeID: "v2", Status: sources.Succeeded, At: deployed,
		Service: "cart", Environment: "production", Kind: sources.Deploy, Version: "v2", Previous: "v1",
	})
	if err != nil {
		t.Fatal(err)
	}
	if w := <-called; w.Key() != a.Change.Key || w.Target() != "v1" {
		t.Errorf("the hook was called to go back to %s under %s", w.Target(), w.Key())
	}
	for m := range sent {
		if m.Kind == "order" {
			break
		}
	}
	if key := <-news; key != a.Change.Key {
		t.Errorf("listeners heard of %q", key)
	}
	if ps := e.Problems(); len(ps) != 0 {
		t.Errorf("not ready: %v", ps)
	}
	stop()
	if err := <-ended; err != nil {
		t.Errorf("stopping: %v", err)
	}
	if len(called) != 0 {
		t.Error("the hook was called twice")
	}
}

func running(t *testing.T, metrics MetricStore, change func(*Options)) *Engine {
	t.Helper()
	st := storetest.Open(t, store.Open)
	world := rules.World{Hooks: []string{"deployer"}, Receivers: []string{"chat", "pager", "platform"}, Default: "here"}
	o := Options{
		Store: st, Metrics: map[string]MetricStore{"": metrics, "here": metrics}, World: world,
		Rules: func() (*rules.Set, []rules.Diagnostic) {
			return rules.Load(fstest.MapFS{"red.yml": {Data: []byte(redRule)}}, world)
		},
		Limits: rollback.DefaultLimits(), Trust: trust.Policy{New: rules.Act, Cap: rules.Act},
		Log: slog.New(slog.DiscardHandler),
	}
	change(&o)
	e, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	return e
}

// emptyStore is an embedded store of the test's own.
func emptyStore(t *testing.T) *embedded.Store {
	t.Helper()
	s, err := embedded.New(metrics.Options{Name: "here", Log: slog.New(slog.DiscardHandler)}, embedded.Config{Dir: t.TempDir(), ScrapeInterval: scrape})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

// past is an embedded store with an hour of 50 requests a second, of which
// 0.5 % fail, and 3 % from the deploy on.
func past(t *testing.T, deployed time.Time) *embedded.Store {
	t.Helper()
	s := emptyStore(t)
	good := sources.Series{Labels: map[string]string{"__name__": "http_requests_total", "job": "cart", "code": "200"}}
	bad := sources.Series{Labels: map[string]string{"__name__": "http_requests_total", "job": "cart", "code": "500"}}
	failed := 0.0
	for at := deployed.Add(-time.Hour); at.Before(time.Now().Add(time.Minute)); at = at.Add(scrape) {
		share := 0.005
		if at.After(deployed) {
			share = 0.03
		}
		failed += 50 * scrape.Seconds() * share
		total := 50 * at.Sub(deployed.Add(-time.Hour)).Seconds()
		bad.Samples = append(bad.Samples, sources.Sample{T: at.UnixMilli(), V: math.Floor(failed)})
		good.Samples = append(good.Samples, sources.Sample{T: at.UnixMilli(), V: total - math.Floor(failed)})
	}
	if err := s.Append(t.Context(), []sources.Series{good, bad}); err != nil {
		t.Fatal(err)
	}
	return s
}

// hookInto and into pass on what they get to a channel.
type (
	hookInto chan<- rollback.Warrant
	into     chan<- notify.Message
)

func (h hookInto) Do(_ context.Context, w rollback.Warrant) (rollback.Receipt, error) {
	h <- w
	return rollback.Receipt{Status: "exit 0"}, nil
}

func (s into) Send(_ context.Context, m notify.Message) error {
	s <- m
	return nil
}

// hangingStore is a store that takes every question and answers none.
type hangingStore struct{ MetricStore }

func (h hangingStore) Range(ctx context.Context, _ sources.Query, _ sources.Window) ([]sources.Series, error) {
	<-ctx.Done()
	return nil, ctx.Err()
}

func (h hangingStore) Instant(ctx context.Context, _ string, _ time.Time) ([]sources.Series, error) {
	<-ctx.Done()
	return nil, ctx.Err()
}

func (h hangingStore) Heartbeat(ctx context.Context, _ time.Time) (time.Time, error) {
	<-ctx.Done()
	return time.Time{}, ctx.Err()
}

// Forty watches wait for a store that hangs. The watch of another store does not wait.
func TestOneStoreHangs(t *testing.T) {
	t.Parallel()
	deployed := time.Now().Add(-4 * time.Minute).UTC()
	ctx, stop := context.WithCancel(t.Context())
	called := make(chan rollback.Warrant, 10)
	well := past(t, deployed)
	e := running(t, well, func(o *Options) {
		o.Metrics["away"] = hangingStore{well}
		o.Hooks = map[string]Hook{"deployer": {Hook: hookInto(called), Timeout: time.Minute}}
		away := strings.NewReplacer("name: red", "name: away", `service: "*"`, `service: "away-*"`, "settle: 15s", "store: away\n    settle: 15s")
		here := strings.Replace(redRule, `service: "*"`, `service: cart`, 1)
		o.Rules = func() (*rules.Set, []rules.Diagnostic) {
			return rules.Load(fstest.MapFS{"red.yml": {Data: []byte(here)}, "away.yml": {Data: []byte(away.Replace(redRule))}}, o.World)
		}
	})
	ended := make(chan error, 1)
	go func() { ended <- e.Run(ctx) }()
	services := []string{"cart"}
	for i := range 40 {
		services = append([]string{fmt.Sprintf("away-%d", i)}, services...)
	}
	for _, service := range services {
		_, err := take(ctx, e, sources.Event{
			Source: "pipeline", EventID: service, ChangeID: service, Status: sources.Succeeded, At: deployed,
			Service: service, Environment: "production", Kind: sources.Deploy, Version: "v2", Previous: "v1",
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	select {
	case w := <-called:
		if w.Change().Service != "cart" {
			t.Errorf("%s was rolled back", w.Change().Service)
		}
	case <-time.After(time.Minute):
		t.Error("a store that hangs keeps the others from being looked at")
	}
	stop()
	if err := <-ended; err != nil {
		t.Errorf("stopping: %v", err)
	}
}
