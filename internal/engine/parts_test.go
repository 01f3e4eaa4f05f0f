package engine

import (
	"context"
	"math"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/pushback/pushback/detector"
	"github.com/pushback/pushback/notify"
	"github.com/pushback/pushback/rollback"
	"github.com/pushback/pushback/rules"
	"github.com/pushback/pushback/sources"
	"github.com/pushback/pushback/sources/metrics/embedded"
	"github.com/pushback/pushback/watch"
)

// routes is an embedded store with an hour of a busy route, of which 0.5 %
// fail, and a quiet one, which fails from the deploy on at every request.
func routes(t *testing.T, deployed time.Time) *embedded.Store {
	t.Helper()
	s := emptyStore(t)
	for route, rate := range map[string]float64{"/home": 2000, "/pay": 2} {
		good := sources.Series{Labels: map[string]string{"__name__": "http_requests_total", "job": "cart", "route": route, "code": "200"}}
		bad := sources.Series{Labels: map[string]string{"__name__": "http_requests_total", "job": "cart", "route": route, "code": "500"}}
		ok, failed := 0.0, 0.0
		for at := deployed.Add(-time.Hour); at.Before(time.Now().Add(time.Minute)); at = at.Add(scrape) {
			share := 0.005
			if route == "/pay" {
				share = 0
				if at.After(deployed) {
					share = 1
				}
			}
			n := rate * scrape.Seconds()
			ok, failed = ok+n*(1-share), failed+n*share
			good.Samples = append(good.Samples, sources.Sample{T: at.UnixMilli(), V: math.Floor(ok)})
			bad.Samples = append(bad.Samples, sources.Sample{T: at.UnixMilli(), V: math.Floor(failed)})
		}
		if err := s.Append(t.Context(), []sources.Series{good, bad}); err != nil {
			t.Fatal(err)
		}
	}
	return s
}

// One route's errors of 100 % do not show in a total with a thousand times its traffic. They
// show where the signal is judged by route: in the rule, the store, the detector and the
// message.
func TestARouteDoesNotHide(t *testing.T) {
	t.Parallel()
	deployed := time.Now().Add(-4 * time.Minute).UTC()
	text := strings.NewReplacer("min_events: 200", "min_events: 50", "        limit: 20%\n", "        by: route\n").Replace(redRule)
	ctx, stop := context.WithCancel(t.Context())
	called, sent := make(chan rollback.Warrant, 10), make(chan notify.Message, 10)
	e := running(t, routes(t, deployed), func(o *Options) {
		world := o.World
		o.Rules = func() (*rules.Set, []rules.Diagnostic) {
			return rules.Load(fstest.MapFS{"red.yml": {Data: []byte(text)}}, world)
		}
		o.Hooks = map[string]Hook{"deployer": {Hook: hookInto(called), Timeout: time.Minute}}
		o.Senders = map[string]notify.Sender{"chat": into(sent), "pager": into(sent), "platform": into(sent)}
	})
	ended := make(chan error, 1)
	go func() { ended <- e.Run(ctx) }()
	a, err := take(ctx, e, sources.Event{
		Source: "pipeline", EventID: "1", ChangeID: "v2", Status: sources.Succeeded, At: deployed,
		Service: "cart", Environment: "production", Kind: sources.Deploy, Version: "v2", Previous: "v1",
	})
	if err != nil {
		t.Fatal(err)
	}
	<-called
	m := <-sent
	for m.Kind == "order" {
		m = <-sent // the jobs decide which of the two comes first
	}
	if moved := strings.Join(m.SignalLines, "\n"); !strings.Contains(moved, `errors{route="/pay"}`) || strings.Contains(moved, "/home") {
		t.Errorf("the message said: %s", moved)
	}
	ws, err := e.Store.WatchesOf(ctx, a.Change.Key)
	// The rollback may already have begun the recovery watch.
	first := slices.IndexFunc(ws, func(w watch.Watch) bool { return w.After.IsZero() })
	if err != nil || first < 0 {
		t.Fatal(ws, err)
	}
	last, err := e.Store.LastRecord(ctx, ws[first].ID)
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]detector.Grade{}
	for _, s := range last.Verdict.Signals {
		got[s.Signal] = s.Grade
	}
	if len(got) != 3 || got["errors"] >= detector.Likely || got[`errors{route="/pay"}`] != detector.Certain || got[`errors{route="/home"}`] != detector.None {
		t.Errorf("%v", got)
	}
	stop()
	if err := <-ended; err != nil {
		t.Error(err)
	}
}
