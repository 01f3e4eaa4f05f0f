package promql

import (
	"errors"
	"runtime"
	"strings"
	"testing"
)

// TestParseIsBounded parses what is refused, and what is just within the limits. Both must allocate little, which
// bounds their work.
func TestParseIsBounded(t *testing.T) {
	f := func(query, limit string) {
		t.Helper()
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		tree, err := Parse(query)
		runtime.ReadMemStats(&after)
		var beyond *LimitError
		if errors.As(err, &beyond) != (limit != "") || limit != "" && !strings.Contains(err.Error(), limit) {
			t.Errorf("%.60s: %v, want %q", query, err, limit)
		}
		if (tree == nil) != (err != nil) {
			t.Errorf("%.60s: %v with %v", query, tree, err)
		}
		if mib := (after.TotalAlloc - before.TotalAlloc) >> 20; mib > 32 {
			t.Errorf("%.60s: allocated %d MiB", query, mib)
		}
	}
	around := func(n int, open, inside, end string) string {
		return strings.Repeat(open, n) + inside + strings.Repeat(end, n)
	}
	f(around(100, "(", "1", ")"), "")
	f(around(101, "(", "1", ")"), "100 levels")
	f(around(30_000, "(", "1", ")"), "100 levels")
	f(around(100_000, "(", "1", ")"), "bytes")
	f(strings.Repeat("(", 60_000), "100 levels")
	f(around(200, "sum(", "a", ")"), "100 levels")
	f("a["+around(200, "(", "1", ")")+"]", "100 levels")
	f(strings.Repeat("-", 20_000)+"1", "words and signs")
	f("1"+strings.Repeat("+1", 20_000), "words and signs")
	f("1"+strings.Repeat("+1", 450), "")
	f("1"+strings.Repeat("^1", 450), "")
	f("sum by ("+strings.Repeat("a,", 20_000)+") (a)", "words and signs")
	f(`a{x=~"`+strings.Repeat("(.{999})", 9)+`"}`, "")
	f(`a{x=~"`+strings.Repeat("(.{999})", 50)+`"}`, "regular expressions")
	f(`a{x!~'`+strings.Repeat("(.{999})", 50)+`'}`, "regular expressions")
	f("a{x=~`"+strings.Repeat("(.{999})", 50)+"`}", "regular expressions")
	f(`a{x=~"`+strings.Repeat(`(.\x7b999\x7d)`, 50)+`"}`, "regular expressions")
	f(`a{x=~"(.{30}){30}"}`, "")
	f(strings.Repeat(`a{x=~".{999}"} + `, 50)+"a", "regular expressions")
	f(`a{x=~"`+strings.Repeat(`\\pL`, 50)+`"}`, "regular expressions")
	f(`a{x="`+strings.Repeat("(.{999})", 50)+`", y=~"a|b|c"}`, "")
	if _, err := ParseSelector(`x{` + strings.Repeat(`a="(((", `, 3000) + `}`); err == nil {
		t.Error("a selector has no limits")
	}
}

func FuzzParse(f *testing.F) {
	for _, query := range []string{"rate(x[5m])", `a{x=~"(.{99}){9}"}`, "((((1", "a[(1+1)]", `sum by (a) ({"x"})`, "{{schema:0}}"} {
		f.Add(query)
	}
	f.Fuzz(func(t *testing.T, query string) {
		var beyond *LimitError
		_, err := Parse(query)
		_, unbounded := language.ParseExpr(query)
		if (err == nil) != (unbounded == nil) && !errors.As(err, &beyond) {
			t.Errorf("%q: %v, and %v", query, err, unbounded)
		}
	})
}
