package engine

import (
	"strings"
	"testing"

	"github.com/pushback/pushback/rollback"
)

// bind gives the bench's hook to teams and services.
func bind(teams, services []string) func(*Options) {
	return func(o *Options) {
		h := o.Hooks["deployer"]
		h.Binding = rollback.Binding{Teams: teams, Services: services}
		o.Hooks["deployer"] = h
	}
}

// A rule whose hook is bound to others makes no order, whatever its mode, and people hear why.
func TestBoundHookMakesNoOrder(t *testing.T) {
	t.Parallel()
	f := func(word, why string, teams, services []string) {
		b := newBench(t, strings.Replace(mode(word), "certain, rollback", "certain, tell: platform, rollback", 1), bind(teams, services))
		key := b.bad("v2", nil)
		b.until("a message", func() bool { return len(b.box.got["platform"]) > 0 })
		b.wantMessage("platform", "Nothing is rolled back: hook \"deployer\" "+why)
		b.wantSilence("platform", "pushback approve")
		b.wantState(key, "")
		b.wantCalls(0)
	}
	for _, word := range []string{"ask", "act"} {
		f(word, `is for rules of team payments only, and this rule is of team "shop"`, []string{"payments"}, nil)
		f(word, `may roll back services billing, mail-* only, and this is cart`, []string{"shop"}, []string{"billing", "mail-*"})
	}
	b := newBench(t, redRule, bind([]string{"shop"}, []string{"ca*"}))
	key := b.bad("v2", nil)
	b.until("a rollback", b.ordered(key, rollback.Done))
	b.wantCalls(1)
}

// An order that was made before its hook was bound is refused when it would be sent, and a
// person's approval does not change that.
func TestBoundHookIsRefusedBeforeTheCall(t *testing.T) {
	t.Parallel()
	b := newBench(t, mode("ask"), nil)
	key := b.bad("v2", nil)
	b.until("a question", b.ordered(key, rollback.Proposed))
	b.change = bind([]string{"payments"}, nil)
	b.restart()
	b.must(b.Approve(t.Context(), key, "amy", ""))
	b.until("an end", func() bool { return b.state(key).Final() })
	b.wantState(key, rollback.Refused)
	b.wantMessage("pager", "is for rules of team payments only")
	b.wantCalls(0)
}
