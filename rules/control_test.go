package rules

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/pushback/pushback/detector"
	"github.com/pushback/pushback/sources"
	"github.com/pushback/pushback/watch"
)

// TestControlInputs checks that the queries of a control have the form of its signal.
func TestControlInputs(t *testing.T) {
	f := func(signal string, r Resolved, want ...watch.ControlQueries) {
		t.Helper()
		inputs, err := bound(t, signal, "").Inputs(r)
		if err != nil {
			t.Fatal(err)
		}
		var got []watch.ControlQueries
		for _, in := range inputs {
			got = append(got, *in.Control)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s:\n%s", signal, diff)
		}
	}
	raw := func(expr string) sources.Query { return sources.Query{Expr: expr, Step: 15 * time.Second} }
	f(`{name: e, counter: 'req{$match,v="$version"}', bad: 'code="5"', control: 'req{$match,v!="$version"}'}`, Resolved{},
		watch.ControlQueries{Value: raw(`req{job="cart",namespace="shop",v!="v1.2"}`), Part: raw(`req{code="5",job="cart",namespace="shop",v!="v1.2"}`)})
	f(`{name: l, histogram: 'lat_seconds{zone="a"}', control: 'lat_seconds{zone="b"}', slow: 300ms}`,
		Resolved{Signals: map[string]Choice{"l": {Edge: "0.5", Bound: 0.5}}},
		watch.ControlQueries{Value: raw(`lat_seconds_sum{zone="b"}`), Part: raw(`lat_seconds_count{zone="b"}`)},
		watch.ControlQueries{Value: raw(`lat_seconds_count{zone="b"}`), Part: raw(`lat_seconds_bucket{le=~"0?\\.50*|5(\\.0*)?[eE]-0*1",zone="b"}`)})
	f(`{name: q, query: 'a', control: {series: 'b'}}`, Resolved{}, watch.ControlQueries{Value: sources.Query{Expr: "b", Step: time.Minute}})
}

func TestControlPlan(t *testing.T) {
	f := func(signal string, byVersion bool, split float64) {
		t.Helper()
		s := bound(t, signal, "").Plan(Resolved{}).Signals[0]
		if s.Controlled != true || s.ByVersion != byVersion || s.Split != split || s.Kind != detector.Counts {
			t.Errorf("%s: %+v", signal, s)
		}
	}
	f(`{name: e, counter: 'req{v="${version}"}', bad: 'c="5"', control: 'req{v!="$version"}'}`, true, 0)
	f(`{name: e, counter: 'req{arm="a"}', bad: 'c="5"', control: {series: 'req{arm="b"}', split: 25%}}`, false, 0.25)
	f(`{name: e, kind: ratio, bad: a, total: b, control: {bad: c, total: d, split: 0.5}}`, false, 0.5)
}

// TestControlProbes checks that a probe asks for the control too: the series of a new
// version have no data before the change.
func TestControlProbes(t *testing.T) {
	b := bound(t, `{name: e, counter: 'req{v="$version"}', bad: 'c="5"', control: 'req{v!="$version"}'}`, "")
	probes, err := b.Probes(15*time.Second, nil)
	if err != nil || len(probes) != 1 || !strings.Contains(probes[0].Expr, `(group by (c) (present_over_time(req{v="v1.2"}[30m]))) or (group by (c) (present_over_time(req{v!="v1.2"}[30m])))`) {
		t.Errorf("%v, %v", probes, err)
	}
}

// TestControlMistakes checks that mistakes are reported at their place.
func TestControlMistakes(t *testing.T) {
	f := func(signal, message string, column int) {
		t.Helper()
		found := load("team: t\nrules:\n  - name: r\n    watch: {service: '*'}\n    signals:\n      - " + signal)
		if len(found) != 1 || !strings.Contains(found[0].Message, message) || found[0].Line != 6 || found[0].Column != column {
			t.Errorf("%s: %v, want %q in column %d", signal, found, message, column)
		}
	}
	f(`{name: e, counter: a, bad: 'c="5"', control: a}`, "its own control", 54)
	f(`{name: e, counter: a, bad: 'c="5"', control: 'rate(a[5m])'}`, "a series selector alone", 54)
	f(`{name: e, counter: a, bad: 'c="5"', control: {bad: x, total: y}}`, "one series of the signal's own form", 54)
	f(`{name: e, kind: ratio, bad: a, total: b, control: c}`, "is two queries", 59)
	f(`{name: e, query: a, control: {series: b, split: 50%}}`, "a query gives none", 57)
	f(`{name: e, counter: a, bad: 'c="5"', control: {series: b, split: 150%}}`, "share of all events, signal and control", 73)
	f(`{name: e, counter: a, bad: 'c="5"', control: {serie: b}}`, "serie", 55)
}
