package backtest

import (
	"context"
	"log/slog"
	"math/rand/v2"
	"testing"
	"testing/fstest"
	"time"

	"github.com/pushback/pushback/detector"
	"github.com/pushback/pushback/internal/gather"
	"github.com/pushback/pushback/rules"
	"github.com/pushback/pushback/sources"
	"github.com/pushback/pushback/sources/metrics"
	"github.com/pushback/pushback/sources/metrics/embedded"
)

const red = `team: shop
rules:
  - name: red
    watch: {service: "*"}
    bake: 30m
    history: 8h
    signals:
      - {name: errors, counter: 'http_requests_total{$match}', bad: 'code="500"', min_effect: 0.5 points}
    respond: [{at_least: likely, tell: $owner.pager}]
`

// shop makes a database of nine hours of requests. One in fifty fails from bad on,
// and one in a thousand before.
func shop(t *testing.T, bad, until time.Time) embedded.Config {
	t.Helper()
	c := embedded.Config{Dir: t.TempDir()}
	db, err := embedded.New(metrics.Options{Name: "shop", Log: slog.New(slog.DiscardHandler)}, c)
	if err != nil {
		t.Fatal(err)
	}
	chance := rand.New(rand.NewPCG(1, 1))
	named := func(name, code string) sources.Series {
		return sources.Series{Labels: map[string]string{"__name__": name, "job": "cart", "code": code}}
	}
	up, fine, failed := named("up", ""), named("http_requests_total", "200"), named("http_requests_total", "500")
	requests, failures := 0.0, 0.0
	for at := until.Add(-9 * time.Hour); !at.After(until); at = at.Add(15 * time.Second) {
		share := 0.001
		if at.After(bad) {
			share = 0.02
		}
		for range 150 {
			if chance.Float64() < share {
				failures++
			} else {
				requests++
			}
		}
		for s, v := range map[*sources.Series]float64{&up: 1, &fine: requests, &failed: failures} {
			s.Samples = append(s.Samples, sources.Sample{T: at.UnixMilli(), V: v})
		}
	}
	if err := db.Append(t.Context(), []sources.Series{up, fine, failed}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	return c
}

// TestCountersBesideTheirWriter replays a rule of counters over a database that
// another handle has open, as another process would.
func TestCountersBesideTheirWriter(t *testing.T) {
	until := time.Now().Truncate(time.Minute)
	bad := until.Add(-40 * time.Minute)
	store, err := embedded.New(metrics.Options{Name: "shop", Access: metrics.ReadOnly, Log: slog.New(slog.DiscardHandler)}, shop(t, bad, until))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = store.Close() })
	set, broken := rules.Load(fstest.MapFS{"r.yml": {Data: []byte(red)}}, rules.World{})
	if len(broken) > 0 {
		t.Fatal(broken)
	}
	o := Options{
		Rules: set, Stores: map[string]gather.Ranger{"shop": store}, Default: "shop", Now: until,
		Service: func(_ context.Context, name string, _ time.Time) (rules.Service, error) {
			return rules.Service{Name: name, Match: map[string]string{"job": name}}, nil
		},
	}
	at := func(id string, at time.Time) Moment {
		return Moment{Change: sources.Change{ID: id, Service: "cart", Environment: "production", Kind: sources.Deploy, StartedAt: at, FinishedAt: at}}
	}
	replays := run(t, o, []Moment{at("good", bad.Add(-time.Hour)), at("bad", bad)})
	if grade, _ := replays[0].highest(); grade >= detector.Likely || !replays[0].Compared() {
		t.Errorf("the good change: %s", grade)
	}
	if grade, act := replays[1].highest(); grade != detector.Certain || !act {
		t.Errorf("the bad change: %s, may act %v", grade, act)
	}
	if c, ok := replays[1].alarm(); !ok || c.Seconds > 600 || c.Effect.Difference < 0.01 {
		t.Errorf("caught %+v", c)
	}
}
