package rules

import (
	"fmt"
	"math"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/pushback/pushback/sources"
	"github.com/pushback/pushback/sources/metrics/promql"
)

// instant is an answer of one series for each label.
func instant(label string, values map[string]float64) []sources.Series {
	var all []sources.Series
	for l, v := range values {
		all = append(all, sources.Series{Labels: map[string]string{label: l}, Samples: []sources.Sample{{V: v}}})
	}
	return all
}

func TestResolve(t *testing.T) {
	edges := instant("le", map[string]float64{"0.1": 50, "0.25": 80, "0.5": 95, "1.0": 99, "+Inf": 100})
	one := []sources.Series{{Samples: []sources.Sample{{V: 0.7}}}}
	f := func(signal string, answer map[string][]sources.Series, want Choice) {
		t.Helper()
		b := bound(t, signal, "")
		probes, err := b.Probes(0, nil)
		if err != nil {
			t.Fatal(err)
		}
		answers := map[Probe][]sources.Series{}
		for _, p := range probes {
			answers[p] = answer[fmt.Sprintf("%d %s", p.Index, p.Form)]
		}
		r := b.Resolve(answers, 0)
		if diff := cmp.Diff(want, r.Signals["s"]); diff != "" {
			t.Errorf("%s, %v:\n%s", signal, answer, diff)
		}
		if _, known := r.Signals["s"]; known != (len(answer) > 0) {
			t.Errorf("%s: known is %v", signal, known)
		}
	}
	counters := `{name: s, any_of: [{counter: a, bad: 'c="5"'}, {counter: b, bad: 'c="5"'}]}`
	f(counters, nil, Choice{})
	labelled := instant("c", map[string]float64{"4": 1})
	f(counters, map[string][]sources.Series{"0 has_data": labelled}, Choice{})
	f(counters, map[string][]sources.Series{"1 has_data": labelled}, Choice{Index: 1})
	f(counters, map[string][]sources.Series{"0 has_data": labelled, "1 has_data": labelled}, Choice{})
	f(counters, map[string][]sources.Series{"0 has_data": one}, Choice{Missing: []string{"c"}})
	f(counters, map[string][]sources.Series{"0 has_data": one, "1 has_data": labelled}, Choice{Index: 1})
	f(counters, map[string][]sources.Series{"0 has_data": one, "1 has_data": one}, Choice{Missing: []string{"c"}})
	f(`{name: s, counter: a, bad: 'c!="200"'}`, map[string][]sources.Series{"0 has_data": one}, Choice{})
	f(`{name: s, counter: a, bad: 'c!="200",d=~"x.*"'}`, map[string][]sources.Series{"0 has_data": labelled}, Choice{Missing: []string{"d"}})
	pods := instant("pod", map[string]float64{"a": 1, "b": 2, "c": 3})
	f(`{name: s, query: x}`, map[string][]sources.Series{"0 has_data": pods}, Choice{Series: 3})
	f(`{name: s, query: x, combine: max}`, map[string][]sources.Series{"0 has_data": pods}, Choice{})

	slow := func(s string) string { return fmt.Sprintf(`{name: s, histogram: x_seconds%s}`, s) }
	f(slow(", slow: 300ms"), map[string][]sources.Series{"0 edges": edges}, Choice{Edge: "0.5", Bound: 0.5})
	f(slow(", slow: 500ms"), map[string][]sources.Series{"0 edges": edges}, Choice{Edge: "0.5", Bound: 0.5})
	f(slow(", slow: 1s"), map[string][]sources.Series{"0 edges": edges}, Choice{Edge: "1.0", Bound: 1})
	f(slow(", slow: 5s"), map[string][]sources.Series{"0 edges": edges}, Choice{Edge: "1.0", Bound: 1})
	f(slow(""), map[string][]sources.Series{"0 edges": edges}, Choice{Edge: "0.5", Bound: 0.5}) // at or above p90
	f(slow(""), map[string][]sources.Series{"0 edges": instant("le", map[string]float64{"0.1": 0, "1": 0, "+Inf": 0})}, Choice{Edge: "1", Bound: 1})
	f(slow(""), map[string][]sources.Series{"0 edges": instant("le", map[string]float64{"+Inf": 9, "junk": 1})}, Choice{})
	f(slow(""), map[string][]sources.Series{"0 p90": one}, Choice{Native: true, Bound: 0.7})
	f(slow(", slow: 300ms"), map[string][]sources.Series{"0 p90": one, "0 edges": edges}, Choice{Native: true, Bound: 0.3})
	f(slow(""), map[string][]sources.Series{"0 p90": {{Samples: []sources.Sample{{V: math.NaN()}}}}}, Choice{Native: true, Bound: 0.5})
	f(`{name: s, histogram: 'x_ms{a="b"}', slow: 300ms}`, map[string][]sources.Series{"0 p90": one}, Choice{Native: true, Bound: 300})
	f(`{name: s, query: up}`, map[string][]sources.Series{"0 has_data": one}, Choice{})
}

func TestProbesAreQueriesThatParse(t *testing.T) {
	b := bound(t, `{name: a, counter: 'x{$match}', bad: 'c="5"'}, {name: b, histogram: 'y_seconds'}, {name: c, query: 'z{$match}'},
		{name: d, kind: ratio, bad: 'p{$match}', total: 'q{$match}'}`, "")
	probes, err := b.Probes(0, nil)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, p := range probes {
		if _, err := promql.Parse(p.Expr); err != nil {
			t.Error(err)
		}
		got = append(got, p.Signal+" "+p.Expr)
	}
	want := []string{
		`a group by (c) (present_over_time(x{job="cart",namespace="shop"}[30m]))`,
		`b histogram_quantile(0.9, sum(increase(y_seconds[30m])))`,
		`b sum by (le) (increase(y_seconds_bucket[30m]))`,
		`b group (present_over_time(y_seconds_count[30m]))`,
		`c z{job="cart",namespace="shop"}`,
		`d q{job="cart",namespace="shop"}`,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// The way from a rule to the queries a look runs.
func ExampleBound_Resolve() {
	set, _ := Parse(`
team: shop
rules:
  - name: red
    watch: {service: "*"}
    signals:
      - name: latency
        histogram: http_request_duration_seconds{$match}
        slow: 300ms
`, World{})
	service := Service{Name: "cart", Match: map[string]string{"job": "cart"}}
	b := Bind(set, sources.Change{Service: "cart"}, service)

	probes, _ := b.Probes(0, nil)
	answers := map[Probe][]sources.Series{}
	for _, p := range probes {
		if p.Form == Edges { // what the store would say of p.Expr
			answers[p] = instant("le", map[string]float64{"0.1": 900, "0.5": 990, "+Inf": 1000})
		}
	}
	resolved := b.Resolve(answers, 0)
	inputs, _ := b.Inputs(resolved)
	for i, s := range b.Plan(resolved).Signals {
		fmt.Println(s.Name, s.Kind, inputs[i].Form, inputs[i].Part.Expr)
	}
	// Output:
	// latency.mean level mean http_request_duration_seconds_count{job="cart"}
	// latency.slow counts slow http_request_duration_seconds_bucket{job="cart",le=~"0?\\.50*|5(\\.0*)?[eE]-0*1"}
}
