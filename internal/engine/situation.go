package engine

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/pushback/pushback/detector"
	"github.com/pushback/pushback/internal/store"
	"github.com/pushback/pushback/rollback"
	"github.com/pushback/pushback/sources"
	"github.com/pushback/pushback/watch"
)

// preflightFor is how long a hook may look before it is taken for unreachable.
const preflightFor = 15 * time.Second

// ask asks the guards, and where none refuses, has the hook look whether it
// could act. That may take seconds, so all other facts are read anew after it:
// what is about this moment must be of this moment.
func (e *Engine) ask(ctx context.Context, o rollback.Order) (rollback.Situation, rollback.Warrant, []rollback.Refusal, error) {
	s, err := e.situation(ctx, o)
	if err != nil {
		return s, rollback.Warrant{}, nil, err
	}
	warrant, refusals := rollback.Permit(o, s)
	if len(refusals) > 0 {
		return s, warrant, refusals, nil
	}
	checks := preflight(ctx, e.Hooks[o.Hook], o.Plan())
	if s, err = e.situation(ctx, o); err != nil {
		return s, rollback.Warrant{}, nil, err
	}
	s.Checks = checks
	warrant, refusals = rollback.Permit(o, s)
	return s, warrant, refusals, nil
}

// noteGuards puts into the journal what the guards were asked and said, with
// the request that follows where they gave leave: before anything is sent, and
// once where an order waits and they say the same again.
func (e *Engine) noteGuards(ctx context.Context, o rollback.Order, s rollback.Situation, w rollback.Warrant, refusals []rollback.Refusal) error {
	said := reasons(refusals)
	if last, _ := e.noted.Load(o.Key); len(refusals) > 0 && last == said {
		return nil
	}
	s.Verdict = detector.Verdict{} // it stands in the order's own entry
	detail := map[string]any{"situation": s, "refusals": refusals}
	if w.Valid() {
		detail["hook"], detail["request"] = o.Hook, json.RawMessage(w.Body())
	}
	b, err := json.Marshal(detail)
	if err == nil {
		err = e.Store.Append(ctx, store.Entry{At: e.Now(), ChangeKey: o.Key, Actor: "guards", Action: "permit", Detail: b})
	}
	if err != nil {
		return fmt.Errorf("writing down what the guards of order %s said: %w", o.Key, err)
	}
	e.noted.Store(o.Key, said)
	for _, r := range refusals {
		e.Telemetry.refused(r.Guard)
	}
	return nil
}

// situation reads everything the guards ask about, at this moment.
func (e *Engine) situation(ctx context.Context, o rollback.Order) (rollback.Situation, error) {
	now := e.Now()
	c, err := e.Store.Change(ctx, o.Key)
	if err != nil {
		return rollback.Situation{}, fmt.Errorf("reading the change of order %s: %w", o.Key, err)
	}
	s := rollback.Situation{
		Now: now, Change: c.Change, Limits: e.Limits, Window: e.window(now),
		Superseded: c.SupersededBy != "", SuspendedBy: c.SuspendedAt(now), Epoch: c.Epoch,
		Acts: o.Automatic, Approved: !o.Automatic,
	}
	if err := json.Unmarshal(o.Evidence, &s.Verdict); err != nil {
		return s, fmt.Errorf("reading the evidence of order %s: %w", o.Key, err)
	}
	hook, known := e.Hooks[o.Hook]
	s.HookKnown, s.Aborts = known, hook.Aborts
	if s.Target, s.FirstEver, err = e.target(ctx, c, hook.LastGood); err != nil {
		return s, err
	}
	if s.Recent, err = e.Store.RecentRollbacks(ctx, c.Slot(), o.Key, now.Add(-e.Limits.RollbacksPer)); err != nil {
		return s, fmt.Errorf("counting recent rollbacks: %w", err)
	}
	if s.Fleet, err = e.fleet(ctx); err != nil {
		return s, err
	}
	if err := e.causes(ctx, &s, c, o); err != nil {
		return s, err
	}
	// Last, because nothing may come between the brake and the wheels.
	s.Frozen, s.FrozenWhy = e.Frozen()
	return s, nil
}

// window is the first of the operators' freeze windows that holds now.
func (e *Engine) window(now time.Time) string {
	for _, name := range e.Windows {
		if e.Freezes[name].Holds(now) {
			return name
		}
	}
	return ""
}

// causes fills in what tells the order's change from others as the cause. What
// the same rollback takes back as well need not be told from it.
func (e *Engine) causes(ctx context.Context, s *rollback.Situation, c store.Change, o rollback.Order) error {
	ws, err := e.Store.WatchesOf(ctx, c.Key)
	if err != nil {
		return fmt.Errorf("reading the watches of %s: %w", c.Key, err)
	}
	i := slices.IndexFunc(ws, func(w watch.Watch) bool { return w.Rule == o.Rule && w.After.IsZero() })
	if i < 0 {
		return nil
	}
	if err := e.suspected(ctx, s, c, ws[i]); err != nil {
		return err
	}
	skipped, err := e.skipped(ctx, c, o)
	if err != nil {
		return err
	}
	s.Suspects = slices.DeleteFunc(s.Suspects, func(other rollback.Suspect) bool {
		return other.Change.Slot() == c.Slot() && slices.Contains(skipped, other.Change.Version)
	})
	return nil
}

// suspected fills in who else could have done what the verdict of a watch saw.
// What began when the verdict was there cannot be the cause of it.
func (e *Engine) suspected(ctx context.Context, s *rollback.Situation, c store.Change, w watch.Watch) (err error) {
	s.BeganAt, s.BaseAt, s.Tick = beginning(w, c.Change), w.BaseAt, w.Plan.Tick
	s.Onset = onset(w, c.Change, s.Verdict)
	s.Suspects, err = e.suspects(ctx, c, s.BeganAt.Add(-e.Limits.Around), s.Verdict.At.Add(-time.Microsecond))
	return err
}

// rivals are the changes that could as well have done what a look saw. Of a
// look that saw nothing, nobody is suspected; nor of what stays bad after a
// rollback, which speaks of the rollback.
func (e *Engine) rivals(ctx context.Context, w watch.Watch, c store.Change, v *detector.Verdict) ([]rollback.Ranked, error) {
	if v == nil || v.Grade < detector.Suspect || !w.After.IsZero() {
		return nil, nil
	}
	s := rollback.Situation{Change: c.Change, Limits: e.Limits, Verdict: *v}
	if err := e.suspected(ctx, &s, c, w); err != nil {
		return nil, err
	}
	_, rivals := s.Rivals()
	return rivals, nil
}

// beginning is the earliest moment the change can have touched production. A
// tool that tells only the end leaves open since when: the time before, which
// the rule cut off, may be part of the rollout.
func beginning(w watch.Watch, c sources.Change) time.Time {
	if c.FinishedAt.Equal(c.StartedAt) && w.BaseAt.Before(c.StartedAt) {
		return w.BaseAt
	}
	return c.StartedAt
}

// unsure is by how many ticks the place where a noisy series breaks may be off.
const unsure = 2

// onset is when the verdict's worst signals broke. Between the end of before
// and the first tick after settling nothing is measured, so that a break seen
// there may have been at any moment in between.
func onset(w watch.Watch, c sources.Change, v detector.Verdict) rollback.Onset {
	var first time.Time
	for _, s := range v.Signals {
		if s.Grade == v.Grade && !s.Onset.IsZero() && (first.IsZero() || s.Onset.Before(first)) {
			first = s.Onset
		}
	}
	settled, slack := w.From, unsure*w.Plan.Tick
	if settled.IsZero() {
		settled = c.StartedAt
	}
	if first.IsZero() || first.Before(w.BaseAt.Add(-slack)) || first.After(settled.Add(slack)) {
		return rollback.Onset{From: first, To: first}
	}
	at := rollback.Onset{From: w.BaseAt, To: first}
	if first.Before(settled) {
		at.To = settled
	}
	return at
}

// suspects are the other changes that could have done what is laid to c: of
// its service and of all it depends on, under way since a moment. Left out is
// what cannot be the cause, or not another one: what was found good, what was
// rolled back and is not live any more, rollbacks, the same version going
// elsewhere, and what stands in another region.
func (e *Engine) suspects(ctx context.Context, c store.Change, since, now time.Time) ([]rollback.Suspect, error) {
	upstream := e.catalogue.Upstream(c.Service)
	found, err := e.Store.Beside(ctx, c, slices.Sorted(maps.Keys(upstream)), since, now)
	if err != nil {
		return nil, fmt.Errorf("looking for other causes: %w", err)
	}
	var suspects []rollback.Suspect
	for _, other := range found {
		same := other.Service == c.Service && other.Kind == c.Kind && other.Version == c.Version
		apart := other.Region != "" && c.Region != "" && other.Region != c.Region
		if same || apart || other.Standing == store.Good {
			continue
		}
		gone, err := e.gone(ctx, other)
		if err != nil {
			return nil, err
		}
		if !gone {
			suspects = append(suspects, rollback.Suspect{Change: other.Change, Distance: upstream[other.Service]})
		}
	}
	return suspects, nil
}

// gone says whether a change is not live any more, or only brought back what
// was: it was rolled back, or is the echo of a rollback.
func (e *Engine) gone(ctx context.Context, c store.Change) (bool, error) {
	undone, err := e.undoneAt(ctx, c.Key)
	if err != nil || !undone.IsZero() {
		return !undone.IsZero(), err
	}
	return e.echoes(ctx, c)
}

// echoes says whether a change is a rollback, ours or another's.
func (e *Engine) echoes(ctx context.Context, c store.Change) (bool, error) {
	if c.RollbackOf != "" {
		return true, nil
	}
	before, err := e.precedent(ctx, c)
	return before.undoneBy(c), err
}
