package rules

import (
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/pushback/pushback/sources"
)

const usesRED = `team: shop
defaults: {bake: 20m, respond: [{at_least: likely, tell: $owner.pager}]}
rules:
  - name: red
    use: library/http-red
    watch: {service: shop-*}
    set: {latency.slow: 1s, errors.limit: 5%, settle: 2m}
    signals:
      - {name: requests, kind: rate, query: 'sum(rate(calls_total{$match}[$__rate_interval]))'}
    overrides: [{service: shop-search, set: {latency.slow: 3s}}]
  - {name: search, extends: red, watch: {service: search-*}, set: {errors.limit: 1%}}
  - {name: consumers, use: library/queue-consumer, watch: {service: "*-consumer"}}
`

func TestARuleUsesTheLibrary(t *testing.T) {
	set := mustLoad(t, usesRED)
	red, search, consumers := set.Rules()[0], set.Rules()[1], set.Rules()[2]
	var names []string
	for _, s := range red.Signals {
		names = append(names, s.Name)
	}
	if diff := cmp.Diff([]string{"requests", "errors", "latency"}, names); diff != "" {
		t.Error(diff)
	}
	requests, _ := red.signal("requests")
	latency, _ := red.signal("latency")
	errors, _ := red.signal("errors")
	if len(requests.AnyOf) != 1 || requests.Worse != "lower" || latency.Slow != time.Second || errors.Limit.Value != 0.05 || len(errors.AnyOf) < 50 {
		t.Errorf("%+v\n%+v\n%+v", requests, latency, errors)
	}
	if red.Settle != 2*time.Minute || red.Bake != 20*time.Minute || len(red.Respond) != 1 || red.Watch.Service != "shop-*" {
		t.Errorf("%+v", red)
	}
	if e, _ := search.signal("errors"); e.Limit.Value != 0.01 || search.Settle != 2*time.Minute {
		t.Errorf("what extends it: %+v", e)
	}
	if consumers.Settle != 5*time.Minute || consumers.Bake != time.Hour {
		t.Errorf("the library's own times come before the team's: settle %s, bake %s", consumers.Settle, consumers.Bake)
	}
	own, _ := Bind(red, sources.Change{}, Service{Name: "shop-search"}).Rule().signal("latency")
	if own.Slow != 3*time.Second {
		t.Errorf("an override comes last, and gives %s", own.Slow)
	}
	for _, r := range set.Rules() {
		again, found := Parse(r.Text, World{})
		if len(found) > 0 || again.Hash != r.Hash {
			t.Errorf("%s: %v; the stored text must stand without the library", r.Name, found)
		}
	}
}

func TestUnknownLibraryRules(t *testing.T) {
	f := func(rule, want string) {
		t.Helper()
		var got []string
		for _, d := range load("team: t\nrules:\n  - " + rule) {
			got = append(got, d.String())
		}
		if diff := cmp.Diff([]string{want}, got); diff != "" {
			t.Errorf("%s: %s", rule, diff)
		}
	}
	f(`{name: a, use: library/http-rde, watch: {service: "*"}}`,
		`rules.yml:3:20: the library has no rule "library/http-rde" (did you mean "library/http-red"?) [unknown-library]`)
	f(`{name: a, use: http-red, watch: {service: "*"}}`,
		`rules.yml:3:20: the library has no rule "http-red" (did you mean "library/http-red"?) [unknown-library]`)
	f(`{name: a, use: library/grpc, watch: {service: "*"}, set: {latncy.slow: 1s}}`,
		`rules.yml:3:76: this rule has no signal "latncy" (did you mean "latency"?) [bad-override]`)
	f(`{name: a, use: library/grpc}`,
		`rules.yml:3:5: the key "watch" is missing (say which services, as in watch: {service: "*"}) [missing-field]`)
	f(`{name: a, use: library/grpc, extends: a, watch: {service: "*"}}`,
		`rules.yml:3:43: a rule has use or extends, not both (use the library's rule in the one that is extended) [bad-extends]`)
	f(`{name: a, use: library/grpc, store: files, watch: {service: "*"}}`,
		`rules.yml:3:5: the store of this rule speaks csv: counters and histograms need PromQL (use query, which is passed to the store as it is) [store-language]`)
}

func TestOnlyIfIsAskedOnceATick(t *testing.T) {
	set := mustLoad(t, `{team: t, rules: [{name: a, watch: {service: "*"}, bake: 30m, signals: [
		{name: pace, counter: 'done_total{$match}', bad: 'ok="no"', only_if: 'sum(waiting{$match}) > 0'}, {name: up, query: up}]}]}`)
	b := Bind(set.Rules()[0], sources.Change{}, Service{Name: "s", Match: map[string]string{"job": "s"}})
	inputs, err := b.Inputs(Resolved{Resolution: 15 * time.Second})
	if err != nil || inputs[0].OnlyIf.Expr != `sum(waiting{job="s"}) > 0` || inputs[0].OnlyIf.Step != time.Minute || inputs[1].OnlyIf.Expr != "" {
		t.Errorf("%+v, %v", inputs, err)
	}
	if found := load("team: t\nrules: [{name: a, watch: {service: \"*\"}, signals: [{name: x, query: up, only_if: 'sum('}]}]"); len(found) == 0 || found[0].Code != codeBadPromQL {
		t.Error(found)
	}
	if !slices.IsSorted(LibraryNames()) || len(LibraryNames()) == 0 {
		t.Error(LibraryNames())
	}
}
