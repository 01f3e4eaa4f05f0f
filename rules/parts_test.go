package rules

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/pushback/pushback/sources"
	"github.com/pushback/pushback/sources/metrics/promql"
)

// resolvedParts resolves a rule with a store that has these series, each with its number
// of events.
func resolvedParts(t *testing.T, b Bound, busy map[string]float64) Resolved {
	t.Helper()
	probes, err := b.Probes(0, nil)
	if err != nil {
		t.Fatal(err)
	}
	answers := map[Probe][]sources.Series{}
	for _, p := range probes {
		switch p.Form {
		case Parts:
			for route, n := range busy {
				answers[p] = append(answers[p], sources.Series{Labels: map[string]string{"route": route}, Samples: []sources.Sample{{V: n}}})
			}
		case Edges:
			answers[p] = []sources.Series{{Labels: map[string]string{"le": "0.5"}, Samples: []sources.Sample{{V: 9}}}}
		case HasData:
			answers[p] = []sources.Series{{Samples: []sources.Sample{{V: 1}}}}
		}
	}
	return b.Resolve(answers, 0)
}

func TestASignalIsSplitIntoParts(t *testing.T) {
	f := func(signal string, want ...string) {
		t.Helper()
		b := bound(t, signal, "")
		r := resolvedParts(t, b, map[string]float64{"/busy": 100, `/q"uote`: 7, "/idle": 0, strings.Repeat("x", 101): 50, "": 3})
		inputs, err := b.Inputs(r)
		if err != nil {
			t.Fatal(err)
		}
		plan, got := b.Plan(r), []string(nil)
		for i, in := range inputs {
			s := plan.Signals[i]
			if s.Name != in.Signal {
				t.Errorf("signal %s is read from the input of %s", s.Name, in.Signal)
			}
			got = append(got, strings.TrimSuffix(s.Name+" of "+s.Part, " of ")+": "+in.Value.Expr+" | "+in.Whole.Value)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s:\n%s", signal, diff)
		}
	}
	f(`{name: e, by: route, counter: 'req{$match}', bad: 'code=~"5.."'}`,
		`e: req{job="cart",namespace="shop"} | `,
		`e{route="/busy"} of e: req{job="cart",namespace="shop",route="/busy"} | req{job="cart",namespace="shop"}`,
		`e{route="/q\"uote"} of e: req{job="cart",namespace="shop",route="/q\"uote"} | req{job="cart",namespace="shop"}`)
	f(`{name: l, by: route, histogram: 'lat{$match}', slow: 300ms}`,
		`l.mean: lat_sum{job="cart",namespace="shop"} | `,
		`l.slow: lat_count{job="cart",namespace="shop"} | `,
		`l{route="/busy"}.mean of l.mean: lat_sum{job="cart",namespace="shop",route="/busy"} | lat_sum{job="cart",namespace="shop"}`,
		`l{route="/busy"}.slow of l.slow: lat_count{job="cart",namespace="shop",route="/busy"} | lat_count{job="cart",namespace="shop"}`,
		`l{route="/q\"uote"}.mean of l.mean: lat_sum{job="cart",namespace="shop",route="/q\"uote"} | lat_sum{job="cart",namespace="shop"}`,
		`l{route="/q\"uote"}.slow of l.slow: lat_count{job="cart",namespace="shop",route="/q\"uote"} | lat_count{job="cart",namespace="shop"}`)
	f(`{name: q, by: route, query: 'max(depth{$match}) / max(depth_limit)'}`,
		`q: max(depth{job="cart",namespace="shop"}) / max(depth_limit) | `,
		`q{route="/busy"} of q: max(depth{job="cart",namespace="shop",route="/busy"}) / max(depth_limit{route="/busy"}) | `,
		`q{route="/q\"uote"} of q: max(depth{job="cart",namespace="shop",route="/q\"uote"}) / max(depth_limit{route="/q\"uote"}) | `)
}

func TestPartsAreBounded(t *testing.T) {
	b := bound(t, `{name: e, by: route, counter: 'req{$match}', bad: 'code=~"5.."'}`, "")
	busy := map[string]float64{}
	for i := range 1000 {
		busy[strings.Repeat("a", i%90)+string(rune('A'+i%26))] = float64(i + 1)
	}
	if n := len(b.Plan(resolvedParts(t, b, busy)).Signals); n != 1+maxParts {
		t.Errorf("%d signals", n)
	}
}

func TestByNeedsALabel(t *testing.T) {
	for _, label := range []string{"le", "__name__", "a b", "'1a'", `"a\"} or up"`} {
		found := load("{team: t, rules: [{name: r, watch: {service: '*'}, signals: [{name: e, by: " + label + ", query: up}]}]}")
		if len(found) != 1 || found[0].Code != codeBadSelector {
			t.Errorf("%s: %v", label, found)
		}
	}
}

func TestPartsProbes(t *testing.T) {
	f := func(signal string, want ...string) {
		t.Helper()
		probes, err := bound(t, signal, "").Probes(0, nil)
		if err != nil {
			t.Fatal(err)
		}
		for i, got := range probes[len(probes)-len(want):] {
			if got.Form != Parts || got.Expr != want[i] {
				t.Errorf("%+v", got)
			} else if _, err := promql.Parse(got.Expr); err != nil {
				t.Error(err)
			}
		}
	}
	f(`{name: e, by: route, counter: 'req{$match}', bad: 'code=~"5.."'}`, `topk(20, sum by (route) (increase(req{job="cart",namespace="shop"}[30m])))`)
	f(`{name: l, by: route, histogram: 'lat', slow: 300ms}`,
		`topk(20, sum by (route) (increase(lat_count[30m])))`, `topk(20, sum by (route) (histogram_count(increase(lat[30m]))))`)
	f(`{name: q, by: route, query: 'rate(x{a="b"}[$__rate_interval] offset 1d) / up'}`, `topk(20, count by (route) (present_over_time(x{a="b"}[30m])))`)
}
