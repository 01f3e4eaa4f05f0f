package messages_test

import (
	"time"

	"github.com/pushback/pushback/detector"
	"github.com/pushback/pushback/rollback"
	"github.com/pushback/pushback/sources"
)

// situations are one for each guard in which it refuses, and some in which several do.
func situations(c sources.Change) []refusing {
	type o = *rollback.Order
	type s = *rollback.Situation
	f := func(change func(o, s), guards ...rollback.Guard) refusing { return refusing{guards, change} }
	suspect := rollback.Suspect{Change: sources.Change{
		ID: "7", Service: "payments", Environment: "production", Kind: sources.Deploy, Version: "v7", StartedAt: at, FinishedAt: at.Add(time.Minute),
	}, BeganAt: at, Distance: 0}
	rolling := func(_ o, s s) { s.Change.Status, s.Change.FinishedAt = sources.Started, time.Time{} }
	return []refusing{
		f(rolling, rollback.GuardPartial),
		f(func(_ o, s s) { s.SuspendedBy = "cart v3 since 12:04:00 UTC" }, rollback.GuardSuspended),
		f(func(_ o, s s) {
			s.Fleet = "38 of 200 open watches turned bad within 10m0s (until 14:00 UTC, or: pushback release h1)"
		}, rollback.GuardFleet),
		f(func(_ o, s s) {
			s.HookChecks = []rollback.Check{{What: "the deploy tool answers", Problem: "connection refused", Temporary: true}}
		}, rollback.GuardReach),
		f(func(_ o, s s) { s.Present = &rollback.Present{Reason: detector.Transient} }, rollback.GuardPresent),
		f(func(_ o, s s) { s.Present = &rollback.Present{At: s.Now, Outcome: detector.Blind} }, rollback.GuardPresent),
		f(func(o o, s s) { rolling(o, s); s.Window = "black friday" }, rollback.GuardPartial, rollback.GuardWindow),
		f(func(o o, s s) { rolling(o, s); s.SuspendedBy = "cart v3 since 12:04:00 UTC" }, rollback.GuardPartial, rollback.GuardSuspended),

		f(func(_ o, s s) { s.Window = "black friday" }, rollback.GuardWindow),
		f(func(_ o, s s) { s.RuleActs = false }, rollback.GuardMode),
		f(func(_ o, s s) { s.Verdict.MayAct = false }, rollback.GuardWeak),
		f(func(_ o, s s) { s.Verdict.Grade = detector.Likely }, rollback.GuardWeak),
		f(func(_ o, s s) {
			s.Verdict.Signals = []detector.Evidence{errorsRose()}
			s.Verdict.Signals[0].Reason = detector.BaselineUnhealthy
		}, rollback.GuardBefore),
		f(func(_ o, s s) { s.Suspects = []rollback.Suspect{suspect} }, rollback.GuardConfounded),
		f(func(_ o, s s) { s.RecentRollbacks = 1 }, rollback.GuardCooldown),
		f(func(_ o, s s) { s.RestoredAt = s.Change.FinishedAt }, rollback.GuardRestored),

		f(func(_ o, s s) { s.Frozen, s.FrozenWhy = true, "sale until noon" }, rollback.GuardFrozen),
		f(func(o o, _ s) { o.Hook = "" }, rollback.GuardHook),
		f(func(_ o, s s) { s.Verdict.Outcome = detector.Inconclusive }, rollback.GuardEvidence),
		f(func(_ o, s s) { s.Superseded = true }, rollback.GuardSuperseded),
		f(func(_ o, s s) { s.Epoch = 8 }, rollback.GuardEpoch),
		f(func(_ o, s s) { s.Change.RollbackOf = "v3" }, rollback.GuardEcho),
		f(func(_ o, s s) { s.Change.Status = sources.Failed }, rollback.GuardRollout),
		f(func(o o, s s) {
			s.Now = at.Add(3 * time.Hour)
			s.Verdict.At = s.Now
			o.ExpiresAt = at.Add(4 * time.Hour)
		}, rollback.GuardAge),
		f(func(_ o, s s) { s.Change.Reversible = false }, rollback.GuardReversible),
		f(func(_ o, s s) { s.FirstEver = true }, rollback.GuardFirst),
		f(func(_ o, s s) { s.Target.Standing = rollback.Bad }, rollback.GuardTarget),
		f(func(o o, s s) { o.Target, s.Target = "", rollback.LiveVersion{} }, rollback.GuardTarget),
		f(func(_ o, s s) {
			s.HookChecks = []rollback.Check{{What: "the target exists", Problem: "404: no such release"}}
		}, rollback.GuardPreflight),
		f(func(_ o, s s) { s.Change.Reversible, s.FirstEver = false, true }, rollback.GuardReversible, rollback.GuardFirst),
	}
}
