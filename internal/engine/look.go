package engine

import (
	"context"
	"fmt"
	"time"

	"github.com/pushback/pushback/detector"
	"github.com/pushback/pushback/internal/due"
	"github.com/pushback/pushback/internal/gather"
	"github.com/pushback/pushback/internal/outage"
	"github.com/pushback/pushback/internal/profiles"
	"github.com/pushback/pushback/internal/replay"
	"github.com/pushback/pushback/internal/reporting"
	"github.com/pushback/pushback/internal/store"
	"github.com/pushback/pushback/internal/trust"
	"github.com/pushback/pushback/rollback"
	"github.com/pushback/pushback/rules"
	"github.com/pushback/pushback/sources"
	"github.com/pushback/pushback/watch"
)

// looker looks at watches: it gathers, judges, responds and records.
type looker struct {
	*core
	looks    *due.Looks
	rules    *boundRules
	gatherer *gather.Gatherer
	profiles *profiles.Keeper
	trust    *trust.Keeper
	outages  *outage.Monitor
	reports  *reporting.Keeper
}

// look looks once at one watch and returns the watch as it is afterwards. Whatever goes
// wrong, the watch goes on with another look.
func (k *looker) look(ctx context.Context, w watch.Watch) watch.Watch {
	began := k.Now()
	k.Telemetry.lookBegan(began.Sub(w.Next))
	next, err := k.lookOnce(ctx, w)
	k.Telemetry.looked(k.Now().Sub(began), err)
	if err == nil {
		return next
	}
	if ctx.Err() == nil {
		k.Log.Error("a look failed; looking again in a moment", "watch", w.ID, "error", err)
	}
	w.Next = k.Now().Add(max(w.Every, lookRetry))
	return w
}

// lookRetry keeps a failing database from being asked in a tight loop.
const lookRetry = time.Second

// look is what one look knows, for responding to it.
type look struct {
	watch, next watch.Watch
	change      store.Change
	bound       rules.Bound
	verdict     *detector.Verdict        // nil: too early to observe anything
	overlapping []rollback.RankedSuspect // other changes that are as likely the cause
	observation *detector.Observation
	profiles    replay.Profiles // that the verdict was judged by
	facts       replay.Facts    // that the verdict's reason depends on
	moment      rules.Moment    // what the rule's lines were asked with
}

// lookOnce is the main path: gather, judge, respond, record.
func (k *looker) lookOnce(ctx context.Context, w watch.Watch) (watch.Watch, error) {
	c, err := k.Store.Change(ctx, w.ChangeKey)
	if err != nil {
		return w, fmt.Errorf("reading the change: %w", err)
	}
	bound, err := k.rules.of(ctx, w, c)
	if err != nil {
		return w, err
	}
	l := look{watch: w, change: c, bound: bound}
	if !endsUnobserved(w, c, k.Now()) {
		k.observe(ctx, &l)
	}
	if err := k.advance(ctx, &l); err != nil {
		return l.watch, err
	}
	response, err := k.respond(ctx, l)
	if err != nil {
		return l.watch, err
	}
	l.next.Responded = response.answered
	now, err := k.record(ctx, l, response.effects)
	if err != nil {
		return now, err
	}
	k.logGrade(l)
	if response.effects.Outcome != nil {
		k.trust.WatchEnded(ctx, bound.Rule())
	}
	return now, nil
}

// logGrade logs that a change became likely or certainly bad, whatever the rule does about it.
func (k *looker) logGrade(l look) {
	what := "signals are worse since a change"
	if !l.watch.After.IsZero() {
		what = "signals are still worse after the rollback of a change"
	}
	if l.next.Grade > l.watch.Grade && l.next.Grade >= detector.Likely {
		k.Log.Warn(what, "change", l.change.Key, "service", l.change.Service, "version", l.change.Version,
			"rule", l.watch.Rule, "grade", l.next.Grade.String(), "reason", l.next.Reason)
	}
}

// observe asks the metric stores, and judges what they answer.
func (k *looker) observe(ctx context.Context, l *look) {
	rule := l.bound.Rule()
	l.watch, l.observation = k.gatherer.Observe(ctx, l.watch, l.change.Change, l.bound, func() detector.Thresholds { return k.trust.Thresholds(ctx, rule) })
	l.verdict, l.profiles = k.judge(ctx, &l.watch, l.change, rule, l.observation)
}

// endsUnobserved reports whether a newer change has replaced c while it still settled. The
// look ends such a watch, and there is nothing yet to ask a metric store: under rapid
// pushes most watches end so.
func endsUnobserved(w watch.Watch, c store.Change, now time.Time) bool {
	return c.SupersededBy != "" && w.After.IsZero() && (w.From.IsZero() || now.Before(w.From))
}

// advance moves the watch by what is known now, and begins the recovery watch where the
// change was rolled back. The verdict takes the watch's reason, so that what people are
// told, what is recorded and what pages show is the same.
func (k *looker) advance(ctx context.Context, l *look) (err error) {
	if l.overlapping, err = k.situation.Overlapping(ctx, l.watch, l.change, l.verdict); err != nil {
		return err
	}
	facts, err := k.facts(ctx, l.watch, l.change)
	if err != nil {
		return err
	}
	facts.Verdict, facts.Final = l.verdict, l.observation != nil && l.observation.Final
	facts.Confounded = len(l.overlapping) > 0
	l.next = watch.Advance(l.watch, facts)
	if l.verdict != nil {
		l.verdict.Reason = facts.Reason()
		l.facts = replay.Facts{RolloutFailed: facts.Change.Status == sources.Failed, Confounded: facts.Confounded}
	}
	if l.next.Reason == detector.RolledBack && l.watch.State.Open() {
		return k.watchRecovery(ctx, *l, facts.RolledBackAt)
	}
	return nil
}

// facts reads what moves a watch besides the verdict.
func (k *looker) facts(ctx context.Context, w watch.Watch, c store.Change) (watch.Facts, error) {
	undone, err := k.situation.RolledBackAt(ctx, c.Key)
	if err != nil {
		return watch.Facts{}, err
	}
	superseded, err := k.situation.Superseded(ctx, w, c)
	return watch.Facts{Now: k.Now(), Change: c.Change, Superseded: superseded, RolledBackAt: undone}, err
}

// watchRecovery begins the watch that checks whether a rollback helped. It is stored
// before the watch of the change ends: after a crash in between, that one ends at its
// next look, and the recovery watch is there already.
func (k *looker) watchRecovery(ctx context.Context, l look, undone time.Time) error {
	recovery := []watch.Watch{l.watch.Recovery(undone, k.Now())}
	if err := k.Store.PlanChange(ctx, l.change.Key, recovery); err != nil {
		return fmt.Errorf("beginning the recovery watch: %w", err)
	}
	k.looks.Add(l.change.Service, recovery)
	return nil
}

// judge returns the verdict, nil where nothing was observed, and the profiles it rests on.
// It asks for profiles from the watch's first look on, so that missing ones are learned
// before there is anything to judge.
func (k *looker) judge(ctx context.Context, w *watch.Watch, c store.Change, r rules.Rule, o *detector.Observation) (*detector.Verdict, replay.Profiles) {
	profiles, stored := k.profiles.Of(ctx, w, c, r)
	if o == nil {
		return nil, stored
	}
	v := detector.Judge(w.Plan, profiles, *o)
	k.Telemetry.judged(v)
	return &v, stored
}

// record commits the look with everything that follows from it, then inserts the jobs.
// Where another replica has moved the watch, its look counts and this one is dropped.
func (k *looker) record(ctx context.Context, l look, effects store.Effects) (watch.Watch, error) {
	old, next := l.watch, l.next
	moved, order, created, err := k.Store.MoveWatch(ctx, old, next, effects)
	if err != nil {
		return old, fmt.Errorf("recording the look: %w", err)
	}
	if !moved {
		return k.reread(ctx, old)
	}
	next.Revision = old.Revision + 1
	if old.State.Open() && !next.State.Open() {
		k.Telemetry.tally().WatchEnded(ctx, k.Store, l.change, k.Log)
	}
	if created {
		k.Telemetry.order(order.State)
		k.enqueue(orderJob, order.Key)
	}
	k.deliver(ctx, effects.Outgoing)
	k.reports.Post(effects.Reports)
	k.listeners.send(next.ChangeKey, next.State == old.State && next.Grade == old.Grade && !created)
	if old.LikelyAt.IsZero() && !next.LikelyAt.IsZero() {
		if _, err := k.fleet.Why(ctx); err != nil {
			k.Log.Warn("cannot check whether too much is bad at once; it is checked again before anything acts", "error", err)
		}
	}
	return next, nil
}

// reread reads the watch as another replica left it.
func (k *looker) reread(ctx context.Context, old watch.Watch) (watch.Watch, error) {
	ws, err := k.Store.WatchesOf(ctx, old.ChangeKey)
	if err != nil {
		return old, fmt.Errorf("reading a watch that moved: %w", err)
	}
	for _, w := range ws {
		if w.ID == old.ID {
			return w, nil
		}
	}
	return old, fmt.Errorf("watch %s no longer exists", old.ID)
}
