package rules

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/pushback/pushback/rollback"
)

// boundWorld has a hook for a team, one for services, and one for everybody.
var boundWorld = World{
	Hooks: []string{"anybody", "pay", "shop"}, Receivers: []string{"chat"},
	Bindings: map[string]rollback.Binding{"pay": {Teams: []string{"payments"}}, "shop": {Services: []string{"shop-*", "cart"}}},
}

// bindingRule is a file of a team with a rule that watches a glob and names a hook.
func bindingRule(team, service, hook string) string {
	return fmt.Sprintf(`team: %s
rules:
  - name: %[1]s-red
    watch: {service: %q}
    signals: [{name: errors, counter: 'x_total{$match}', bad: 'code="5"'}]
    respond:
      - {at_least: certain, rollback: {hook: %s, mode: ask}}
`, team, service, hook)
}

func TestBoundHooks(t *testing.T) {
	f := func(team, service, hook, want string) {
		t.Helper()
		set, found := Load(fstest.MapFS{"r.yml": {Data: []byte(bindingRule(team, service, hook))}}, boundWorld)
		if want == "" {
			if len(found) > 0 {
				t.Errorf("team %s, %s, hook %s: %v", team, service, hook, found)
			}
			return
		}
		if set != nil || len(found) != 1 || found[0].Code != CodeBoundHook || found[0].Line != 7 || found[0].Hint == "" || !strings.Contains(found[0].Message, want) {
			t.Errorf("team %s, %s, hook %s: %v, want %q at line 7", team, service, hook, found, want)
		}
	}
	f("shop", "*", "anybody", "")
	f("shop", "*", "$service.hook", "")
	f("payments", "*", "pay", "")
	f("shop", "*", "pay", `is for rules of team payments only, and this rule is of team "shop"`)
	f("Payments", "*", "pay", `team "Payments"`)
	f("any", "shop-*", "shop", "")
	f("any", "shop-web", "shop", "")
	f("any", "cart", "shop", "")
	f("any", "*", "shop", "may roll back services shop-*, cart only, and this rule watches *")
	f("any", "cart*", "shop", "this rule watches cart*")
	f("any", "billing", "shop", "this rule watches billing")
}

// A hook does not come to a rule by what it inherits, nor to defaults of another team.
func TestBoundHooksAreNotInherited(t *testing.T) {
	f := func(files map[string]string, want ...string) {
		t.Helper()
		fsys := fstest.MapFS{}
		for name, text := range files {
			fsys[name] = &fstest.MapFile{Data: []byte(text)}
		}
		_, found := Load(fsys, boundWorld)
		var got []string
		for _, d := range found {
			got = append(got, fmt.Sprintf("%s:%d %s", d.File, d.Line, d.Code))
		}
		if !slices.Equal(got, want) {
			t.Errorf("%v, want %v", found, want)
		}
	}
	signals := "    signals: [{name: errors, counter: 'x_total{$match}', bad: 'code=\"5\"'}]\n"
	respond := "  respond: [{at_least: certain, rollback: {hook: HOOK, mode: ask}}]\n"
	f(map[string]string{
		"a.yml": bindingRule("payments", "billing", "pay"),
		"b.yml": "team: shop\nrules:\n  - {name: mine, extends: payments-red, watch: {service: cart}}\n",
	}, "b.yml:3 bound-hook")
	f(map[string]string{
		"a.yml": bindingRule("any", "cart", "shop"),
		"b.yml": "team: other\nrules:\n  - {name: mine, extends: any-red, watch: {service: billing}}\n",
	}, "b.yml:3 bound-hook")
	f(map[string]string{
		"a.yml": "team: shop\ndefaults:\n" + strings.Replace(respond, "HOOK", "pay", 1) + "rules:\n  - name: red\n    watch: {service: cart}\n" + signals,
	}, "a.yml:3 bound-hook", "a.yml:5 bound-hook")
	f(map[string]string{
		"a.yml": "team: shop\ndefaults:\n" + strings.Replace(respond, "HOOK", "shop", 1) + "rules:\n  - name: red\n    watch: {service: billing}\n" + signals,
	}, "a.yml:5 bound-hook")
	f(map[string]string{
		"a.yml": "team: shop\ndefaults:\n" + strings.Replace(respond, "HOOK", "shop", 1) + "rules:\n  - name: red\n    watch: {service: cart}\n" + signals,
	})
}

// A rule that is stored with a watch goes on; the guards ask who may use the hook.
func TestStoredRulesKeepTheirHook(t *testing.T) {
	set := mustLoad(t, bindingRule("shop", "*", "pay"))
	if _, found := Parse(set.Rules()[0].Text, boundWorld); len(found) > 0 {
		t.Error(found)
	}
}
