package rules

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/pushback/pushback/sources"
)

func TestAMissingLabelIsNamed(t *testing.T) {
	f := func(labels map[string]string, want string) {
		t.Helper()
		b := bound(t, `{name: e, counter: 'http_requests_total{$match}', bad: 'status=~"5.."'}`, "")
		probes, err := b.Probes(0, nil)
		if err != nil {
			t.Fatal(err)
		}
		r := b.Resolve(map[Probe][]sources.Series{probes[0]: {{}}}, 0)
		asked := b.LabelProbes(r)
		if diff := cmp.Diff(map[string]string{"e": `topk(20, http_requests_total{job="cart",namespace="shop"})`}, asked); diff != "" {
			t.Error(diff)
		}
		r = b.WithLabels(r, "e", []sources.Series{{Labels: labels}, {Labels: labels}})
		if got := b.Plan(r).Signals[0].Unseen; got != want {
			t.Errorf("%v: %q, want %q", labels, got, want)
		}
	}
	f(map[string]string{"__name__": "http_requests_total", "job": "cart", "namespace": "shop", "instance": "a:80", "method": "GET", "code": "200"},
		"no series of http_requests_total has the label status; it has code, method")
	f(map[string]string{"job": "cart"}, "no series of http_requests_total has the label status; it has no other label")
}

// TestAMissingLabelOfAQueryIsNamed asks for the labels of a ratio's bad events.
func TestAMissingLabelOfAQueryIsNamed(t *testing.T) {
	f := func(bad, total, probe, want string, answer ...map[string]string) {
		t.Helper()
		b := bound(t, fmt.Sprintf("{name: e, kind: ratio, bad: '%s', total: '%s'}", bad, total), "")
		probes, err := b.Probes(0, nil)
		if err != nil {
			t.Fatal(err)
		}
		r := b.Resolve(map[Probe][]sources.Series{probes[0]: {{}}}, 0)
		if got := b.LabelProbes(r)["e"]; got != probe {
			t.Errorf("%s asks %q, want %q", bad, got, probe)
		}
		if probe == "" {
			return
		}
		var series []sources.Series
		for _, labels := range answer {
			series = append(series, sources.Series{Labels: labels})
		}
		if got := b.Plan(b.WithLabels(r, "e", series)).Signals[0].Unseen; got != want {
			t.Errorf("%s: %q, want %q", bad, got, want)
		}
	}
	const total = `sum(increase(req_total{$match,path!="/health"}[$step]))`
	const bad = `sum(increase(req_total{$match,path!="/health",status=~"5.."}[$step]))`
	const probe = `topk(20, req_total{job="cart",namespace="shop",path!="/health"}) or group by (status) (req_total{job="cart",namespace="shop",path!="/health",status!=""})`
	f(bad, total, probe, "no series of req_total has the label status; it has code", map[string]string{"job": "cart", "code": "200"})
	f(bad, total, probe, "", map[string]string{"job": "cart", "code": "200"}, map[string]string{"status": "200"})
	f(bad, total, probe, "")
	f(`sum(increase(failed_total{$match,status="5"}[$step]))`, total, "", "")
	f(`sum(increase(req_total{$match,path!="/health",status!="200"}[$step]))`, total, "", "")
}

func TestNeedsNamesSignals(t *testing.T) {
	const rule = `{team: t, rules: [{name: r, watch: {service: '*'}, needs: %s, signals: [{name: errors, counter: x, bad: 'c="5"', if_unmatched: skip}, {name: latency, histogram: y}]}]}`
	f := func(needs, message string, want ...bool) {
		t.Helper()
		set, found := Parse(fmt.Sprintf(rule, needs), World{})
		if message != "" {
			if len(found) != 1 || found[0].Message != message || found[0].Code != codeUnknownWord {
				t.Errorf("%s: %v", needs, found)
			}
			return
		}
		if len(found) > 0 {
			t.Fatal(found)
		}
		var got []bool
		for _, s := range Bind(set, sources.Change{}, Service{Match: map[string]string{"job": "cart"}}).Plan(Resolved{}).Signals {
			got = append(got, s.Needed)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s: %s", needs, diff)
		}
	}
	f("errors", "", true, false, false)
	f("[errors, latency]", "", true, true, true)
	f("[]", "", false, false, false)
	f("[errors, latencies]", `this rule has no signal "latencies"`)
}

func TestCombineBelongsToAQuery(t *testing.T) {
	f := func(signal, want string) {
		t.Helper()
		found := load("{team: t, rules: [{name: r, watch: {service: '*'}, signals: [" + signal + "]}]}")
		if want == "" && len(found) > 0 || want != "" && (len(found) != 1 || found[0].Message != want) {
			t.Errorf("%s: %v, want %q", signal, found, want)
		}
	}
	for _, word := range combinations {
		f(`{name: s, query: x, combine: `+word+`}`, "")
	}
	f(`{name: s, query: x, combine: avg}`, `unknown way to combine series "avg"`)
	f(`{name: s, query: x, combine: one_only}`, `unknown way to combine series "one_only"`)
	f(`{name: s, counter: x, bad: 'c="5"', combine: sum}`, "combine belongs to a query")
	f(`{name: s, any_of: [{kind: ratio, query: x}, {counter: x, bad: 'c="5"'}], combine: max}`, "")
	f(`{name: s, kind: ratio, bad: x, total: y, combine: sum}`, "")
	f(`{name: s, kind: ratio, bad: x, total: y, combine: max}`, "bad and total count events, which can only be added up")
}
