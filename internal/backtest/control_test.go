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

// canaryRules judge a version by comparing it with the one before, in a store that
// has both.
const canaryRules = `team: shop
rules:
  - name: beside
    watch: {service: "*"}
    bake: 30m
    history: 8h
    signals:
      - {name: errors, counter: 'http_requests_total{$match,version="$version"}', bad: 'code="500"', min_effect: 0.5 points, control: 'http_requests_total{$match,version!="$version"}'}
  - name: alone
    watch: {service: "*"}
    bake: 30m
    history: 8h
    signals:
      - {name: errors, counter: 'http_requests_total{$match}', bad: 'code="500"', min_effect: 0.5 points}
`

// canary makes a database in which v2 takes a tenth of the traffic from some time
// on, and a minute later errors rise in whatever runs.
func canary(t *testing.T, from, until time.Time, worse float64) gather.Ranger {
	t.Helper()
	db, err := embedded.New(metrics.Options{Name: "shop", Log: slog.New(slog.DiscardHandler)}, embedded.Config{Dir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	chance := rand.New(rand.NewPCG(2, 2))
	type track struct{ fine, failed float64 }
	series := map[string]*sources.Series{}
	record := func(at time.Time, v float64, labels ...string) {
		key := labels[0] + labels[1] + labels[2]
		if series[key] == nil {
			series[key] = &sources.Series{Labels: map[string]string{"__name__": labels[0], "job": "cart", "version": labels[1], "code": labels[2]}}
		}
		series[key].Samples = append(series[key].Samples, sources.Sample{T: at.UnixMilli(), V: v})
	}
	versions := map[string]*track{"v1": {}, "v2": {}}
	for at := until.Add(-9 * time.Hour); !at.After(until); at = at.Add(15 * time.Second) {
		share := 0.002
		if at.After(from.Add(2 * time.Minute)) {
			share = 0.03 // the whole cluster is ill
		}
		for range 600 {
			version, odds := "v1", share
			if at.After(from) && chance.IntN(10) == 0 {
				version, odds = "v2", share*worse
			}
			if chance.Float64() < odds {
				versions[version].failed++
			} else {
				versions[version].fine++
			}
		}
		record(at, 1, "up", "", "")
		for name, v := range versions {
			if name == "v1" || at.After(from) {
				record(at, v.fine, "http_requests_total", name, "200")
				record(at, v.failed, "http_requests_total", name, "500")
			}
		}
	}
	var all []sources.Series
	for _, s := range series {
		all = append(all, *s)
	}
	if err := db.Append(t.Context(), all); err != nil {
		t.Fatal(err)
	}
	return db
}

// TestCanaryBesideStable: an outage of the whole cluster right after the start of a
// canary looks like a regression when before and after are compared, but not when the
// canary is compared with the stable version. A canary that is worse than the stable
// version during the outage is found all the same.
func TestCanaryBesideStable(t *testing.T) {
	set, broken := rules.Load(fstest.MapFS{"r.yml": {Data: []byte(canaryRules)}}, rules.World{})
	if len(broken) > 0 {
		t.Fatal(broken)
	}
	until := time.Now().Truncate(time.Minute)
	from := until.Add(-40 * time.Minute)
	f := func(worse float64, want map[string]bool) {
		t.Helper()
		o := Options{
			Rules: set, Stores: map[string]gather.Ranger{"shop": canary(t, from, until, worse)}, Default: "shop", Now: until,
			Service: func(_ context.Context, name string, _ time.Time) (rules.Service, error) {
				return rules.Service{Name: name, Match: map[string]string{"job": name}}, nil
			},
		}
		change := sources.Change{ID: "c", Service: "cart", Environment: "production", Kind: sources.Deploy, Version: "v2", StartedAt: from, FinishedAt: from}
		for _, r := range run(t, o, []Moment{{Change: change}}) {
			grade, act := r.highest()
			if sure := grade == detector.Certain && act; sure != want[r.Rule.Name] {
				t.Errorf("a canary %v times as bad, %s: %s, may act %v; %+v", worse, r.Rule.Name, grade, act, r.Looks[len(r.Looks)-1].Verdict.Signals[0])
			}
		}
	}
	f(1, map[string]bool{"beside": false, "alone": true})
	f(4, map[string]bool{"beside": true, "alone": true})
}
