package rules

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/pushback/pushback/detector"
	"github.com/pushback/pushback/sources"
	"github.com/pushback/pushback/sources/metrics/promql"
	"github.com/pushback/pushback/watch"
)

var cart = Service{Name: "cart", Match: map[string]string{"namespace": "shop", "job": "cart"}}

// bound is a rule with one signal, bound to the service cart.
func bound(t testing.TB, signal, rest string) Bound {
	t.Helper()
	text := fmt.Sprintf("{team: t, rules: [{name: r, watch: {service: '*'}, signals: [%s]%s}]}", signal, rest)
	all := mustLoad(t, text).For(sources.Change{Service: "cart", Environment: "prod", Version: "v1.2"}, cart)
	if len(all) != 1 {
		t.Fatalf("%d rules watch the cart", len(all))
	}
	return all[0]
}

func TestInputs(t *testing.T) {
	f := func(signal string, r Resolved, want ...watch.Input) {
		t.Helper()
		got, err := bound(t, signal, "").Inputs(r)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s:\n%s", signal, diff)
		}
	}
	raw := func(expr string) sources.Query { return sources.Query{Expr: expr, Step: 15 * time.Second} }
	classic := &watch.OtherKind{Form: watch.FormMean, Value: raw(`lat_seconds_sum`), Part: raw(`lat_seconds_count`)}
	tick := func(expr string) sources.Query { return sources.Query{Expr: expr, Step: time.Minute} }

	f(`{name: e, counter: 'req{$match}', bad: 'code=~"5.."'}`, Resolved{}, watch.Input{
		Signal: "e", Form: watch.FormCounts,
		Value: raw(`req{job="cart",namespace="shop"}`), Part: raw(`req{code=~"5..",job="cart",namespace="shop"}`),
	})
	f(`{name: e, counter: 'req', bad: 'code!="200", zone="a"'}`, Resolved{}, watch.Input{
		Signal: "e", Form: watch.FormCounts, Value: raw(`req`), Part: raw(`req{code!="200",zone="a"}`),
	})
	f(`{name: e, counter: 'req{code="200",$match}', bad: 'x="y"'}`, Resolved{}, watch.Input{
		Signal: "e", Form: watch.FormCounts,
		Value: raw(`req{code="200",job="cart",namespace="shop"}`), Part: raw(`req{code="200",job="cart",namespace="shop",x="y"}`),
	})
	f(`{name: e, any_of: [{counter: 'a', bad: 'x="y"'}, {counter: 'b', bad: 'x="y"'}]}`,
		Resolved{Signals: map[string]Choice{"e": {Index: 1}}}, watch.Input{
			Signal: "e", Form: watch.FormCounts, Value: raw(`b`), Part: raw(`b{x="y"}`),
		})
	f(`{name: l, histogram: 'lat_seconds{$match}', slow: 300ms}`,
		Resolved{Signals: map[string]Choice{"l": {Edge: "0.5", Bound: 0.5}}},
		watch.Input{
			Signal: "l.mean", Form: watch.FormMean,
			Value: raw(`lat_seconds_sum{job="cart",namespace="shop"}`), Part: raw(`lat_seconds_count{job="cart",namespace="shop"}`),
			Buckets: `lat_seconds_bucket{job="cart",namespace="shop"}`,
			Other:   &watch.OtherKind{Form: watch.FormNativeMean, Value: raw(`lat_seconds{job="cart",namespace="shop"}`)},
		},
		watch.Input{
			Signal: "l.slow", Form: watch.FormSlow, Edge: 0.5,
			Value: raw(`lat_seconds_count{job="cart",namespace="shop"}`), Part: raw(`lat_seconds_bucket{job="cart",le=~"0?\\.50*|5(\\.0*)?[eE]-0*1",namespace="shop"}`),
			Edges: `group by (le) (lat_seconds_bucket{job="cart",namespace="shop"})`,
			Near:  &watch.NearEdge{Edge: 0.5, Part: `lat_seconds_bucket{job="cart",le=~"$edge",namespace="shop"}`},
			Other: &watch.OtherKind{Form: watch.FormNativeMean, Value: raw(`lat_seconds{job="cart",namespace="shop"}`)},
		})
	f(`{name: l, histogram: 'lat_seconds', slow: 300ms}`,
		Resolved{Signals: map[string]Choice{"l": {Native: true, Bound: 0.3}}},
		watch.Input{Signal: "l.mean", Form: watch.FormNativeMean, Value: raw(`lat_seconds`), Other: classic},
		watch.Input{Signal: "l.slow", Form: watch.FormNativeSlow, Value: raw(`lat_seconds`), Edge: 0.3, Other: classic})
	f(`{name: q, query: 'sum(rate(x{$match,env="$environment"}[$__rate_interval]))'}`, Resolved{}, watch.Input{
		Signal: "q", Form: watch.FormLevel, Value: tick(`sum(rate(x{env="prod",job="cart",namespace="shop"}[1m15s]))`),
	})
	f(`{name: q, query: 'label_replace(x{v=~"$version|a"}, "s", "$service", "", "") / ${step}'}`, Resolved{}, watch.Input{
		Signal: "q", Form: watch.FormLevel, Value: tick(`label_replace(x{v=~"v1\\.2|a"}, "s", "cart", "", "") / 60`),
	})
	f(`{name: q, kind: ratio, bad: 'bad{$match}', total: 'all{$match}'}`, Resolved{}, watch.Input{
		Signal: "q", Form: watch.FormRatio,
		Value: tick(`all{job="cart",namespace="shop"}`), Part: tick(`bad{job="cart",namespace="shop"}`),
	})
}

func TestNoValueBecomesSyntax(t *testing.T) {
	evil := `x",job=~".+"} or up{a="` + "\n\\"
	b := bound(t, `{name: q, query: 'x{$match,a="$service",v=~"$version"}'}`, "")
	b.service = Service{Name: evil, Match: map[string]string{"job": evil, "strange-label": evil}}
	b.change.Version = ".*" + evil
	inputs, err := b.Inputs(Resolved{})
	if err != nil {
		t.Fatal(err)
	}
	tree, err := promql.Parse(inputs[0].Value.Expr)
	if err != nil {
		t.Fatal(err)
	}
	matchers, err := promql.ParseSelector(tree.String())
	if err != nil {
		t.Fatal("no longer one selector:", err)
	}
	for _, m := range matchers {
		if m.Name != "__name__" && m.Name != "v" && m.Value != evil {
			t.Errorf("%s became %q", m.Name, m.Value)
		}
		if m.Name == "v" && (m.Matches("anything") || !m.Matches(".*"+evil)) {
			t.Errorf("the version is no longer itself: %s", m)
		}
	}
}

func TestAServiceWithoutLabelsIsNeverAskedFor(t *testing.T) {
	for _, match := range []map[string]string{nil, {}, {"job": ""}} {
		b := bound(t, `{name: e, counter: 'req{$match}', bad: 'code="500"'}`, "")
		b.service.Match = match
		if _, err := b.Inputs(Resolved{}); !errors.Is(err, ErrNoMatch) {
			t.Errorf("inputs with %v: %v", match, err)
		}
		if _, err := b.Probes(0, nil); !errors.Is(err, ErrNoMatch) {
			t.Errorf("probes with %v: %v", match, err)
		}
	}
}

func TestFilesAreAskedForByName(t *testing.T) {
	set, found := Parse("{team: t, rules: [{name: r, watch: {service: '*'}, store: files, signals: [{name: x, query: 'data-${service}-cpu (1)'}]}]}", testWorld)
	if len(found) > 0 {
		t.Fatal(found)
	}
	b := Bind(set, sources.Change{}, Service{Name: "cart"})
	inputs, err := b.Inputs(Resolved{Resolution: time.Minute})
	if err != nil || inputs[0].Value.Expr != "data-cart-cpu (1)" || inputs[0].Store != "files" {
		t.Errorf("%+v, %v", inputs, err)
	}
	if probes, err := b.Probes(0, nil); len(probes) > 0 || err != nil {
		t.Errorf("%v, %v", probes, err)
	}
}

func TestPlan(t *testing.T) {
	limit := func(v float64) *float64 { return &v }
	f := func(signal string, want ...detector.Signal) {
		t.Helper()
		got := bound(t, signal, "").Plan(Resolved{}).Signals
		for i := range got {
			if got[i].Place != "rules.yml:1" {
				t.Errorf("%s: place %q", signal, got[i].Place)
			}
			got[i].Place = ""
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s:\n%s", signal, diff)
		}
	}
	f(`{name: e, counter: x, bad: 'c="5"', limit: 5%}`, detector.Signal{
		Name: "e", Kind: detector.Counts, Worse: detector.Higher, Unit: "fraction", MinEvents: 50,
		MinEffect: detector.MinEffect{Absolute: 0.005}, Limit: limit(0.05),
	})
	f(`{name: q, query: x, worse: lower, limit: 3, lost: act, if_unmatched: skip}`, detector.Signal{
		Name: "q", Kind: detector.Level, Worse: detector.Lower, MinEffect: detector.MinEffect{Relative: 0.1},
		Limit: limit(3), ActOnLost: true, SkipUnmatched: true,
	})
	f(`{name: q, query: x, kind: ratio, min_effect: 2 points}`, detector.Signal{
		Name: "q", Kind: detector.Level, Worse: detector.Higher, Unit: "fraction", MinEffect: detector.MinEffect{Absolute: 0.02},
	})
	f(`{name: l, histogram: x_seconds, min_effect: 20ms, limit: 5%}`,
		detector.Signal{Name: "l.mean", Kind: detector.Level, Worse: detector.Higher, Unit: "seconds", MinEffect: detector.MinEffect{Absolute: 0.02}},
		detector.Signal{
			Name: "l.slow", Kind: detector.Counts, Worse: detector.Higher, Unit: "fraction", MinEvents: 50,
			MinEffect: detector.MinEffect{Absolute: 0.01}, Limit: limit(0.05),
		})
	f(`{name: l, histogram: x_milliseconds, min_effect: {mean: 20ms, slow: 10%}, limit: 300ms}`,
		detector.Signal{
			Name: "l.mean", Kind: detector.Level, Worse: detector.Higher, Unit: "milliseconds",
			MinEffect: detector.MinEffect{Absolute: 20}, Limit: limit(300),
		},
		detector.Signal{
			Name: "l.slow", Kind: detector.Counts, Worse: detector.Higher, Unit: "fraction", MinEvents: 50,
			MinEffect: detector.MinEffect{Relative: 0.1},
		})
}

func TestTickFollowsTheStore(t *testing.T) {
	f := func(rest string, resolution, tick, step time.Duration, after int) {
		t.Helper()
		b := bound(t, `{name: e, counter: x, bad: 'c="5"'}`, rest)
		r := Resolved{Resolution: resolution}
		p := b.Plan(r)
		inputs, err := b.Inputs(r)
		if err != nil {
			t.Fatal(err)
		}
		if p.Tick != tick || p.After != after || p.Before != 30 || inputs[0].Value.Step != step {
			t.Errorf("%s at %v: tick %v, %d after, step %v", rest, resolution, p.Tick, p.After, inputs[0].Value.Step)
		}
	}
	s, m := time.Second, time.Minute
	f(", bake: 30m", 15*s, m, 15*s, 30)
	f(", bake: 30m", 0, m, 15*s, 30)
	f(", bake: 20m", 15*s, 45*s, 15*s, 26)
	f(", bake: 1m, every: 1s", s, 2*s, s, 30)
	f(", bake: 5m", m, m, m, 5)
	f(", bake: 30m", 10*m, 10*m, 10*m, 3)
	f(", bake: 1h, every: 1m", 15*s, 2*m, m, 30)
	f(", bake: 1h, every: 50s", 15*s, 2*m, 30*s, 30)
	f(", bake: 30m, tick: 5m", 15*s, 5*m, 15*s, 6)
}

func TestRateIntervalIsGrafanas(t *testing.T) {
	f := func(resolution, step time.Duration, want, wantStep string) {
		t.Helper()
		s := spans{step: step, resolution: resolution}
		if got := s.mark("$__rate_interval $step").text; got != want+" "+wantStep {
			t.Errorf("%v, %v: %s", resolution, step, got)
		}
	}
	f(15*time.Second, time.Minute, "1m15s", "1m")
	f(15*time.Second, 15*time.Second, "1m", "30s")
	f(time.Minute, 5*time.Minute, "6m", "5m")
}

func TestOverridesAreForTheirServices(t *testing.T) {
	set := mustLoad(t, `
team: t
rules:
  - name: r
    watch: {service: "*"}
    signals:
      - {name: latency, histogram: x_seconds, slow: 300ms}
      - {name: errors, counter: x, bad: 'c="5"'}
    overrides:
      - {service: search-*, set: {latency.slow: 1s, latency.min_effect.slow: 2 points, errors.limit: 10%, bake: 20m, errors.lost: act}}
      - {service: search-api, set: {latency.slow: 2s, errors.worse: either, errors.min_events: 500, errors.if_unmatched: skip, errors.min_effect: 3%}}
`)
	get := func(service string) Rule {
		return set.For(sources.Change{Service: service}, Service{Name: service})[0].Rule()
	}
	plain, search, api := get("cart"), get("search-x"), get("search-api")
	if plain.Signals[0].Slow != 300*time.Millisecond || plain.Signals[1].Limit != nil || plain.Bake != 30*time.Minute {
		t.Errorf("the override reached the cart: %+v", plain)
	}
	if s := search.Signals; s[0].Slow != time.Second || s[0].MinEffect.Slow.Absolute != 0.02 || s[1].Limit.Value != 0.1 || !s[1].ActOnLost || search.Bake != 20*time.Minute {
		t.Errorf("search-x: %+v", search)
	}
	if s := api.Signals; s[0].Slow != 2*time.Second || s[1].Worse != detector.Either || s[1].MinEvents != 500 || !s[1].SkipUnmatched || s[1].MinEffect.Main.Relative != 0.03 {
		t.Errorf("search-api: %+v", api)
	}
	if plain.Hash != search.Hash || !strings.Contains(search.Text, "search-*") {
		t.Error("the hash must be the rule's own, for all services")
	}
}
