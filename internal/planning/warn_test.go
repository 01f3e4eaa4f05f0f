package planning

import (
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"

	"github.com/pushback/pushback/rules"
	"github.com/pushback/pushback/sources"
)

func TestWarn(t *testing.T) {
	set, found := rules.Load(fstest.MapFS{"red.yml": {Data: []byte(`
team: shop
rules:
  - {name: red, watch: {service: "*", except: [batch-*], environment: production, kind: [deploy]}, signals: [{name: e, query: up, min_effect: 10%}]}
  - {name: cart, watch: {service: cart, environment: canary-*}, signals: [{name: e, query: up, min_effect: 10%}]}
`)}}, rules.World{})
	if len(found) > 0 {
		t.Fatal(found)
	}
	f := func(service, environment string, services []string, want ...Warning) {
		t.Helper()
		c := sources.Change{Service: service, Environment: environment, Kind: sources.Deploy}
		if d := cmp.Diff(want, Warn(set, c, rules.Service{Name: service}, services)); d != "" {
			t.Errorf("%s in %s: %s", service, environment, d)
		}
	}
	all := []string{"cart", "checkout", "batch-1"}
	f("cart", "production", all)
	f("cart", "canary-eu", all)
	f("anything", "production", nil)
	f("crat", "production", all, Warning{UnknownService, "no service crat; nearest: cart", `did you mean "cart"?`})
	f("billing", "production", all, Warning{UnknownService, "no service billing", "is it new? pushback rules coverage lists the services"})
	f("cart", "prodcution", all, Warning{UnwatchedEnvironment, `no rule watches cart in "prodcution"`, `did you mean "production"?`})
	f("cart", "staging", all, Warning{UnwatchedEnvironment, `no rule watches cart in "staging"`, "rules watch it in canary-*, production"})
	f("batch-1", "staging", all, Warning{Unwatched, "no rule watches a deploy of batch-1", "is the service misspelt? pushback rules coverage lists what is watched"})
	f("chekout", "prod", all,
		Warning{UnknownService, "no service chekout; nearest: checkout", `did you mean "checkout"?`},
		Warning{UnwatchedEnvironment, `no rule watches chekout in "prod"`, "rules watch it in production"})
}
