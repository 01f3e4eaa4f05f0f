package messages_test

import (
	"encoding/json"
	"time"

	"github.com/pushback/pushback/detector"
	"github.com/pushback/pushback/internal/messages"
	"github.com/pushback/pushback/internal/people"
	"github.com/pushback/pushback/notify"
	"github.com/pushback/pushback/rollback"
	"github.com/pushback/pushback/rules"
	"github.com/pushback/pushback/sources"
	"github.com/pushback/pushback/watch"
)

// entry is one message with the moment at which people get it.
type entry struct {
	When    string         `json:"when"`
	Message notify.Message `json:"message"`
}

var (
	at       = time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)
	composer = messages.Composer{
		ExternalURL: "https://pushback.example", Token: func(rollback.Order) string { return "t0ken" },
		People: people.List{
			{Name: "amy", Slack: "U0AMY", IRC: "amy", MSTeams: "amy@example.org", Email: "amy@example.org"},
			{Name: "bob", Slack: "U0BOB", IRC: "bob_", GitHub: "bob-l"},
		},
	}
)

const runbook = "https://wiki.example/cart"

// plan is that of a rule which watches for half an hour.
var plan = detector.Plan{Tick: time.Minute, After: 30}

// kinds are a change of every kind.
func kinds() []sources.Change {
	of := func(k sources.Kind, group, version, previous string) sources.Change {
		return sources.Change{
			ID: "42", Service: "cart", Environment: "production", Region: "eu", Kind: k, Group: group, Version: version, Previous: previous,
			Actor: "amy", Riders: []string{"Eve <eve@example.org>", "bob-l"}, Status: sources.Succeeded, StartedAt: at, FinishedAt: at.Add(time.Minute), Reversible: true,
		}
	}
	return []sources.Change{
		of(sources.Deploy, "", "v2", "v1"), of(sources.Config, "limits", "r18", "r17"),
		of(sources.Flag, "new-cart", "50%", "0%"), of(sources.Experiment, "checkout", "on", "off"),
	}
}

func errorsRose() detector.Evidence {
	return detector.Evidence{
		Signal: "errors", Unit: "fraction", Worse: detector.Higher, Grade: detector.Certain, Tests: []detector.Test{detector.ByCounts, detector.ByScan},
		P: 0.0002, Effect: detector.Effect{Forecast: 0.005, After: 0.031, Difference: 0.026, Ratio: 6.2, Low: 0.019, High: 0.034},
		Counts: &detector.Tally{BadBefore: 15, TotalBefore: 3000, BadAfter: 93, TotalAfter: 3000},
	}
}

func latencyRose() detector.Evidence {
	return detector.Evidence{
		Signal: "latency.mean", Unit: "seconds", Worse: detector.Higher, Grade: detector.Likely, P: 0.0071, Tests: []detector.Test{detector.ByScan},
		Effect: detector.Effect{Forecast: 0.0821, After: 0.1473, Difference: 0.0652, Ratio: 1.79, Low: 0.041, High: 0.091},
	}
}

func trafficLost() detector.Evidence {
	return detector.Evidence{
		Signal: "errors", Unit: "fraction", Grade: detector.Likely, Reason: detector.SignalLost, Tests: []detector.Test{detector.ByLoss}, P: 1,
		Loss: &detector.Loss{EventsBefore: 6000, EventsAfter: 12.5, Before: 60, TicksBefore: 60, After: 3, TicksAfter: 3},
	}
}

func samplesLost() detector.Evidence {
	e := trafficLost()
	e.Signal, e.Loss = "queue", &detector.Loss{Before: 60, TicksBefore: 58, After: 3}
	return e
}

func verdict(signals ...detector.Evidence) detector.Verdict {
	v := detector.Verdict{Rule: "red", At: at.Add(4 * time.Minute), Outcome: detector.Regressed, MayAct: true, Signals: signals}
	for _, e := range signals {
		v.Grade = max(v.Grade, e.Grade)
	}
	return v
}

func order(c sources.Change, s rollback.State) rollback.Order {
	evidence, err := json.Marshal(verdict(errorsRose(), latencyRose()))
	if err != nil {
		panic(err)
	}
	return rollback.Order{
		Key: c.Key(), Change: c, Rule: "red", Hook: "deployer", Target: c.Previous, State: s, Epoch: 7, Evidence: evidence, Runbook: runbook,
		CreatedAt: at.Add(4 * time.Minute), DecidedAt: at.Add(4 * time.Minute), ExpiresAt: at.Add(2 * time.Hour), SentAt: at.Add(5 * time.Minute),
		Automatic: true, Receivers: []string{"pager"}, Watched: plan.Length(),
	}
}

func look(c sources.Change, v *detector.Verdict, s watch.State) messages.Look {
	w := watch.Watch{ID: "w", ChangeKey: c.Key(), Rule: "red", State: s, Runbook: runbook, Plan: plan, Until: at.Add(31 * time.Minute)}
	if v != nil {
		w.Grade, w.Reason = v.Grade, v.Reason
	}
	return messages.Look{Key: c.Key(), Change: c, Watch: w, Verdict: v, At: at.Add(4 * time.Minute)}
}

// found are the messages of verdicts, with what they say of the order that follows.
func found(c sources.Change) []entry {
	ordered, proposed := order(c, rollback.Decided), order(c, rollback.Proposed)
	proposed.Automatic, proposed.DecidedAt = false, time.Time{}
	against := proposed
	against.Why = "the change is declared not reversible"
	intent := rules.Intent{Hook: "deployer", Mode: rules.Observe, Written: rules.Act}
	v := verdict(errorsRose(), latencyRose())
	f := func(when, action string, asking ...rollback.Order) entry {
		m := composer.Verdict(look(c, &v, watch.Watching))
		m.Action = action
		for _, o := range asking {
			m = messages.BesideOrder(messages.WithAsk(m, messages.AskedBeside(nil, &o, "red")), &o)
		}
		return entry{when, m}
	}
	return []entry{
		f("certain, the line only tells", ""),
		f("certain, the rule acts", composer.Ordered(ordered), ordered),
		f("certain, another rule has ordered the rollback", messages.OrderedBefore(ordered)),
		f("certain, the rule asks", composer.Ordered(proposed), proposed),
		f("certain, the rule asks and a guard would refuse", composer.Ordered(against), against),
		f("certain, the rule observes", messages.Observed(intent, "")),
		f("certain, the rule observes and a guard would refuse", messages.Observed(intent, "the change is declared not reversible")),
		f("certain, no hook is known", messages.NoHook("cart", "")),
		f("certain, the hook is not in pushback.yml", messages.NoHook("cart", "deployer")),
		f("certain, of a rollback", messages.MayNotAct(sources.Change{RollbackOf: "v3"})),
		f("certain, the watch only observes", messages.MayNotAct(c)),
	}
}

// moreFound are the messages of other verdicts.
func moreFound(c sources.Change) []entry {
	f := func(when string, v detector.Verdict, s watch.State) entry {
		l := look(c, &v, s)
		if v.Reason == detector.Confounded {
			l.Others = []rollback.RankedSuspect{{Suspect: rollback.Suspect{Change: sources.Change{
				Service: "payments", Kind: sources.Deploy, Version: "v7", StartedAt: at,
			}}, Score: 1}}
		}
		return entry{when, composer.Verdict(l)}
	}
	suspect := latencyRose()
	suspect.Grade, suspect.P, suspect.Reason = detector.Suspect, 0.031, detector.ShortHistory
	limit := errorsRose()
	limit.Tests, limit.Reason = []detector.Test{detector.ByLimit}, detector.LimitBreached
	confounded, blind, failed := verdict(errorsRose()), verdict(), verdict(errorsRose())
	confounded.Reason, failed.Reason = detector.Confounded, detector.FailedRollout
	blind.Outcome, blind.Reason = detector.Blind, detector.SourceError
	lost := func(e detector.Evidence) detector.Verdict {
		v := verdict(e)
		v.Reason = detector.SignalLost
		return v
	}
	unjudged := look(c, nil, watch.Inconclusive)
	unjudged.Watch.Reason = detector.RollingNeverEnded
	return []entry{
		f("suspect", verdict(suspect), watch.Watching),
		f("likely", verdict(latencyRose()), watch.Watching),
		f("beyond the rule's limit", verdict(limit), watch.Watching),
		f("as likely another change", confounded, watch.Watching),
		f("signal_lost: traffic", lost(trafficLost()), watch.Watching),
		f("signal_lost: samples", lost(samplesLost()), watch.Watching),
		f("the rollout failed", failed, watch.Watching),
		f("blind", blind, watch.Blind),
		{"the rollout never ended", composer.Verdict(unjudged)},
	}
}

// ends are the messages that follow an order that was sent, or that nobody sent.
func ends(c sources.Change) []entry {
	f := func(when string, s rollback.State, change func(*rollback.Order)) entry {
		o := order(c, s)
		change(&o)
		return entry{when, composer.Order(o, at.Add(6*time.Minute))}
	}
	sending := order(c, rollback.Sending)
	sending.Receipt = &rollback.Receipt{Status: "1 of 3 replicas updated, 3 available"}
	stopped := rollback.Verification{State: rollback.TargetNotRunning, At: at, Found: rollback.RunningVersion{At: at, Version: c.Version}}
	waited := order(c, rollback.Expired)
	waited.Why = "waits: the change is still rolling out, and the hook cannot abort a rollout"
	newer := c
	newer.Version = "v3"
	return []entry{
		{"the guards permit it", composer.Sending(order(c, rollback.Decided), time.Minute, at.Add(5*time.Minute))},
		{"the rollout is slow", composer.StillRolling(sending, sending.Receipt.Status, at.Add(15*time.Minute), at.Add(5*time.Minute+30*time.Second))},
		f("a person approves", rollback.Approved, func(o *rollback.Order) { o.Actor = "amy" }),
		f("a person rejects", rollback.Cancelled, func(o *rollback.Order) { o.Actor, o.Why = "amy", "known, and harmless" }),
		f("a newer change replaces it", rollback.Cancelled, func(o *rollback.Order) { o.Why = messages.Replaced(newer) }),
		f("nobody approves", rollback.Expired, func(o *rollback.Order) { o.Why = messages.NobodyApproved }),
		f("what it waits for does not end", rollback.Expired, func(o *rollback.Order) { o.Why = messages.TooLate(waited) }),
		f("the hook reports success", rollback.Done, func(o *rollback.Order) { o.Receipt = &rollback.Receipt{Status: "200 OK"} }),
		f("the hook reports success, approved by a person", rollback.Done, func(o *rollback.Order) { o.Actor = "amy" }),
		f("the hook reports a failure", rollback.Failed, func(o *rollback.Order) { o.Why = "exit 3: no such release" }),
		f("the hook was never reached", rollback.Failed, func(o *rollback.Order) { o.Why = "not sent: dialling deploy.example:443: connection refused" }),
		f("the process died while it sent", rollback.Unknown, func(o *rollback.Order) { o.Why = "interrupted while sending: outcome unknown" }),
		f("the rollout did not end in time", rollback.Unknown, func(o *rollback.Order) {
			o.Why = "outcome unknown: it had not ended in time: context deadline exceeded; last seen: 2 of 3 replicas updated, 2 available"
		}),
		{"the target does not run", composer.NotRunning(order(c, rollback.Done), stopped, 5*time.Minute, at.Add(11*time.Minute))},
	}
}

// afterwards are the messages of the watch that follows, each after what was told before.
func afterwards(c sources.Change) []entry {
	was := composer.Verdict(look(c, new(verdict(errorsRose())), watch.Watching)).SignalLines
	f := func(when string, m notify.Message) entry { return entry{when, messages.WithEarlier(m, was)} }
	back := errorsRose()
	back.Grade, back.P, back.Healthy = detector.None, 1, true
	back.Effect = detector.Effect{Forecast: 0.005, After: 0.0049, Difference: -0.0001, Ratio: 0.98, Low: -0.0015, High: 0.0015}
	healthy := verdict(back)
	healthy.Outcome = detector.Healthy
	well, bad, unclear := look(c, &healthy, watch.Healthy), look(c, new(verdict(errorsRose())), watch.Regressed), look(c, nil, watch.Inconclusive)
	well.Watch.After, bad.Watch.After, unclear.Watch.After = at, at, at
	own := look(c, &healthy, watch.Healthy)
	own.Watch.Grades = []watch.GradeAt{{At: at, Grade: detector.Certain}}
	thread := messages.Thread(c.Key(), "red")
	return []entry{
		f("it is healthy after all", composer.Resolved(own, thread)),
		f("the rollback helped", composer.Resolved(well, thread)),
		f("the rollback did not help", composer.RollbackDidNotHelp(bad)),
		f("nobody can tell whether the rollback helped", composer.RecoveryUnclear(unclear)),
	}
}
