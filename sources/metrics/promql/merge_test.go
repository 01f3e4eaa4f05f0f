package promql

import (
	"slices"
	"testing"
)

// The differential test over a real store is in internal/gather: here is which queries are
// merged at all, and how.
func TestSplits(t *testing.T) {
	f := func(query, label, merged string) {
		t.Helper()
		for _, s := range (Language{}).Splits(query) {
			if s.Label == label {
				if got := (Language{}).Merge(query, s, []string{"a", "b.c"}); got != merged {
					t.Errorf("%s is merged to %s, want %s", query, got, merged)
				}
				return
			}
		}
		if merged != "" {
			t.Errorf("%s cannot be split by %s", query, label)
		}
	}
	f(`up{job="a"}`, "job", `up{job=~"a|b\\.c"}`)
	f(`sum(rate(up{job="a",code=~"5.."}[1m]))`, "job", `sum by (job) (rate(up{code=~"5..",job=~"a|b\\.c"}[1m]))`)
	f(`sum without (pod) (up{job="a"})`, "job", `sum without (pod) (up{job=~"a|b\\.c"})`)
	f(`sum by (le) (x{job="a"}) / on (le) sum by (le) (y{job="a"})`, "job", `sum by (le, job) (x{job=~"a|b\\.c"}) / on (le, job) sum by (le, job) (y{job=~"a|b\\.c"})`)
	f(`histogram_quantile(0.9, sum by (le) (rate(x{job="a"}[1m])))`, "job", `histogram_quantile(0.9, sum by (le, job) (rate(x{job=~"a|b\\.c"}[1m])))`)
	f(`-clamp_max(x{job="a"}, 2) * 3`, "job", `-clamp_max(x{job=~"a|b\\.c"}, 2) * 3`)
	f(`max_over_time(sum(x{job="a"})[5m:1m] offset 1m)`, "job", `max_over_time(sum by (job) (x{job=~"a|b\\.c"})[5m:1m] offset 1m)`)
	f(`x{job="a"} unless y{job="a"}`, "job", `x{job=~"a|b\\.c"} unless y{job=~"a|b\\.c"}`)
	for _, mixed := range []string{
		`x{job=~"a"}`, `x{job="a"} / y{job="b"}`, `x{job="a"} / y`, `sum(x{job="a"}) / x{job="a"}`, `topk(1, x{job="a"})`, `absent(x{job="a"})`,
		`scalar(x{job="a"})`, `sum(x{job="a"}) or vector(0)`, `label_replace(x{job="a"}, "job", "b", "", "")`, `x{job="a",job!="b"}`, `sum without (job) (x{job="a"})`,
		`x{job="a"} / on (pod) group_left () y{job="a"}`, `x{job="a"} / ignoring (job) y{job="a"}`, `x{job="a"} @ start()`, `sort(x{job="a"})`, `{job=""}`,
		`count_values("job", x{job="a"})`, `x{job="a"} + on (pod) fill(0) y{job="a"}`, `sum(`,
	} {
		f(mixed, "job", "")
	}
	f(`{__name__="a",job="a"}`, "__name__", "")
	f(`x_bucket{le="1"}`, "le", "")
}

// Queries that differ in the value alone have one shape, and others have not.
func TestShapes(t *testing.T) {
	shapes := func(query string) (all []string) {
		for _, s := range (Language{}).Splits(query) {
			all = append(all, s.Label+" "+s.Shape)
		}
		return all
	}
	a, b := shapes(`sum(x{job="a",env="prod"})`), shapes(`sum(x{job="b",env="prod"})`)
	if len(a) != 2 || a[0] != b[0] || a[1] == b[1] {
		t.Errorf("%q and %q", a, b)
	}
	if c := shapes(`sum(x{job="b",env="dev"})`); slices.Contains(a, c[0]) {
		t.Errorf("%q and %q", a, c)
	}
}

func TestNarrows(t *testing.T) {
	f := func(whole, part string, ok, wanted, other bool) {
		t.Helper()
		keep, got := Narrows(whole, part)
		if got != ok {
			t.Errorf("%s narrows %s: %v", part, whole, got)
			return
		}
		if !ok {
			return
		}
		if bad := keep(map[string]string{"job": "a", "code": "500"}); bad != wanted {
			t.Errorf("%s selects code 500: %v", part, bad)
		}
		if good := keep(map[string]string{"job": "a"}); good != other {
			t.Errorf("%s selects no code: %v", part, good)
		}
	}
	f(`x{job="a"}`, `x{job="a",code=~"5.."}`, true, true, false)
	f(`x{job="a"}`, `x{code=~"5..",job="a"}`, true, true, false)
	f(`x{job="a"}`, `x{job="a",code!~"2..|"}`, true, true, false)
	f(`x{job="a"}`, `x{job="a",code!="500"}`, true, false, true)
	f(`x{job="a"}`, `x{job="a"}`, true, true, true)
	f(`x{job="a"}`, `y{job="a",code="500"}`, false, false, false)
	f(`x{job="a"}`, `x{code="500"}`, false, false, false)
	f(`x{job="a"}`, `x{job="a",code="500"} offset 1m`, false, false, false)
	f(`sum(x)`, `sum(x{code="500"})`, false, false, false)
}

// A merged query is one, whatever was merged.
func FuzzSplits(f *testing.F) {
	for _, query := range []string{
		`sum by (le) (rate(x{job="a",env="b"}[1m])) / on (le) group_left y{job="a"}`, `histogram_quantile(.9, x{a="\n"}) or -(y{a="\n"} offset 1m)`,
		`sum(x{a="b"} @ 5)[5m:1m]`, `{"a b"="c", d="e"}`,
	} {
		f.Add(query)
	}
	f.Fuzz(func(t *testing.T, query string) {
		for _, s := range (Language{}).Splits(query) {
			if merged := (Language{}).Merge(query, s, []string{s.Value, "x|y", `"`}); Language.Parse(Language{}, merged) != nil {
				t.Errorf("%q by %s is merged to %q", query, s.Label, merged)
			}
		}
	})
}
