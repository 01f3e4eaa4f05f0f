package rollback_test

import (
	"strings"
	"testing"

	"github.com/pushback/pushback/rollback"
)

func TestBinding(t *testing.T) {
	f := func(teams, services, team, service string, want bool) {
		t.Helper()
		b := rollback.Binding{Teams: strings.Fields(teams), Services: strings.Fields(services)}
		why := b.Refuses("argo", team, service)
		if (why == "") != want || why != "" && !strings.Contains(why, `hook "argo"`) {
			t.Errorf("%+v, team %q, service %q: %q", b, team, service, why)
		}
	}
	f("", "", "", "", true)
	f("", "", "shop", "cart", true)
	f("shop", "", "shop", "billing", true)
	f("shop pay", "", "pay", "x", true)
	f("shop", "", "Shop", "cart", false)
	f("shop", "", "", "cart", false)
	f("shop", "", "shop ", "cart", false)
	f("*", "", "shop", "cart", false) // a team is a name and no glob
	f("", "cart", "any", "cart", true)
	f("", "cart", "any", "cart2", false)
	f("", "cart", "any", "", false)
	f("", "shop/*", "any", "shop/a/b", true)
	f("", "shop-*", "any", "shop", false)
	f("", "[a-c]art cart", "any", "cart", true)
	f("shop", "cart", "shop", "billing", false)
	f("shop", "cart", "pay", "cart", false)
}

func TestBindingCoversGlobs(t *testing.T) {
	f := func(services, glob string, want bool) {
		t.Helper()
		if why := (rollback.Binding{Services: strings.Fields(services)}).RefusesAny("argo", glob); (why == "") != want {
			t.Errorf("%s covers %s: %q", services, glob, why)
		}
	}
	f("", "*", true)
	f("cart", "cart", true)
	f("cart", "*", false)
	f("*", "*", true)
	f("*", "shop-?", true)
	f("shop-*", "shop-*", true)
	f("shop-*", "shop-a*", true)
	f("shop-*", "shop-[ab]", true)
	f("shop-*", "shop*", false)
	f("shop-*", "s*", false)
	f("shop-*", "cart", false)
	f("shop-?", "shop-[ab]", false) // not known, so refused
	f("a* cart", "cart", true)
	f("*-db", "cart-db", true)
	f("*-db", "cart-*", false)
}
