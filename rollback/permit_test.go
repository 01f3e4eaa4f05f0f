package rollback_test

import (
	"encoding/json"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/pushback/pushback/detector"
	"github.com/pushback/pushback/rollback"
	"github.com/pushback/pushback/rollback/hooktest"
	"github.com/pushback/pushback/sources"
)

type (
	order     = rollback.Order
	situation = rollback.Situation
	guard     = rollback.Guard
)

func guards(refusals []rollback.Refusal) []guard {
	var names []guard
	for _, r := range refusals {
		names = append(names, r.Guard)
	}
	return names
}

func TestPermit(t *testing.T) {
	f := func(name string, change func(*order, *situation), want ...guard) {
		t.Helper()
		t.Run(name, func(t *testing.T) {
			t.Helper()
			o, s := hooktest.Order(), hooktest.Situation()
			change(&o, &s)
			w, refusals := rollback.Permit(o, s)
			if diff := cmp.Diff(want, guards(refusals)); diff != "" {
				t.Errorf("guards that refused (-want +got):\n%s%v", diff, refusals)
			}
			if w.Valid() != (len(want) == 0) {
				t.Errorf("valid warrant: %v, with refusals %v", w.Valid(), refusals)
			}
			for _, r := range refusals {
				if r.Why == "" || strings.Contains(r.Why, `""`) {
					t.Errorf("guard %s gives no reason, or one that names nothing: %s", r.Guard, r.Why)
				}
			}
		})
	}
	at := hooktest.Situation().Now

	f("nothing speaks against it", func(*order, *situation) {})
	f("an idempotent hook is asked again", func(o *order, s *situation) { o.State = rollback.Sending })
	f("still rolling", func(o *order, s *situation) { s.Change.FinishedAt = time.Time{} }, rollback.GuardPartial)
	f("still rolling, and the hook aborts", func(o *order, s *situation) { s.Change.FinishedAt, s.HookAborts = time.Time{}, true })

	f("another change", func(o *order, s *situation) { s.Change.ID = "other" }, rollback.GuardOrder)
	f("no key", func(o *order, s *situation) { o.Key = "" }, rollback.GuardOrder)
	f("already done", func(o *order, s *situation) { o.State = rollback.Done }, rollback.GuardOrder)
	f("cancelled", func(o *order, s *situation) { o.State = rollback.Cancelled }, rollback.GuardOrder)
	f("a state nobody knows", func(o *order, s *situation) { o.State = "shipped" }, rollback.GuardOrder)
	f("expired", func(o *order, s *situation) { o.ExpiresAt = at.Add(-time.Second) }, rollback.GuardOrder)
	f("expires right now", func(o *order, s *situation) { o.ExpiresAt = at })

	f("frozen", func(o *order, s *situation) { s.Frozen = true }, rollback.GuardFrozen)
	f("frozen with a reason", func(o *order, s *situation) { s.Frozen, s.FrozenWhy = true, "sale" }, rollback.GuardFrozen)
	f("a freeze window", func(o *order, s *situation) { s.Window = "friday" }, rollback.GuardWindow)
	f("a freeze window, approved", func(o *order, s *situation) { s.Window, s.Approved = "friday", true })
	f("the fleet is held", func(o *order, s *situation) { s.Fleet = "9 services" }, rollback.GuardFleet)
	f("the fleet is held, approved", func(o *order, s *situation) { s.Fleet, s.Approved = "9 services", true })
	f("not trusted", func(o *order, s *situation) { s.RuleActs = false }, rollback.GuardMode)
	f("not trusted but approved", func(o *order, s *situation) { s.RuleActs, s.Approved = false, true })
	f("no such hook", func(o *order, s *situation) { s.HookKnown = false }, rollback.GuardHook)
	f("another team's hook", func(o *order, s *situation) { s.HookBinding.Teams = []string{"payments"} }, rollback.GuardBound)
	f("another team's hook, approved", func(o *order, s *situation) {
		s.HookBinding.Teams, s.RuleActs, s.Approved = []string{"payments"}, false, true
	}, rollback.GuardBound)
	f("its own team's hook", func(o *order, s *situation) { o.Team, s.HookBinding.Teams = "shop", []string{"payments", "shop"} })
	f("a bound hook and an older order", func(o *order, s *situation) { o.Team, s.HookBinding.Teams = "", []string{"shop"} }, rollback.GuardBound)
	f("another service's hook", func(o *order, s *situation) { s.HookBinding.Services = []string{"payments-*"} }, rollback.GuardBound)
	f("another service's hook, whatever the order says", func(o *order, s *situation) {
		o.Change.Service, s.HookBinding.Services = "payments-api", []string{"payments-*"}
	}, rollback.GuardBound)
	f("its own service's hook", func(o *order, s *situation) { s.HookBinding.Services = []string{"x", s.Change.Service} })
	f("no hook named", func(o *order, s *situation) { o.Hook = "" }, rollback.GuardHook)

	f("blind", func(o *order, s *situation) { s.Verdict.Outcome = detector.Blind }, rollback.GuardEvidence)
	f("inconclusive", func(o *order, s *situation) { s.Verdict.Outcome = detector.Inconclusive }, rollback.GuardEvidence)
	f("healthy", func(o *order, s *situation) { s.Verdict.Outcome = detector.Healthy }, rollback.GuardEvidence)
	f("likely", func(o *order, s *situation) { s.Verdict.Grade = detector.Likely }, rollback.GuardWeak)
	f("likely, approved", func(o *order, s *situation) { s.Approved, s.Verdict.Grade = true, detector.Likely })
	f("inconclusive, approved", func(o *order, s *situation) { s.Approved, s.Verdict.Outcome = true, detector.Inconclusive }, rollback.GuardEvidence)
	f("one lone scan", func(o *order, s *situation) { s.Verdict.MayAct = false }, rollback.GuardWeak)
	f("transient", func(o *order, s *situation) { s.Verdict.Reason = detector.Transient }, rollback.GuardEvidence)
	f("approved on a lone scan", func(o *order, s *situation) { s.Approved, s.Verdict.MayAct = true, false })
	since := func(change func(*rollback.Present), also ...func(*order, *situation)) func(*order, *situation) {
		return func(o *order, s *situation) {
			s.Present = rollback.PresentOf(s.Verdict)
			change(s.Present)
			for _, f := range also {
				f(o, s)
			}
		}
	}
	approved := func(_ *order, s *situation) { s.Approved = true }
	f("as bad as before", since(func(*rollback.Present) {}))
	f("less sure since", since(func(p *rollback.Present) { p.Grade = detector.Likely }), rollback.GuardPresent)
	f("by one scan since", since(func(p *rollback.Present) { p.MayAct = false }), rollback.GuardPresent)
	f("blind, a quarter of an hour ago", since(func(p *rollback.Present) { p.Outcome = detector.Blind }, func(_ *order, s *situation) { s.Now = s.Verdict.At.Add(16 * time.Minute) }), rollback.GuardWeak)
	f("less sure since, approved", since(func(p *rollback.Present) { p.Grade = detector.Likely }, approved))
	f("over", since(func(p *rollback.Present) { p.Outcome, p.Reason = detector.Inconclusive, detector.Transient }), rollback.GuardPresent)
	f("over, approved", since(func(p *rollback.Present) { p.Outcome, p.Reason = detector.Inconclusive, detector.Transient }, approved), rollback.GuardPresent)
	f("blind now", since(func(p *rollback.Present) { p.Outcome = detector.Blind }), rollback.GuardPresent)
	f("blind now, approved", since(func(p *rollback.Present) { p.Outcome = detector.Blind }, approved))
	f("last seen a quarter of an hour ago", func(_ *order, s *situation) { s.Now = s.Verdict.At.Add(15 * time.Minute) })
	f("last seen before that", func(_ *order, s *situation) { s.Now = s.Verdict.At.Add(16 * time.Minute) }, rollback.GuardWeak)
	f("last seen before that, approved", func(_ *order, s *situation) { s.Now, s.Approved = s.Verdict.At.Add(16*time.Minute), true })
	f("seen again since", since(func(p *rollback.Present) { p.At = p.At.Add(16 * time.Minute) }, func(_ *order, s *situation) { s.Now = s.Verdict.At.Add(16 * time.Minute) }))
	ended := func(change func(*rollback.Present)) func(*rollback.Present) {
		return func(p *rollback.Present) { p.Final = true; change(p) }
	}
	f("still bad when its watch ended", since(ended(func(*rollback.Present) {})))
	f("blind when its watch ended", since(ended(func(p *rollback.Present) { p.Outcome = detector.Blind })), rollback.GuardWeak)
	f("in doubt when its watch ended", since(ended(func(p *rollback.Present) { p.Outcome = detector.Inconclusive })), rollback.GuardWeak)
	f("in doubt when its watch ended, approved", since(ended(func(p *rollback.Present) { p.Outcome = detector.Inconclusive }), approved))
	f("over when its watch ended", since(ended(func(p *rollback.Present) { p.Outcome, p.Reason = detector.Inconclusive, detector.Transient })), rollback.GuardEvidence, rollback.GuardWeak, rollback.GuardPresent)
	f("over when its watch ended, approved", since(ended(func(p *rollback.Present) { p.Outcome, p.Reason = detector.Inconclusive, detector.Transient }), approved), rollback.GuardEvidence, rollback.GuardPresent)
	sending := func(o *order, _ *situation) { o.State = rollback.Sending }
	f("well since it was sent", since(func(p *rollback.Present) { p.Outcome = detector.Healthy }, sending))
	f("over since it was sent", since(ended(func(p *rollback.Present) { p.Outcome, p.Reason = detector.Inconclusive, detector.Transient }), sending))
	f("sent long ago", func(o *order, s *situation) { o.State, s.Now = rollback.Sending, s.Verdict.At.Add(16*time.Minute) })
	f("in doubt now", since(func(p *rollback.Present) { p.Outcome, p.Grade = detector.Inconclusive, detector.Suspect }), rollback.GuardPresent)
	f("healthy now", since(func(p *rollback.Present) { p.Outcome, p.Grade = detector.Healthy, detector.None }), rollback.GuardPresent)
	f("a number that JSON cannot hold", func(o *order, s *situation) { s.Verdict.Signals[0].P = math.NaN() }, rollback.GuardEvidence)

	f("superseded", func(o *order, s *situation) { s.Superseded = true }, rollback.GuardSuperseded)
	f("suspended", func(o *order, s *situation) { s.SuspendedBy = "deploy-43" }, rollback.GuardSuspended)
	f("suspended for a time", func(o *order, s *situation) { o.SuspendedUntil = at.Add(time.Second) }, rollback.GuardSuspended)
	f("suspension over", func(o *order, s *situation) { o.SuspendedUntil = at })
	f("older epoch", func(o *order, s *situation) { s.Epoch++ }, rollback.GuardEpoch)
	f("newer epoch", func(o *order, s *situation) { s.Epoch-- }, rollback.GuardEpoch)
	f("our own rollback", func(o *order, s *situation) { s.Change.RollbackOf = "deploy-41" }, rollback.GuardEcho)
	f("rollout failed", func(o *order, s *situation) { s.Change.Status = sources.Failed }, rollback.GuardRollout)
	atNow := func(s *situation, now time.Time) { s.Now, s.Verdict.At = now, now }
	f("two hours old", func(o *order, s *situation) { atNow(s, s.Change.FinishedAt.Add(2*time.Hour)) })
	f("older", func(o *order, s *situation) { atNow(s, s.Change.FinishedAt.Add(2*time.Hour+time.Second)) }, rollback.GuardAge)
	f("rolling for three hours", func(o *order, s *situation) {
		s.Change.FinishedAt = time.Time{}
		atNow(s, s.Change.StartedAt.Add(3*time.Hour))
	}, rollback.GuardPartial, rollback.GuardAge)
	f("rolling for three hours, and the hook aborts", func(o *order, s *situation) {
		s.Change.FinishedAt, s.HookAborts = time.Time{}, true
		atNow(s, s.Change.StartedAt.Add(3*time.Hour))
	}, rollback.GuardAge)
	f("no limits are set", func(o *order, s *situation) { s.Limits = rollback.Limits{} }, rollback.GuardAge)
	f("not reversible", func(o *order, s *situation) { s.Change.Reversible = false }, rollback.GuardReversible)
	f("first ever", func(o *order, s *situation) { s.FirstEver = true }, rollback.GuardFirst)

	f("target unproven", func(o *order, s *situation) { s.Target.Standing = rollback.Unproven })
	f("target suspected", func(o *order, s *situation) { s.Target.Standing = rollback.Suspected }, rollback.GuardTarget)
	f("target bad", func(o *order, s *situation) { s.Target.Standing = rollback.Bad }, rollback.GuardTarget)
	f("target unknown", func(o *order, s *situation) { s.Target = rollback.LiveVersion{} }, rollback.GuardTarget)
	f("target moved", func(o *order, s *situation) { s.Target.Version = "v0" }, rollback.GuardTarget)
	f("target is the change", func(o *order, s *situation) { o.Target, s.Target.Version = "v2", "v2" }, rollback.GuardTarget)
	f("no target", func(o *order, s *situation) { o.Target, s.Target.Version = "", "" }, rollback.GuardTarget)

	f("one recent rollback", func(o *order, s *situation) { s.RecentRollbacks = 1 }, rollback.GuardCooldown)
	f("restored after the change began", func(o *order, s *situation) { s.RestoredAt = s.Change.StartedAt }, rollback.GuardRestored)
	f("restored less than a cooldown before", func(o *order, s *situation) { s.RestoredAt = s.Change.StartedAt.Add(time.Second - 6*time.Hour) }, rollback.GuardRestored)
	f("restored a cooldown before", func(o *order, s *situation) { s.RestoredAt = s.Change.StartedAt.Add(-6 * time.Hour) })
	f("restored long before, with an uncertain target", func(o *order, s *situation) {
		s.RestoredAt, s.TargetUncertain = s.Change.StartedAt.AddDate(0, -1, 0), true
	}, rollback.GuardRestored)
	f("restored, approved", func(o *order, s *situation) { s.RestoredAt, s.TargetUncertain, s.Approved = at, true, true })
	f("one recent rollback, approved", func(o *order, s *situation) { s.RecentRollbacks, s.Approved = 1, true })

	f("the hook found no problem", func(o *order, s *situation) { s.HookChecks = []rollback.Check{{What: "target is there"}} })
	f("the target has gone", func(o *order, s *situation) {
		s.HookChecks = []rollback.Check{{What: "target is there", Problem: "404"}}
	}, rollback.GuardPreflight)
	f("the deploy tool does not answer the hook", func(o *order, s *situation) {
		s.HookChecks = []rollback.Check{{What: "deploy tool", Problem: "no answer", Temporary: true}}
	}, rollback.GuardReach)

	f("every reason is listed", func(o *order, s *situation) { s.Frozen, s.Superseded, s.RecentRollbacks = true, true, 2 },
		rollback.GuardFrozen, rollback.GuardSuperseded, rollback.GuardCooldown)
}

// An approval answers only the guards that are waivable; all others still refuse.
func TestApprovalWaivesNoFact(t *testing.T) {
	s := situation{Approved: true, Frozen: true, Superseded: true, FirstEver: true, SuspendedBy: "x", RecentRollbacks: 9, Window: "w", Fleet: "f"}
	_, refusals := rollback.Permit(order{}, s)
	got := guards(refusals)
	for _, waived := range []guard{rollback.GuardMode, rollback.GuardCooldown, rollback.GuardWindow, rollback.GuardFleet} {
		if slices.Contains(got, waived) {
			t.Errorf("approval did not answer %s: %v", waived, got)
		}
	}
	for _, want := range []guard{rollback.GuardFrozen, rollback.GuardEvidence, rollback.GuardSuperseded, rollback.GuardTarget} {
		if !slices.Contains(got, want) {
			t.Errorf("approval waived %s", want)
		}
	}
}

func TestZeroPermitsNothing(t *testing.T) {
	f := func(o order, s situation) {
		t.Helper()
		if w, refusals := rollback.Permit(o, s); w.Valid() || len(refusals) == 0 {
			t.Error("a zero value was permitted")
		}
	}
	f(order{}, situation{})
	f(hooktest.Order(), situation{})
	f(order{}, hooktest.Situation())
	if (rollback.Warrant{}).Valid() {
		t.Error("the zero warrant is valid")
	}
}

// TestRemedy checks the remedy for every guard alone, and that one refusal about a
// fact ends an order whatever else refuses.
func TestRemedy(t *testing.T) {
	f := func(want rollback.Remedy, names ...guard) {
		t.Helper()
		var refusals []rollback.Refusal
		for _, name := range names {
			refusals = append(refusals, rollback.Refusal{Guard: name, Why: "x"})
		}
		if got := rollback.RemedyOf(refusals); got != want {
			t.Errorf("%v: got %v, want %v", names, got, want)
		}
	}
	waits := []guard{rollback.GuardPresent, rollback.GuardSuspended, rollback.GuardPartial, rollback.GuardFleet, rollback.GuardReach}
	asks := []guard{rollback.GuardMode, rollback.GuardWindow, rollback.GuardWeak, rollback.GuardBefore, rollback.GuardConfounded, rollback.GuardCooldown, rollback.GuardRestored}
	ends := []guard{
		rollback.GuardOrder, rollback.GuardFrozen, rollback.GuardHook, rollback.GuardEvidence, rollback.GuardSuperseded,
		rollback.GuardEpoch, rollback.GuardEcho, rollback.GuardRollout, rollback.GuardAge, rollback.GuardReversible,
		rollback.GuardFirst, rollback.GuardTarget, rollback.GuardPreflight,
	}
	for _, g := range waits {
		f(rollback.RemedyWait, g)
	}
	for _, g := range asks {
		f(rollback.RemedyAsk, g)
		f(rollback.RemedyWait, g, rollback.GuardSuspended)
	}
	for _, g := range ends {
		f(rollback.RemedyNone, g)
		f(rollback.RemedyNone, rollback.GuardFleet, g, rollback.GuardCooldown)
	}
}

func TestWarrantBody(t *testing.T) {
	w := hooktest.Warrant(t)
	var got map[string]any
	if err := json.Unmarshal(w.Body(), &got); err != nil {
		t.Fatal(err)
	}
	want := []string{"change", "epoch", "evidence", "key", "target_version", "verdict"}
	var names []string
	for name := range got {
		names = append(names, name)
	}
	slices.Sort(names)
	if diff := cmp.Diff(want, names); diff != "" {
		t.Errorf("fields (-want +got):\n%s", diff)
	}
	if got["key"] != w.Change().Key() || got["target_version"] != "v1" || got["epoch"] != 7.0 {
		t.Errorf("body is %s", w.Body())
	}
	if v := got["verdict"].(map[string]any); v["grade"] != "certain" || v["outcome"] != "regressed" {
		t.Errorf("verdict is %v", v)
	}
	w.Body()[0] = 'x'
	if w.Body()[0] != '{' {
		t.Error("a caller can change the warrant's body")
	}
	if again := hooktest.Warrant(t); string(again.Body()) != string(w.Body()) {
		t.Error("the same order gave two bodies")
	}
}
