package rules

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/pushback/pushback/sources"
)

func TestMetricsOfExpressions(t *testing.T) {
	f := func(e Expr, want string) {
		t.Helper()
		if got := metricsOf(e); got != want {
			t.Errorf("%+v: %q, want %q", e, got, want)
		}
	}
	f(Expr{Counter: `hits_total{$match}`}, "hits_total")
	f(Expr{Counter: `hits_total{job="cart"}`}, "")
	f(Expr{Histogram: `took{$match}`}, "took|took_bucket|took_count")
	f(Expr{Query: `sum(rate(a_total{$match}[$__rate_interval])) / sum(rate(b_total{$match}[$step]))`}, "a_total|b_total")
	f(Expr{TotalQuery: `sum(increase(a_total{$match}[$step]))`, BadQuery: `sum(increase(b_total{$match}[$step]))`}, "a_total")
	f(Expr{Query: `a{$match} or vector(0)`}, "")
	f(Expr{Query: `absent(a{$match})`}, "")
	f(Expr{Query: `time() - max(a{$match})`}, "")
	f(Expr{Query: `a{$match} / b`}, "")
	f(Expr{Query: `{__name__=~"a|b",$match}`}, "")
	f(Expr{Counter: `hits_total{$match}`, Control: &ControlExpr{Series: `x{$match}`}}, "")
}

// TestOnlyMetricsThatExistAreAskedFor: the names are asked in one question.
func TestOnlyMetricsThatExistAreAskedFor(t *testing.T) {
	b := bound(t, `{name: e, conventions: http/errors, if_unmatched: skip}`, "")
	expr, err := b.NamesProbe(0)
	if err != nil || expr == "" {
		t.Fatalf("%q, %v", expr, err)
	}
	exist := b.Exist([]sources.Series{{Labels: map[string]string{"__name__": "gin_requests_total"}}})
	probes, err := b.Probes(0, exist)
	if err != nil {
		t.Fatal(err)
	}
	var asked []string
	for _, p := range probes {
		asked = append(asked, p.Expr)
	}
	want := []string{`group by (code) (present_over_time(gin_requests_total{job="cart",namespace="shop"}[30m]))`}
	if diff := cmp.Diff(want, asked); diff != "" {
		t.Error(diff)
	}
	few := bound(t, `{name: e, counter: 'x{$match}', bad: 'code="5"'}`, "")
	if expr, err := few.NamesProbe(0); expr != "" || err != nil {
		t.Errorf("a question for the name of one metric: %q, %v", expr, err)
	}
}
