package migrate

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql"
	"github.com/prometheus/prometheus/tsdb"

	"github.com/pushback/pushback/detector"
	"github.com/pushback/pushback/rules"
)

// The verdict at the limit is that of the tool: queries are asked of a real store, once as they
// were written and judged by the condition, and once as they were migrated and judged by the limit.
func TestTheVerdictAtTheLimitIsTheSame(t *testing.T) {
	store := newLevelStore(t)
	for _, c := range []struct {
		query, success, failure string
		fails                   func(v float64) bool
	}{
		{`sum(rate(bad_total{app="%s"}[5m])) / sum(rate(all_total{app="%[1]s"}[5m]))`, "result[0] <= 0.25", "", func(v float64) bool { return !(v <= 0.25) }},
		{`sum(rate(bad_total{app="%s"}[5m])) / sum(rate(all_total{app="%[1]s"}[5m]))`, "result[0] < 0.25", "", func(v float64) bool { return !(v < 0.25) }},
		{`100 * sum(rate(bad_total{app="%s"}[5m])) / sum(rate(all_total{app="%[1]s"}[5m]))`, "", "result[0] > 25", func(v float64) bool { return v > 25 }},
		{`sum(rate(bad_total{app="%s"}[5m])) * 100 / sum(rate(all_total{app="%[1]s"}[5m]))`, "result[0] < 25", "", func(v float64) bool { return !(v < 25) }},
		{`100 * (sum(rate(bad_total{app="%s"}[5m])) / sum(rate(all_total{app="%[1]s"}[5m])))`, "result[0] < 37.5", "", func(v float64) bool { return !(v < 37.5) }},
		{`1 - sum(rate(bad_total{app="%s"}[5m])) / sum(rate(all_total{app="%[1]s"}[5m]))`, "result[0] >= 0.75", "", func(v float64) bool { return !(v >= 0.75) }},
		{`100 - sum(rate(bad_total{app="%s"}[5m])) / sum(rate(all_total{app="%[1]s"}[5m])) * 100`, "result[0] > 75", "", func(v float64) bool { return !(v > 75) }},
		{`(1 - sum(rate(bad_total{app="%s"}[5m])) / sum(rate(all_total{app="%[1]s"}[5m]))) * 100`, "", "result[0] <= 75", func(v float64) bool { return v <= 75 }},
		{`sum(rate(took_seconds_sum{app="%s"}[5m])) / sum(rate(took_seconds_count{app="%[1]s"}[5m]))`, "result[0] <= 0.5", "", func(v float64) bool { return !(v <= 0.5) }},
		{`1000 * sum(rate(took_seconds_sum{app="%s"}[5m])) / sum(rate(took_seconds_count{app="%[1]s"}[5m]))`, "result[0] < 500", "", func(v float64) bool { return !(v < 500) }},
		{`max(level{app="%s"})`, "result[0] < 8 && result[0] > 2", "", func(v float64) bool { return !(v < 8 && v > 2) }},
		{`max(level{app="%s"})`, "result[0] == 4", "", func(v float64) bool { return v != 4 }},
		{`max(level{app="%s"})`, "result[0] < 4", "result[0] >= 8", func(v float64) bool { return v >= 8 }},
		{`level{app="%s"}`, "all(result, # <= 4)", "", func(v float64) bool { return v > 4 }},
	} {
		verdicts := map[bool]int{}
		for n := range levels {
			app := fmt.Sprintf("app-%d", n)
			query := fmt.Sprintf(c.query, app)
			want := c.fails(store.ask(query))
			verdicts[want]++
			if got, how := store.migrated(query, c.success, c.failure); got != want {
				t.Errorf("%s is %v; %q %q fails: %v; migrated: %v\n%s", query, store.ask(query), c.success, c.failure, want, got, how)
			}
		}
		if len(verdicts) != 2 {
			t.Errorf("%s: all verdicts are the same", c.query)
		}
	}
}

// levels is how many services there are: n of 16 events of service n are bad, and take n/8 s.
const levels = 17

type levelStore struct {
	t      *testing.T
	db     *tsdb.DB
	engine *promql.Engine
}

func newLevelStore(t *testing.T) levelStore {
	t.Helper()
	db, err := tsdb.Open(t.TempDir(), nil, nil, tsdb.DefaultOptions(), nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	appender := db.Appender(t.Context())
	for n := range levels {
		for tick := range 20 {
			at, count := int64(tick*30_000), float64(tick*16*16)
			for name, v := range map[string]float64{
				"bad_total": count * float64(n) / 16, "all_total": count, "level": float64(n),
				"took_seconds_sum": count * float64(n) / 8, "took_seconds_count": count,
			} {
				if _, err := appender.Append(0, labels.FromStrings("__name__", name, "app", fmt.Sprintf("app-%d", n)), at, v); err != nil {
					t.Fatal(err)
				}
			}
		}
	}
	if err := appender.Commit(); err != nil {
		t.Fatal(err)
	}
	return levelStore{t, db, promql.NewEngine(promql.EngineOpts{MaxSamples: 1_000_000, Timeout: time.Minute})}
}

// ask returns the one number that a query gives at the end.
func (s levelStore) ask(query string) float64 {
	s.t.Helper()
	q, err := s.engine.NewInstantQuery(context.Background(), s.db, nil, query, time.UnixMilli(19*30_000))
	if err != nil {
		s.t.Fatal(err)
	}
	defer q.Close()
	v, err := q.Exec(s.t.Context()).Vector()
	if err != nil || len(v) != 1 {
		s.t.Fatalf("%s: %v, %v", query, v, err)
	}
	return v[0].F
}

// migrated judges the service by the limits of the first rule that is made of a metric.
func (s levelStore) migrated(query, success, failure string) (fails bool, text string) {
	s.t.Helper()
	var b strings.Builder
	b.WriteString("kind: AnalysisTemplate\nmetadata: {name: a}\nspec:\n  metrics:\n  - name: m\n")
	fmt.Fprintf(&b, "    provider: {prometheus: {query: %q}}\n", query)
	for name, c := range map[string]string{"successCondition": success, "failureCondition": failure} {
		if c != "" {
			fmt.Fprintf(&b, "    %s: %q\n", name, c)
		}
	}
	got, err := convert(b.String())
	if err != nil || got.Summary.Converted != 1 {
		s.t.Fatalf("%v\n%s", err, got.Rules)
	}
	set, found := rules.Load(fsOf(got.Rules), rules.World{})
	if len(found) > 0 {
		s.t.Fatal(found)
	}
	for _, r := range set.Rules() {
		if strings.HasSuffix(r.Name, "-inconclusive") {
			continue
		}
		for _, signal := range r.Signals {
			v, limit := s.ask(signal.AnyOf[0].Query), signal.Limit.Value
			fails = fails || (signal.Worse == detector.Lower && v < limit) || (signal.Worse != detector.Lower && v > limit)
		}
	}
	return fails, got.Rules
}
