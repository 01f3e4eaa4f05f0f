package engine

import (
	"strings"
	"testing"

	"github.com/pushback/pushback/rules"
)

// ownRule is redRule for whoever is responsible for the service.
func ownRule(word string) string {
	return strings.NewReplacer("tell: pager", "tell: $owner.pager", "hook: deployer", "hook: $service.hook", "mode: act", "mode: "+word).Replace(redRule)
}

// A word that is nobody for the service stands for the operators' default receiver.
func TestNobodyIsTheDefaultReceiver(t *testing.T) {
	t.Parallel()
	b := newBench(t, ownRule("ask"), func(o *Options) { o.Catalogue.Default = rules.Service{Chat: "platform"} })
	b.bad("v2", nil)
	b.until("a message", func() bool { return len(b.box.got["platform"]) > 0 })
	m := b.wantMessage("platform", "cart v2 in production: regressed, likely")
	if m.FieldValues()["nobody is"] != "$owner.pager" {
		t.Errorf("it is not said who was meant: %+v", m.Fields)
	}
	b.wantSilence("pager", "cart")
}

// Without a hook there is nothing to approve and nothing to order: a page says so, whatever
// the mode, and also where the only line is the rollback.
func TestAnOrderWithoutAHookIsAPage(t *testing.T) {
	t.Parallel()
	for _, word := range []string{"ask", "act"} {
		b := newBench(t, strings.Replace(ownRule(word), "      - {at_least: suspect, tell: chat}\n      - {at_least: likely, tell: $owner.pager}\n", "", 1), func(o *Options) {
			o.Catalogue.Default = rules.Service{Pager: "platform"}
		})
		key := b.bad("v2", nil)
		b.until("a message", func() bool { return len(b.box.got["platform"]) > 0 })
		b.wantMessage("platform", "[critical]", "No hook is known for service cart; nothing is rolled back")
		b.wantSilence("platform", "approve")
		b.wantState(key, "")
		b.wantCalls(0)
	}
}
