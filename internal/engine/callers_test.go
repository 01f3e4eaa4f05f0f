package engine

import (
	"context"
	"math"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/pushback/pushback/internal/catalogue"
	"github.com/pushback/pushback/notify"
	"github.com/pushback/pushback/rollback"
	"github.com/pushback/pushback/rules"
	"github.com/pushback/pushback/sources"
	"github.com/pushback/pushback/sources/metrics/embedded"
	"github.com/pushback/pushback/watch"
)

// callers is an embedded store in which the cart counts every answer as a good
// one, and the two that call it count 3 % of them as bad from its deploy on. A
// third service, which does not call it, fails all the time.
func callers(t *testing.T, deployed time.Time) *embedded.Store {
	t.Helper()
	s := emptyStore(t)
	start := deployed.Add(-time.Hour)
	all := []sources.Series{
		{Labels: map[string]string{"__name__": "calls", "client": "web", "server": "cart"}},
		{Labels: map[string]string{"__name__": "calls", "client": "app", "server": "cart"}},
		{Labels: map[string]string{"__name__": "calls", "client": "other", "server": "db"}},
	}
	for i := range all {
		for at := start; at.Before(time.Now().Add(time.Minute)); at = at.Add(scrape) {
			all[i].Samples = append(all[i].Samples, sources.Sample{T: at.UnixMilli(), V: 1})
		}
	}
	for job, after := range map[string]float64{"cart": 0, "web": 0.03, "app": 0.03, "other": 0.9} {
		before := 0.0
		if job == "other" {
			before = after
		}
		all = append(all, requests(job, start, deployed, before, after)...)
	}
	if err := s.Append(t.Context(), all); err != nil {
		t.Fatal(err)
	}
	return s
}

// requests are twenty a second, of which a share fails before and after.
func requests(job string, start, deployed time.Time, before, after float64) []sources.Series {
	good := sources.Series{Labels: map[string]string{"__name__": "http_requests_total", "job": job, "code": "200"}}
	bad := sources.Series{Labels: map[string]string{"__name__": "http_requests_total", "job": job, "code": "500"}}
	ok, failed := 0.0, 0.0
	for at := start; at.Before(time.Now().Add(time.Minute)); at = at.Add(scrape) {
		share := before
		if at.After(deployed) {
			share = after
		}
		n := 20 * scrape.Seconds()
		ok, failed = ok+n*(1-share), failed+n*share
		good.Samples = append(good.Samples, sources.Sample{T: at.UnixMilli(), V: math.Floor(ok)})
		bad.Samples = append(bad.Samples, sources.Sample{T: at.UnixMilli(), V: math.Floor(failed)})
	}
	return []sources.Series{good, bad}
}

// Errors that the callers of a service measure count against the service's change: from the
// call graph in the store to the rollback.
func TestCallersJudgeWhatTheyCall(t *testing.T) {
	t.Parallel()
	deployed := time.Now().Add(-4 * time.Minute).UTC()
	text := strings.Replace(redRule, "    signals:\n", "    judge: {services: callers}\n    signals:\n", 1)
	ctx, stop := context.WithCancel(t.Context())
	called, sent := make(chan rollback.Warrant, 10), make(chan notify.Message, 10)
	e := running(t, callers(t, deployed), func(o *Options) {
		world := o.World
		o.Rules = func() (*rules.Set, []rules.Diagnostic) {
			return rules.Load(fstest.MapFS{"red.yml": {Data: []byte(text)}}, world)
		}
		o.Catalogue = catalogue.Config{Calls: catalogue.Calls{Query: "sum by (client, server) (calls)", Caller: "client", Callee: "server"}}
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
	if w := <-called; w.Target() != "v1" {
		t.Errorf("rolled back to %s", w.Target())
	}
	ws, err := e.Store.WatchesOf(ctx, a.Change.Key)
	// The rollback may already have begun the recovery watch.
	ws = slices.DeleteFunc(ws, func(w watch.Watch) bool { return !w.After.IsZero() })
	if err != nil || len(ws) != 1 || ws[0].Inputs[0].Value.Expr != `http_requests_total{job=~"app|web"}` {
		t.Errorf("%+v, %v", ws, err)
	}
	stop()
	if err := <-ended; err != nil {
		t.Error(err)
	}
}
