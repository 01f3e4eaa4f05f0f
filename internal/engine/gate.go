package engine

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/pushback/pushback/internal/store"
	"github.com/pushback/pushback/rollback"
	"github.com/pushback/pushback/sources"
)

// gateReach is how many of a service's newest changes the gate looks through.
const gateReach = 200

// Gate answers a deploy tool that asks before it pushes: closed while a hold is
// set, or while a change of the service is held bad. A fix passes by the
// changes it names; that it did goes to the journal.
func (e *Engine) Gate(ctx context.Context, service, environment string, fixes []string) (rollback.Gate, error) {
	service = e.catalogue.Canonical(service)
	holds, err := e.Store.Holds(ctx, e.Now())
	if err != nil {
		return rollback.Gate{}, fmt.Errorf("reading holds: %w", err)
	}
	var obstacles []rollback.Obstacle
	for _, h := range holds {
		if h.Covers(service, environment) {
			obstacles = append(obstacles, held(h))
		}
	}
	bad, err := e.heldBad(ctx, service, environment)
	if err != nil {
		return rollback.Gate{}, err
	}
	g := rollback.Decide(append(obstacles, bad...), fixes)
	if g.Open && g.Reason != "" {
		err = e.notePassed(ctx, service, environment, fixes, g)
	}
	return g, err
}

func held(h store.Hold) rollback.Obstacle {
	why := fmt.Sprintf("held by %s since %s: %s", h.Actor, clockOf(h.At), h.Why)
	return rollback.Obstacle{Why: why, Hold: h.ID, Actor: h.Actor, Since: h.At, Until: h.Until}
}

func clockOf(t time.Time) string { return t.UTC().Format("2006-01-02 15:04 MST") }

// heldBad are the changes of a service that stand in the way: in each slot the
// newest one that succeeded and was no rollback, where it was judged bad by a
// rule that may do more than observe. Our rollback takes it out of production
// and not out of the repository: what is pushed next would bring it back. It
// stops standing in the way when a newer change succeeded, when the rollback
// did not help, or when a person says so.
func (e *Engine) heldBad(ctx context.Context, service, environment string) ([]rollback.Obstacle, error) {
	changes, err := e.Store.Changes(ctx, store.ChangeFilter{Service: service, Environment: environment, Limit: gateReach})
	if err != nil {
		return nil, fmt.Errorf("reading changes: %w", err)
	}
	var bad []rollback.Obstacle
	settled := map[sources.Slot]bool{}
	for _, c := range changes {
		if settled[c.Slot()] || c.Status != sources.Succeeded {
			continue
		}
		echo, err := e.echoes(ctx, c)
		if err != nil {
			return nil, err
		}
		if echo {
			continue
		}
		settled[c.Slot()] = true
		o, err := e.orderOf(ctx, c.Key)
		if err != nil {
			return nil, err
		}
		if o != nil && blamed(c, o.State) {
			bad = append(bad, rollback.Obstacle{Why: badBecause(*o), Change: c.Key, Since: o.CreatedAt})
		}
	}
	return bad, nil
}

// blamed says whether a change with an order still counts as bad. An order
// exists where a rule that may ask or act was certain; a person who rejected it
// said that it was wrong.
func blamed(c store.Change, s rollback.State) bool {
	return s != rollback.Cancelled && c.Standing != store.Good && c.Standing != store.Cleared
}

func badBecause(o rollback.Order) string {
	return fmt.Sprintf("%s %s %s (%s) was judged bad at %s: %s", o.Change.Service, o.Change.Kind, o.Change.Version, o.Key[:8], clockOf(o.CreatedAt), outcome(o))
}

func (e *Engine) notePassed(ctx context.Context, service, environment string, fixes []string, g rollback.Gate) error {
	detail, err := json.Marshal(map[string]any{"service": service, "environment": environment, "fixes": fixes, "passed": g.Obstacles})
	if err != nil {
		return fmt.Errorf("writing down who passed the gate: %w", err)
	}
	return e.Store.Append(ctx, store.Entry{At: e.Now(), ChangeKey: g.Obstacles[0].Change, Actor: "gate", Action: "pass", Detail: detail})
}

// Hold closes the gate of a service, or of all, in a person's name. What is
// held already stays held as it was.
func (e *Engine) Hold(ctx context.Context, h store.Hold) (store.Hold, bool, error) {
	h.Kind, h.At = store.GateHold, e.Now()
	h.Service = e.catalogue.Canonical(h.Service)
	return e.Store.SetHold(ctx, h, func(store.Hold) []store.Outgoing { return nil })
}

// Release ends a hold in a person's name. store.ErrNotFound: none of that id is
// in force.
func (e *Engine) Release(ctx context.Context, id, actor string) (store.Hold, error) {
	now := e.Now()
	holds, err := e.Store.Holds(ctx, now)
	if err != nil {
		return store.Hold{}, err
	}
	for _, h := range holds {
		if h.ID == id {
			return h, e.release(ctx, h, actor, now)
		}
	}
	return store.Hold{}, fmt.Errorf("hold %s: %w", id, store.ErrNotFound)
}

// release tells of the end whoever was told of the beginning.
func (e *Engine) release(ctx context.Context, h store.Hold, actor string, now time.Time) error {
	told, err := e.Store.OutgoingOf(ctx, fleetKey(h))
	if err != nil {
		return fmt.Errorf("reading who was told: %w", err)
	}
	m := e.fleetMessage(h)
	m.Kind, m.Resolved, m.At, m.EndsAt = "resolved", true, now, now
	m.Title = fmt.Sprintf("automatic rollbacks go on: %s released the hold", actor)
	m.Action = ""
	rows := e.outgoing(fleetKey(h)+"/released", fleetKey(h), receiversSince(told, h.At), m)
	released, err := e.Store.ReleaseHold(ctx, h, actor, now, rows...)
	if err != nil {
		return err
	}
	if !released {
		return fmt.Errorf("hold %s: %w", h.ID, store.ErrConflict)
	}
	for _, row := range rows {
		e.enqueue(ctx, messageJob{ID: row.ID, Boot: e.boot})
	}
	return nil
}

// Clear takes the blame off a change, in a person's name, so that it stands in
// nobody's way any more. store.ErrConflict: nothing was held against it.
func (e *Engine) Clear(ctx context.Context, key, actor, why string) error {
	c, err := e.Store.Change(ctx, key)
	if err != nil {
		return fmt.Errorf("change %s: %w", key, err)
	}
	o, err := e.orderOf(ctx, key)
	if err != nil {
		return err
	}
	if c.Standing != store.Condemned && (o == nil || !blamed(c, o.State)) {
		return fmt.Errorf("nothing is held against %s %s: %w", c.Service, c.Version, store.ErrConflict)
	}
	if _, err := e.Store.Clear(ctx, key, actor, why, e.Now()); err != nil {
		return err
	}
	e.listeners.tell(key)
	return nil
}
