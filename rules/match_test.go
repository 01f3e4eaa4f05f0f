package rules

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

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
	preview := sources.Change{Service: "cart", Environment: "preview/pr-17", Kind: sources.Deploy}
	f("watch: {service: '*'}", preview, false)
	f("watch: {service: '*', environment: production}", preview, false)
	f("watch: {service: '*', environment: preview/*}", preview, true)
	f("watch: {service: '*', environment: '*'}", preview, true)
	f("scope: site", preview, false)
	transient := sources.Change{Service: "cart", Environment: "login-page", Labels: map[string]string{sources.TransientLabel: "true"}}
	f("watch: {service: '*'}", transient, false)
	f("watch: {service: '*', environment: login-*}", transient, true)
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
	s.index = indexOf(s.rules)
	return s
}

// TestTheIndexFindsEveryMatchingRule compares the index with a walk through all
// rules.
func TestTheIndexFindsEveryMatchingRule(t *testing.T) {
	globs := []string{"*", "a", "ab", "ab*", "a?", "[ab]c", `\*x`, "*b", "a*b", "", "é*", "ab/*", "c"}
	names := []string{"", "a", "ab", "abc", "b", "bc", "*x", "éa", "ab/c", "x"}
	s := &Set{}
	for _, g := range globs {
		s.rules = append(s.rules, Rule{Name: g, Watch: Selector{Service: g}})
	}
	s.rules = append(s.rules, Rule{Name: "site", Site: true})
	s.index = indexOf(s.rules)
	for _, name := range names {
		var want, got []string
		for i := range s.rules {
			if s.rules[i].Watches(sources.Change{Service: name}, Service{}) {
				want = append(want, s.rules[i].Name)
			}
		}
		for _, b := range s.For(sources.Change{Service: name}, Service{}) {
			got = append(got, b.Rule().Name)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%q: %s", name, diff)
		}
	}
}

func TestMatchingCostsWhatMatches(t *testing.T) {
	api := sources.Change{Service: "team-7777-api", Environment: "production"}
	if n := len(manyRules(10_000).candidates(api, Service{})); n != 1 {
		t.Errorf("%d rules are held against a name that one wants", n)
	}
	if n := len(rulesForAll(10_000).candidates(sources.Change{Service: "cart", Environment: "production"}, Service{Owner: "team-7"})); n != 1 {
		t.Errorf("%d rules are held against a service of a team that has one", n)
	}
}

// rulesForAll is a folder in which each of n teams has a rule for all of its services.
func rulesForAll(n int) *Set {
	s := &Set{}
	for i := range n {
		s.rules = append(s.rules, Rule{Name: fmt.Sprint("r", i), Watch: Selector{Service: "*", Environment: "production", Team: fmt.Sprint("team-", i)}})
	}
	s.index = indexOf(s.rules)
	return s
}

// TestTheIndexFindsEveryFacet compares the index with a walk through all rules, for rules
// and changes with and without an environment and a team.
func TestTheIndexFindsEveryFacet(t *testing.T) {
	s := &Set{}
	for _, environment := range []string{"", "production", "prod*", "[ps]*", "*", `\*`} {
		for _, team := range []string{"", "shop", "s*", "*"} {
			for _, service := range []string{"*", "cart", "ca*"} {
				s.rules = append(s.rules, Rule{Watch: Selector{Service: service, Environment: environment, Team: team}})
			}
		}
	}
	s.index = indexOf(s.rules)
	for _, environment := range []string{"", "production", "staging", "preview/1", "*"} {
		for _, team := range []string{"", "shop", "other"} {
			c, svc := sources.Change{Service: "cart", Environment: environment}, Service{Owner: team}
			want := 0
			for i := range s.rules {
				if s.rules[i].Watches(c, svc) {
					want++
				}
			}
			if got := len(s.Watching(c, svc)); got != want || len(s.For(c, svc)) != want || s.Watches(c, svc) != (want > 0) {
				t.Errorf("in %q of team %q: %d rules, want %d; any: %v", environment, team, got, want, s.Watches(c, svc))
			}
		}
	}
}

// TestAskingWhetherAChangeIsWatchedAllocatesNothing holds what intake pays for an event
// that no rule watches.
func TestAskingWhetherAChangeIsWatchedAllocatesNothing(t *testing.T) {
	named, all := manyRules(10_000), rulesForAll(10_000)
	c := sources.Change{Service: "team-77777-api", Environment: "production", Kind: sources.Deploy}
	if n := testing.AllocsPerRun(100, func() { _ = named.Watches(c, Service{}) || all.Watches(c, Service{Owner: "nobody"}) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func TestMatchingTenThousandRulesIsCheap(t *testing.T) {
	match := func(n int) uint64 {
		set, name := manyRules(n), fmt.Sprintf("team-%d-api", n-1)
		return cost(func() {
			got := set.For(sources.Change{Service: name, Environment: "production"}, Service{Name: name})
			if len(got) != 1 || got[0].Rule().Name != fmt.Sprint("r", n-1) {
				t.Errorf("got %d rules", len(got))
			}
		})
	}
	few, many := match(100), match(10_000)
	t.Logf("of 100 rules: %d bytes, of 10,000 rules: %d bytes", few, many)
	if many > 2*few {
		t.Errorf("matching costs %d bytes among 10,000 rules, %d among 100", many, few)
	}
}

// BenchmarkUnwatched asks for a service that none of 20,000 rules watches.
func BenchmarkUnwatched(b *testing.B) {
	named, all := manyRules(10_000), rulesForAll(10_000)
	c := sources.Change{Service: "team-77777-api", Environment: "production", Kind: sources.Deploy}
	b.ReportAllocs()
	for b.Loop() {
		if named.Watches(c, Service{}) || all.Watches(c, Service{Owner: "nobody"}) {
			b.Fatal("watched")
		}
	}
}

func BenchmarkFor(b *testing.B) {
	set := manyRules(10_000)
	for b.Loop() {
		set.For(sources.Change{Service: "team-7777-api", Environment: "production"}, Service{Name: "team-7777-api"})
	}
}
