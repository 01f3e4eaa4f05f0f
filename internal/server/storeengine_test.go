package server

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/pushback/pushback/internal/gate"
	"github.com/pushback/pushback/internal/store"
	"github.com/pushback/pushback/rollback"
	"github.com/pushback/pushback/sources"
)

// storeEngine does the engine's work as far as the store alone can.
type storeEngine struct{ *store.Store }

func (e storeEngine) Accept(ctx context.Context, ev sources.Admitted, raw []byte) (store.Accepted, error) {
	return e.Store.Accept(ctx, ev, raw, testNow)
}

func (e storeEngine) Approve(ctx context.Context, key, actor, why string) error {
	return e.decide(ctx, key, rollback.Approved, actor, why)
}

func (e storeEngine) Reject(ctx context.Context, key, actor, why string) error {
	return e.decide(ctx, key, rollback.Cancelled, actor, why)
}

func (e storeEngine) decide(ctx context.Context, key string, to rollback.State, actor, why string) error {
	moved, err := e.MoveOrder(ctx, store.OrderMove{
		Key: key, From: rollback.Answerable(to), To: to, Actor: actor, Why: why, At: testNow,
	})
	if err == nil && !moved {
		err = fmt.Errorf("order %s is decided already: %w", key, store.ErrConflict)
	}
	return err
}

var approvals = rollback.ApprovalKey("a key of the tests")

func (e storeEngine) CheckLink(ctx context.Context, key, token string) error {
	if err := approvals.CheckMark(key, token); err != nil {
		return err
	}
	o, err := e.Order(ctx, key)
	if err != nil {
		return err
	}
	return approvals.CheckToken(o, token, testNow)
}

func (e storeEngine) Gate(ctx context.Context, service, environment string, fixes []string) (rollback.Gate, error) {
	var obstacles []rollback.Obstacle
	held, err := e.Holds(ctx, testNow)
	for _, h := range held {
		if h.Covers(service, environment) {
			obstacles = append(obstacles, rollback.Obstacle{Why: h.Why, Hold: h.ID, Actor: h.Actor, Since: h.At, Until: h.Until})
		}
	}
	found, err2 := e.Changes(ctx, store.ChangeFilter{Service: service, Environment: environment})
	for _, c := range found {
		if _, err := e.Order(ctx, c.Key); err == nil && c.Standing != store.Cleared {
			obstacles = append(obstacles, rollback.Obstacle{Why: c.Version + " is bad", Change: c.Key})
		}
	}
	return rollback.DecideGate(obstacles, fixes), errors.Join(err, err2)
}

func (e storeEngine) Hold(ctx context.Context, h store.Hold) (store.Hold, bool, error) {
	h.Kind, h.At = store.GateHold, testNow
	return e.SetHold(ctx, h, func(store.Hold) []store.Outgoing { return nil })
}

func (e storeEngine) Release(ctx context.Context, id, actor string) (store.Hold, error) {
	held, err := e.Holds(ctx, testNow)
	for _, h := range held {
		if h.ID == id {
			_, err := e.ReleaseHold(ctx, h, actor, testNow)
			return h, err
		}
	}
	return store.Hold{}, errors.Join(err, store.ErrNotFound)
}

func (e storeEngine) Propose(ctx context.Context, key, actor, why string) (gate.Proposal, error) {
	o, err := e.Order(ctx, key)
	if errors.Is(err, store.ErrNotFound) {
		return gate.Proposal{Notified: []string{"platform-chat"}}, nil
	}
	return gate.Proposal{Order: &o}, err
}

func (e storeEngine) NoteIncident(ctx context.Context, i store.Incident) (store.Incident, error) {
	i.At = testNow
	return e.Store.NoteIncident(ctx, i)
}

func (e storeEngine) RemoveIncident(ctx context.Context, id, actor string) (store.Incident, error) {
	return e.Store.RemoveIncident(ctx, id, actor, testNow)
}

func (e storeEngine) EndIncident(ctx context.Context, id, actor string, end time.Time) (store.Incident, error) {
	return e.Store.EndIncident(ctx, id, actor, end, testNow)
}

func (e storeEngine) Clear(ctx context.Context, key, actor, why string) error {
	cleared, err := e.ClearChange(ctx, key, actor, why, testNow)
	if err == nil && !cleared {
		err = store.ErrConflict
	}
	return err
}
