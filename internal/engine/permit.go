package engine

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/pushback/pushback/detector"
	"github.com/pushback/pushback/internal/messages"
	"github.com/pushback/pushback/internal/store"
	"github.com/pushback/pushback/rollback"
)

// preflightFor is how long a preflight may take before the hook counts as unreachable.
const preflightFor = 15 * time.Second

// ask asks the guards and, where none refuses, runs the hook's preflight. The preflight
// may take seconds, so all other facts are read again after it.
func (x *executor) ask(ctx context.Context, o rollback.Order) (rollback.Situation, rollback.Warrant, []rollback.Refusal, error) {
	s, err := x.situation.Of(ctx, o)
	if err != nil {
		return s, rollback.Warrant{}, nil, err
	}
	warrant, refusals := rollback.Permit(o, s)
	if len(refusals) > 0 {
		return s, warrant, refusals, nil
	}
	checks := preflight(ctx, x.Hooks[o.Hook], o.Plan())
	if s, err = x.situation.Of(ctx, o); err != nil {
		return s, rollback.Warrant{}, nil, err
	}
	s.HookChecks = checks
	warrant, refusals = rollback.Permit(o, s)
	return s, warrant, refusals, nil
}

// noteGuards records in the journal what the guards were asked and answered, and the
// request where they permit it, before anything is sent. While an order waits and the
// guards answer the same, it is recorded once.
func (x *executor) noteGuards(ctx context.Context, o rollback.Order, s rollback.Situation, w rollback.Warrant, refusals []rollback.Refusal) error {
	said := messages.Reasons(refusals)
	if last, _ := x.guards.Load(o.Key); len(refusals) > 0 && last == said {
		return nil
	}
	s.Verdict = detector.Verdict{} // the order's own entry has it
	detail := map[string]any{"situation": s, "refusals": refusals}
	if w.Valid() {
		detail["hook"], detail["request"] = o.Hook, json.RawMessage(w.Body())
	}
	b, err := json.Marshal(detail)
	if err == nil {
		err = x.Store.Append(ctx, store.Entry{At: x.Now(), ChangeKey: o.Key, Actor: "guards", Action: "permit", Detail: b})
	}
	if err != nil {
		return fmt.Errorf("recording the guards of order %s: %w", o.Key, err)
	}
	x.guards.Store(o.Key, said)
	for _, r := range refusals {
		x.Telemetry.refused(r.Guard)
	}
	return nil
}

// OtherChanges returns the changes that could be the cause of what a change is suspected of, and that began before a moment, for
// people to look at.
func (e *Engine) OtherChanges(ctx context.Context, c store.Change, before time.Time) ([]rollback.Suspect, error) {
	return e.situation.Suspects(ctx, c, c.StartedAt.Add(-e.Limits.ConfoundedWithin), before.Add(-time.Microsecond))
}
