package rules

import (
	"fmt"
	"testing"
	"time"

	"github.com/pushback/pushback/sources"
)

func TestWatches(t *testing.T) {
	f := func(selector string, c sources.Change, want bool) {
		t.Helper()
		set := mustLoad(t, "{team: t, rules: [{name: r, "+selector+", signals: [{name: e, query: up}]}]}")
		if got := len(set.For(c, Service{})) == 1; got != want {
			t.Errorf("%s, %+v: %v", selector, c, got)
		}
	}
	cart := sources.Change{Service: "cart", Environment: "production", Region: "eu-1", Kind: sources.Deploy}
	f("watch: {service: cart}", cart, true)
	f("watch: {service: '*'}", cart, true)
	f("watch: {service: 'c?rt'}", cart, true)
	f("watch: {service: '[a-d]*'}", cart, true)
	f("watch: {service: car}", cart, false)
	f("watch: {service: '*', except: cart}", cart, false)
	f("watch: {service: '*', except: [x, ca*]}", cart, false)
	f("watch: {service: '*', except: [x]}", cart, true)
	f("watch: {service: '*', environment: production}", cart, true)
	f("watch: {service: '*', environment: staging}", cart, false)
	f("watch: {service: '*', region: eu-*}", cart, true)
	f("watch: {service: '*', region: us-*}", cart, false)
	f("watch: {service: '*', kind: [config, deploy]}", cart, true)
	f("watch: {service: '*', kind: flag}", cart, false)
	f("scope: site", cart, true)
	f("scope: site, watch: {environment: staging}", cart, false)
	f("scope: site, watch: {except: cart}", cart, false)
	f("watch: {service: 'team/*'}", sources.Change{Service: "team/a"}, true)
	f("watch: {service: '*'}", sources.Change{Service: "team/a/b"}, true)
}

func TestASetIsNotChangedByWhatItGives(t *testing.T) {
	set := mustLoad(t, "{team: t, rules: [{name: r, watch: {service: a}, signals: [{name: e, query: up}], overrides: [{service: a, set: {e.limit: 3}}]}]}")
	set.For(sources.Change{Service: "a"}, Service{Name: "a"})
	if set.Rules()[0].Signals[0].Limit != nil {
		t.Error("an override changed the set")
	}
}

// manyRules is a folder of n rules, one a service, and as many services.
func manyRules(n int) *Set {
	s := &Set{}
	for i := range n {
		s.rules = append(s.rules, Rule{
			Name: fmt.Sprintf("r%d", i), Watch: Selector{Service: fmt.Sprintf("team-%d-*", i), Except: []string{"*-batch"}, Environment: "production"},
		})
	}
	return s
}

func TestMatchingTenThousandRulesIsQuick(t *testing.T) {
	set := manyRules(10_000)
	start := time.Now()
	got := set.For(sources.Change{Service: "team-7777-api", Environment: "production"}, Service{Name: "team-7777-api"})
	if len(got) != 1 || got[0].Rule().Name != "r7777" {
		t.Errorf("got %d rules", len(got))
	}
	if took := time.Since(start); took > 2*time.Second {
		t.Errorf("took %v", took)
	}
}

func BenchmarkFor(b *testing.B) {
	set := manyRules(10_000)
	for b.Loop() {
		set.For(sources.Change{Service: "team-7777-api", Environment: "production"}, Service{Name: "team-7777-api"})
	}
}
