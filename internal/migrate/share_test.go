package migrate

import "testing"

// What a quotient is decides how a rule judges it.
func TestShares(t *testing.T) {
	f := func(query string, limit float64, want string, by float64) {
		t.Helper()
		tree, err := parse(query)
		if err != nil {
			t.Fatal(err)
		}
		got, divided, ok := shareOf(query, tree, limit)
		if ok != (want != "") || got != want || divided != by {
			t.Errorf("%s with limit %v:\n%s by %v, want\n%s by %v", query, limit, got, divided, want, by)
		}
	}
	const bad, all = `sum(rate(r_total{code=~"5.."}[5m]))`, `sum(rate(r_total[5m]))`
	const share, good = bad + " / " + all, "1 - " + bad + " / " + all
	f(share, 0.05, share, 1)
	f("("+share+")", 0.05, "("+share+")", 1)
	f("100 * "+share, 5, share, 100)
	f(share+" * 100", 5, share, 100)
	f("("+share+") * 100", 5, share, 100)
	f("100 * ("+share+")", 5, share, 100)
	f("("+bad+" * 100) / "+all, 5, share, 100)
	f(good, 0.95, "1 - "+share, 1)
	f("100 - "+share+" * 100", 95, good, 100)
	f("(1 - "+share+") * 100", 95, good, 100)
	f("(1 - ("+share+")) * 100", 95, good, 100)
	f(`sum(rate(failed_total[5m])) / sum(rate(jobs_total[5m]))`, 0.1, `sum(rate(failed_total[5m])) / sum(rate(jobs_total[5m]))`, 1)
	f(`(sum(rate(r_total{code="5"}[5m])) or vector(0)) / `+all, 0.1, `(sum(rate(r_total{code="5"}[5m])) or vector(0)) / `+all, 1)
	f(`sum by (a) (rate(r_total{code="5"}[5m])) / sum by (a) (rate(r_total[5m]))`, 0.1, `sum by (a) (rate(r_total{code="5"}[5m])) / sum by (a) (rate(r_total[5m]))`, 1)

	f(`sum(rate(took_seconds_sum[5m])) / sum(rate(took_seconds_count[5m]))`, 0.5, "", 0)                       // a mean
	f(`sum(rate(sent_bytes_total[5m])) / sum(rate(sent_total[5m]))`, 0.5, "", 0)                               // bytes an event
	f(`sum(rate(r_total{hash="new",code="5"}[5m])) / sum(rate(r_total{hash="old",code="5"}[5m]))`, 0.9, "", 0) // unlike things
	f(share, 1.5, "", 0)
	f("100 * "+share, 100, "", 0)
	f("10 * "+share, 5, "", 0)
	f("2 - "+share, 0.5, "", 0)
	f(share+" - 1", 0.5, "", 0)
	f(`sum(rate(r_total{code="5"}[1m])) / `+all, 0.1, "", 0) // two windows
	f(`sum(r_total{code="5"}) / sum(r_total)`, 0.1, "", 0)   // not of events in a time
	f(`sum by (a) (rate(r_total{code="5"}[5m])) / `+all, 0.1, "", 0)
	f("max(x)", 0.1, "", 0)
	f("1 / 2", 0.1, "", 0)
}

func TestMeans(t *testing.T) {
	f := func(query, want string) {
		t.Helper()
		result, err := convert("kind: AnalysisTemplate\nmetadata: {name: a}\nspec: {metrics: [{name: m, successCondition: 'result[0] < 0.5', provider: {prometheus: {query: '" + query + "'}}}]}")
		if err != nil || len(result.Rules) == 0 {
			t.Fatal(err)
		}
		var s signal
		tree, err := parse(query)
		if err != nil {
			t.Fatal(err)
		}
		if s.noteMean(tree); len(s.notes) != 1 || s.notes[0] != want {
			t.Errorf("%s: %q", query, s.notes)
		}
	}
	f(`sum(rate(took_seconds_sum[5m])) / sum(rate(took_seconds_count[5m]))`, "the mean of took_seconds, in its own unit")
	f(`1000 * sum(rate(took_seconds_sum[5m])) / sum(rate(took_seconds_count[5m]))`, "the mean of took_seconds, in its own unit times 1000")
}

func TestVariables(t *testing.T) {
	v := newVariables(braces)
	v.say("target", "$service")
	v.values["namespace"], v.values["odd"], v.why["hash"] = "shop", "$version", "hash is a hash"
	f := func(text, want, reason string) {
		t.Helper()
		got, problem := v.substitute(text)
		if problem != nil && problem.reason != reason || problem == nil && (got != want || reason != "") {
			t.Errorf("%s: %s, %+v", text, got, problem)
		}
	}
	f(`x{a="{{ target }}",b="{{namespace}}"}`, `x{a="$service",b="shop"}`, "")
	f(`x{a="b {{- target }}"}`, "", "it has a template that is more than a variable") // Go removes the blank
	f(`x{a="{{-namespace-}}"}`, "", "it has a template that is more than a variable")
	f(`x{a="{{target}}_team",b="{{target}}{{namespace}}"}`, `x{a="${service}_team",b="${service}shop"}`, "")
	f(`x{a="{{target}}-canary"}`, `x{a="$service-canary"}`, "")
	f(`x{a="{{ odd }}"}`, "", "it has a text such as $service, which is a variable in rules")
	f(`x{a="${version}"}`, "", "it has a text such as $service, which is a variable in rules")
	f(`x{a=~"b$|$serviceable$"}`, `x{a=~"b$|$serviceable$"}`, "")
	f(`{{ nothing }} {{ else }}`, "", "the files do not say what nothing, else stand for")
	f(`{{ hash }}`, "", "hash is a hash")
	f(`{{ if target }}x{{ end }}`, "", "the files do not say what end stands for")
	f(`{{ if target }}x`, "", "it has a template that is more than a variable")
	f(`{{ target`, "", "it has a template that is more than a variable")
}

// A query is written on one line only where that changes nothing.
func TestQueriesOnOneLine(t *testing.T) {
	f := func(query, want string) {
		t.Helper()
		if got := oneLine(query); got != want {
			t.Errorf("%q: %q", query, got)
		}
	}
	f("\n sum(x)\n  / sum(y)\n", "sum(x) / sum(y)")
	f("sum(x) # the top\n/ sum(y)", "sum(x) # the top\n/ sum(y)")
	f(`x{a="b  c"}`, `x{a="b  c"}`)
	f("not  PromQL (", "not PromQL (")
}
