package rules

import (
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"

	"github.com/pushback/pushback/sources"
)

const nobodyRules = `
team: shop
rules:
  - name: red
    watch: {service: "*", except: [batch-*], team: shop}
    signals: [{name: errors, counter: 'x{$match}', bad: 'code="500"'}]
    respond:
      - {at_least: suspect, tell: [$owner.chat, platform-chat]}
      - {at_least: likely, tell: [$owner.pager, $owner.chat]}
      - {at_least: certain, rollback: {hook: $service.hook, mode: ask}}
`

func TestNobody(t *testing.T) {
	set, found := Load(fstest.MapFS{"red.yml": {Data: []byte(nobodyRules)}}, testWorld)
	if len(found) > 0 {
		t.Fatal(found)
	}
	services := []Service{
		{Name: "all", Owner: "shop", Chat: "c", Pager: "p", Hook: "h"},
		{Name: "none", Owner: "shop"},
		{Name: "paged", Owner: "shop", Pager: "p"},
		{Name: "batch-1", Owner: "shop"},
		{Name: "others", Owner: "search"},
	}
	var got []string
	for _, d := range set.Nobody(services) {
		if !d.Warning || d.Line != 4 || d.File != "red.yml" || d.Hint == "" {
			t.Errorf("%+v", d)
		}
		got = append(got, d.Message)
	}
	want := []string{
		"rule red: $owner.chat is nobody for none, paged; the operators' default receiver is told instead",
		"rule red: $owner.pager is nobody for none; the operators' default receiver is told instead",
		"rule red: no hook is known for none, paged, so that nothing can be rolled back",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	bound := Bind(set.Rules()[0], sources.Change{Service: "paged"}, Service{Name: "paged", Pager: "p", Default: "ops"})
	if diff := cmp.Diff([]string{"$owner.chat", "$service.hook"}, bound.Nobody()); diff != "" {
		t.Error(diff)
	}
	if to, missing := bound.resolveReceivers([]string{"$owner.chat", "$owner.pager"}); !cmp.Equal(to, []string{"ops", "p"}) || !cmp.Equal(missing, []string{"$owner.chat"}) {
		t.Errorf("told %v instead of %v", to, missing)
	}
}

// Who is told where nobody is must be known as soon as a rule tells, and is asked for once.
func TestNoDefaultReceiver(t *testing.T) {
	w := testWorld
	w.NoDefaultReceiver = true
	f := func(text string, want int) {
		t.Helper()
		_, found := Load(fstest.MapFS{"red.yml": {Data: []byte(text)}}, w)
		if len(found) != want || want > 0 && (found[0].Code != CodeNoDefaultReceiver || found[0].Line != 8) {
			t.Errorf("%v", found)
		}
	}
	f(nobodyRules, 1)
	f(nobodyRules[:strings.Index(nobodyRules, "    respond")], 0)
	if _, found := Parse(nobodyRules, w); len(found) > 0 {
		t.Errorf("a stored rule: %v", found)
	}
}
