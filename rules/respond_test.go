package rules

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/pushback/pushback/detector"
	"github.com/pushback/pushback/sources"
	"github.com/pushback/pushback/watch"
)

// boundWith is a rule with these lines of respond, bound to a service that has an owner,
// receivers and a hook.
func boundWith(t testing.TB, lines, rest string) Bound {
	t.Helper()
	text := fmt.Sprintf("{team: t, rules: [{name: r, watch: {service: '*'}, signals: [{name: e, query: up}], respond: [%s]%s}]}", lines, rest)
	svc := Service{Name: "cart", Owner: "shop", Chat: "shop-chat", Pager: "shop-pager", Hook: "argo", Match: map[string]string{"job": "cart"}}
	return mustLoad(t, text).For(sources.Change{Service: "cart"}, svc)[0]
}

// at is a look in the middle of the bake, at a grade.
func at(g detector.Grade) Moment {
	return Moment{
		Change: sources.Change{Service: "cart", Kind: sources.Deploy, Status: sources.Succeeded, Labels: map[string]string{"tier": "web"}},
		State:  watch.Watching, Grade: g, Earned: Act, Cap: Act,
		Verdict: detector.Verdict{Grade: g, MayAct: g == detector.Certain, Signals: []detector.Evidence{{Signal: "e", Grade: g}}},
	}
}

// momentWith is a moment with a change to it.
func momentWith(m Moment, how func(*Moment)) Moment {
	how(&m)
	return m
}

func TestRespond(t *testing.T) {
	f := func(lines string, m Moment, want ...Action) {
		t.Helper()
		if diff := cmp.Diff(want, boundWith(t, lines, "").Respond(m)); diff != "" {
			t.Errorf("%s:\n%s", lines, diff)
		}
	}
	told := func(line int, names ...string) Action { return Action{Line: line, Tell: names} }
	final := func(s watch.State) Moment {
		return momentWith(at(detector.None), func(m *Moment) { m.State, m.Final = s, true })
	}

	ladder := "{at_least: suspect, tell: a}, {at_least: likely, tell: [b, c, b]}, {at_least: certain, tell: d}"
	f(ladder, at(detector.None))
	f(ladder, at(detector.Suspect), told(0, "a"))
	f(ladder, at(detector.Certain), told(0, "a"), told(1, "b", "c"), told(2, "d"))
	f(ladder, momentWith(at(detector.Certain), func(m *Moment) { m.Answered = []int{0, 1} }), told(2, "d"))
	f(ladder, momentWith(at(detector.Likely), func(m *Moment) { m.State = watch.Superseded }))
	f(ladder, momentWith(at(detector.Likely), func(m *Moment) { m.State = watch.Healthy }))
	f(ladder, momentWith(at(detector.Likely), func(m *Moment) { m.State = watch.Blind }))
	f(ladder, momentWith(at(detector.Likely), func(m *Moment) { m.Verdict.Outcome = detector.Blind }))
	f(ladder, momentWith(at(detector.Likely), func(m *Moment) { m.State, m.Final = watch.Regressed, true }), told(0, "a"), told(1, "b", "c"))

	ends := "{on: blind, tell: a}, {on: inconclusive, tell: b}, {on: healthy, tell: c}, {on: signal_lost, tell: d}"
	f(ends, at(detector.Certain))
	f(ends, final(watch.Blind), told(0, "a"))
	f(ends, final(watch.Inconclusive), told(1, "b"))
	f(ends, final(watch.Healthy), told(2, "c"))
	f(ends, final(watch.Superseded))
	f(ends, momentWith(at(detector.None), func(m *Moment) { m.Verdict.Reason = detector.SignalLost }), told(3, "d"))
	f(ends, momentWith(at(detector.None), func(m *Moment) { m.Verdict.Signals[0].Reason = detector.SignalLost }), told(3, "d"))

	f("{at_least: likely, tell: [$owner.chat, $owner.pager, $service.owner]}", at(detector.Likely), told(0, "shop-chat", "shop-pager", "shop"))

	f("{at_least: likely, tell: a, when: 'change.kind == \"config\"'}", at(detector.Likely))
	f("{at_least: likely, tell: a, when: 'change.kind == \"deploy\" && change.labels.tier == \"web\"'}", at(detector.Likely), told(0, "a"))
	f("{at_least: likely, tell: a, when: 'verdict.grade == \"likely\" && \"e\" in verdict.signals && service.owner == \"shop\"'}", at(detector.Likely), told(0, "a"))
	f("{at_least: likely, tell: a, when: '!freeze(\"friday\")'}", momentWith(at(detector.Likely), func(m *Moment) { m.Freezes = map[string]bool{"friday": true} }))
	f("{at_least: likely, tell: a, when: '!freeze(\"friday\")'}", at(detector.Likely), told(0, "a"))
}

func TestRollback(t *testing.T) {
	f := func(lines string, m Moment, want *Intent) {
		t.Helper()
		var got *Intent
		for _, a := range boundWith(t, lines, "").Respond(m) {
			if a.Rollback != nil && got != nil {
				t.Errorf("%s: two intents", lines)
			}
			if a.Rollback != nil {
				got = a.Rollback
			}
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s:\n%s", lines, diff)
		}
	}
	act := "{at_least: certain, rollback: {hook: $service.hook, mode: act}}"
	ask := "{at_least: likely, rollback: {hook: undo, mode: ask}}"
	certain, likely := at(detector.Certain), at(detector.Likely)
	lone := momentWith(certain, func(m *Moment) { m.Verdict.MayAct = false })

	f(act, certain, &Intent{Hook: "argo", Mode: Act, Written: Act})
	f(act, likely, nil)
	f(act, momentWith(certain, func(m *Moment) { m.Earned = Observe }), &Intent{Hook: "argo", Mode: Observe, Written: Act})
	f(act, momentWith(certain, func(m *Moment) { m.Cap = Ask }), &Intent{Hook: "argo", Mode: Ask, Written: Act})
	f(act, momentWith(certain, func(m *Moment) { m.Earned = Mode(0) }), &Intent{Hook: "argo", Mode: Observe, Written: Act})
	f(act, lone, nil)
	f(act, momentWith(lone, func(m *Moment) { m.Final, m.State = true, watch.Regressed }), &Intent{Hook: "argo", Mode: Ask, Written: Act})
	f(act, momentWith(certain, func(m *Moment) { m.Verdict = detector.Verdict{} }), nil)
	f(act, momentWith(certain, func(m *Moment) { m.Change.Status = sources.Failed }), nil)
	f(act, momentWith(certain, func(m *Moment) { m.Change.RollbackOf = "x" }), nil)
	f(act, momentWith(certain, func(m *Moment) { m.State = watch.Superseded }), nil)
	f(act, momentWith(certain, func(m *Moment) { m.Answered = []int{0} }), nil)
	f(ask, likely, &Intent{Hook: "undo", Mode: Ask, Written: Ask})
	f(ask, momentWith(likely, func(m *Moment) { m.Verdict.Grade = detector.Suspect }), nil) // it was likely once; it is not now
	f("{at_least: likely, rollback: {hook: undo}}", certain, &Intent{Hook: "undo", Mode: Observe, Written: Observe})
	f(ask+", "+act, certain, &Intent{Hook: "argo", Mode: Act, Written: Act})
	f(ask+", "+ask, certain, &Intent{Hook: "undo", Mode: Ask, Written: Ask})

	lost := "{on: signal_lost, rollback: {hook: undo, mode: act}}"
	gone := momentWith(at(detector.None), func(m *Moment) { m.Verdict.Reason = detector.SignalLost })
	f(lost, gone, nil) // the signal says `lost: tell`
	f(lost, momentWith(gone, func(m *Moment) { m.Verdict.MayAct = true }), &Intent{Hook: "undo", Mode: Act, Written: Act})
}

func TestWordsWithoutReceiverAreReported(t *testing.T) {
	b := boundWith(t, "{at_least: likely, tell: [$owner.pager, chat], rollback: {hook: $service.hook, mode: ask}}", "")
	b.service.Pager, b.service.Hook = "", ""
	want := []Action{{Tell: []string{"chat"}, NoReceiver: []string{"$owner.pager"}, Rollback: &Intent{Mode: Ask, Written: Ask}}}
	if diff := cmp.Diff(want, b.Respond(at(detector.Likely))); diff != "" {
		t.Error(diff)
	}
}

func TestASiteRuleNeverRollsBack(t *testing.T) {
	b := boundWith(t, "{at_least: certain, tell: a, rollback: {hook: undo, mode: act}}", "")
	b.rule.Site = true // a rule so written does not load; the answer must not depend on that
	want := []Action{{Tell: []string{"a"}}}
	if diff := cmp.Diff(want, b.Respond(at(detector.Certain))); diff != "" {
		t.Error(diff)
	}
}

// TestARuleAboutOthersTellsNobody: a rule for every service, of which this one has no series.
func TestARuleAboutOthersTellsNobody(t *testing.T) {
	f := func(keys string, reason detector.Reason, want int) {
		t.Helper()
		set := mustLoad(t, "team: t\nrules:\n  - {name: r, watch: {service: '*'}, signals: [{name: e, query: 'x{$match}', "+keys+"}], respond: [{on: inconclusive, tell: a}]}\n")
		m := Moment{State: watch.Inconclusive, Final: true, Verdict: detector.Verdict{Outcome: detector.Inconclusive, Reason: reason}}
		if got := Bind(set.Rules()[0], sources.Change{}, Service{Name: "cart"}).Respond(m); len(got) != want {
			t.Errorf("%s, %s: %d actions, want %d", keys, reason, len(got), want)
		}
	}
	f("if_unmatched: skip", detector.UnmatchedSeries, 0)
	f("if_unmatched: skip", detector.ShortHistory, 1)
	f("if_unmatched: tell", detector.UnmatchedSeries, 1)
}
