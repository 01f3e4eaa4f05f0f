package rules

import (
	"testing"
	"testing/fstest"
)

func TestWarnings(t *testing.T) {
	f := func(name, rule string, want ...string) {
		t.Helper()
		w := testWorld
		w.Environments = []string{"production", "staging"}
		set, found := Load(fstest.MapFS{"r.yml": {Data: []byte("{team: t, rules: [" + rule + "]}")}}, w)
		if len(found) > 0 {
			t.Fatalf("%s: %v", name, found)
		}
		var got []string
		for _, d := range set.Warnings() {
			if !d.Warning || d.Line != 1 || d.Column < 2 || d.Hint == "" {
				t.Errorf("%s: %+v", name, d)
			}
			got = append(got, d.Code)
		}
		if len(got) != len(want) {
			t.Errorf("%s: %v, want %v", name, set.Warnings(), want)
			return
		}
		for i := range want {
			if got[i] != want[i] {
				t.Errorf("%s: %v, want %v", name, set.Warnings(), want)
			}
		}
	}
	counter := func(selector string) string { return `signals: [{name: e, counter: '` + selector + `', bad: 'c="5"'}]` }
	f("as it should be", `{name: r, watch: {service: '*', environment: production}, `+counter("x{$match}")+`}`)
	asks := func(grade, mode string) string {
		return `{name: r, watch: {service: '*', environment: production}, ` + counter("x{$match}") + `, respond: [{at_least: ` + grade + `, rollback: {hook: argo, mode: ` + mode + `}}]}`
	}
	f("asks when it is likely", asks("likely", "ask"))
	f("asks on a suspicion", asks("suspect", "ask"), codeUnsafeRollback)
	f("observes on a suspicion", asks("suspect", "observe"))
	f("no $match", `{name: r, watch: {service: '*'}, `+counter("x")+`}`, codeWidening)
	f("a glob", `{name: r, watch: {service: 'shop-*'}, `+counter("x")+`}`, codeWidening)
	f("one service", `{name: r, watch: {service: cart}, `+counter("x")+`}`)
	f("the service by its name", `{name: r, watch: {service: '*'}, signals: [{name: q, query: 'sum(x{app="$service"})'}]}`)
	f("a site", `{name: r, scope: site, signals: [{name: q, query: 'sum(x)'}]}`)
	f("of any_of", `{name: r, watch: {service: '*'}, signals: [{name: q, any_of: [{query: 'a{$match}'}, {query: b}]}]}`, codeWidening)
	f("bad of a ratio", `{name: r, watch: {service: '*'}, signals: [{name: q, kind: ratio, bad: a, total: 'b{$match}'}]}`, codeWidening)
	f("a rule of the library", `{name: r, use: library/http-red, watch: {service: '*'}}`)
	effect := func(e string) string {
		return `{name: r, watch: {service: '*'}, signals: [{name: e, counter: 'x{$match}', bad: 'c="5"', min_effect: ` + e + `}]}`
	}
	f("half of all events", effect("0.5"), codeAmountUnit)
	f("half a point", effect("0.5 points"))
	f("fifty points, meant", effect("50 points"))
	f("relative", effect("50%"))
	f("five thousandths", effect("0.005"))
	f("of a histogram's slow fraction", `{name: r, watch: {service: '*'}, signals: [{name: l, histogram: 'x{$match}', min_effect: {slow: 0.5}}]}`, codeAmountUnit)
	f("of a level", `{name: r, watch: {service: '*'}, signals: [{name: l, query: 'x{$match}', min_effect: 0.5}]}`)
	f("set for some services", `{name: r, watch: {service: '*'}, `+counter("x{$match}")+`, overrides: [{service: a, set: {e.min_effect: 0.5}}]}`, codeAmountUnit)
	f("nobody has it", `{name: r, watch: {service: '*', environment: prod}, `+counter("x{$match}")+`}`, codeUnknownWord)
	f("somebody has it", `{name: r, watch: {service: '*', environment: 'prod*'}, `+counter("x{$match}")+`}`)
}
