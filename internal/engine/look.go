package engine

import (
	"context"
	"fmt"
	"time"

	"github.com/pushback/pushback/detector"
	"github.com/pushback/pushback/internal/store"
	"github.com/pushback/pushback/rollback"
	"github.com/pushback/pushback/rules"
	"github.com/pushback/pushback/watch"
)

// look looks once at one watch and gives the watch as it stands afterwards.
// Whatever goes wrong, the watch goes on: it is looked at again.
func (e *Engine) look(ctx context.Context, w watch.Watch) watch.Watch {
	began := e.Now()
	next, err := e.lookOnce(ctx, w)
	e.Telemetry.looked(e.Now().Sub(began), err)
	if err == nil {
		return next
	}
	if ctx.Err() == nil {
		e.Log.Error("look", "watch", w.ID, "error", err)
	}
	w.Next = e.Now().Add(max(w.Every, lookRetry))
	return w
}

// lookRetry keeps a failing database from being asked in a tight loop.
const lookRetry = time.Second

// lookOnce is the main path: gather, judge, respond, record, act.
func (e *Engine) lookOnce(ctx context.Context, w watch.Watch) (watch.Watch, error) {
	if mine, err := e.lease(ctx, w); err != nil || !mine {
		w.Next = e.Now().Add(w.Every)
		return w, err
	}
	c, err := e.Store.Change(ctx, w.ChangeKey)
	if err != nil {
		return w, fmt.Errorf("reading the change: %w", err)
	}
	bound, err := e.boundRule(ctx, w, c)
	if err != nil {
		return w, err
	}
	w, seen := e.gather(ctx, w, c, bound)
	verdict := e.judge(ctx, &w, c, bound.Rule().History, seen)

	rivals, err := e.rivals(ctx, w, c, verdict)
	if err != nil {
		return w, err
	}
	facts, err := e.facts(ctx, w, c, verdict)
	if err != nil {
		return w, err
	}
	facts.Confounded = len(rivals) > 0
	next := watch.Advance(w, facts)
	if verdict != nil {
		verdict.Reason = facts.Reason() // what is told, recorded and shown is one
	}
	if next.Reason == detector.RolledBack && w.State.Open() {
		if err := e.watchRecovery(ctx, w, facts.UndoneAt); err != nil {
			return w, err
		}
	}

	response, err := e.respond(ctx, look{watch: w, next: next, change: c, bound: bound, verdict: verdict, rivals: rivals, seen: seen})
	if err != nil {
		return w, err
	}
	next.Responded = response.answered
	now, err := e.record(ctx, w, next, response.effects)
	if err == nil && response.effects.Outcome != nil {
		e.trust.WatchEnded(ctx, bound.Rule())
	}
	return now, err
}

// facts are what moves a watch: the change as it stands, and what was seen.
func (e *Engine) facts(ctx context.Context, w watch.Watch, c store.Change, v *detector.Verdict) (watch.Facts, error) {
	undone, err := e.undoneAt(ctx, c.Key)
	if err != nil {
		return watch.Facts{}, err
	}
	superseded, err := e.superseded(ctx, w, c)
	return watch.Facts{Now: e.Now(), Change: c.Change, Superseded: superseded, UndoneAt: undone, Verdict: v}, err
}

// lease takes the watch for this process where others share the database. It
// spares the metric stores; that nothing is done twice rests on
// compare-and-swap alone.
func (e *Engine) lease(ctx context.Context, w watch.Watch) (bool, error) {
	if !e.Store.Shared() {
		return true, nil
	}
	mine, err := e.Store.LeaseWatch(ctx, w.ID, e.boot, e.Now().Add(w.Every+leaseGrace))
	if err != nil {
		return false, fmt.Errorf("leasing the watch: %w", err)
	}
	return mine, nil
}

// leaseGrace is how long a watch rests after its process is gone.
const leaseGrace = 10 * time.Second

// look is what one look knows, for responding to it.
type look struct {
	watch, next watch.Watch
	change      store.Change
	bound       rules.Bound
	verdict     *detector.Verdict // nil: too early to see anything
	rivals      []rollback.Ranked // changes that could as well have done it
	seen        *detector.Observation
	moment      rules.Moment // what the rule's lines were asked with
}

// judge is nil where nothing was gathered. Profiles are looked for from the
// watch's first look on: by the time there is something to judge, what was
// missing has been learned.
func (e *Engine) judge(ctx context.Context, w *watch.Watch, c store.Change, history time.Duration, seen *detector.Observation) *detector.Verdict {
	profiles := e.profiles.Of(ctx, w, c, history)
	if seen == nil {
		return nil
	}
	v := detector.Judge(w.Plan, profiles, *seen)
	e.Telemetry.judged(v)
	return &v
}

// record commits the look and everything it implies, then hands the intents
// to the jobs. Where somebody else moved the watch, theirs counts and ours is
// as if it had never been.
func (e *Engine) record(ctx context.Context, old, next watch.Watch, effects store.Effects) (watch.Watch, error) {
	moved, order, created, err := e.Store.MoveWatch(ctx, old, next, effects)
	if err != nil {
		return old, fmt.Errorf("recording the look: %w", err)
	}
	if !moved {
		return e.again(ctx, old)
	}
	next.Revision = old.Revision + 1
	if created {
		e.Telemetry.order(order.State)
		e.enqueue(ctx, orderJob{Key: order.Key, Boot: e.boot})
	}
	for _, m := range effects.Outgoing {
		e.enqueue(ctx, messageJob{ID: m.ID, Boot: e.boot})
	}
	if effects.Annotation != nil {
		e.enqueue(ctx, annotationJob{ChangeKey: next.ChangeKey, Boot: e.boot})
	}
	e.listeners.tell(next.ChangeKey)
	if old.LikelyAt.IsZero() && !next.LikelyAt.IsZero() {
		if _, err := e.fleet(ctx); err != nil {
			e.Log.Warn("fleet breaker", "error", err) // it is asked again before anything acts
		}
	}
	return next, nil
}

// again reads the watch as somebody else left it.
func (e *Engine) again(ctx context.Context, old watch.Watch) (watch.Watch, error) {
	ws, err := e.Store.WatchesOf(ctx, old.ChangeKey)
	if err != nil {
		return old, fmt.Errorf("reading a watch that moved: %w", err)
	}
	for _, w := range ws {
		if w.ID == old.ID {
			return w, nil
		}
	}
	return old, fmt.Errorf("watch %s has gone", old.ID)
}
