package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"time"
)

// HoldKind is what a hold stops.
type HoldKind string

// A gate hold closes the gate: deploy tools that ask get a no. A fleet hold
// stops every automatic rollback, and closes the gate as well.
const (
	GateHold  HoldKind = "gate"
	FleetHold HoldKind = "fleet"
)

// Hold is set by a person, or by Pushback when too many changes turn bad at
// once. It ends when it is released, or at Until.
type Hold struct {
	ID          string // "h12"; set by the store
	Kind        HoldKind
	Service     string // "" for all
	Environment string // "" for all
	Why         string
	Actor       string
	At          time.Time
	Since       time.Time // of a fleet hold that is set: what turned bad from then on is cleared; not stored
	Until       time.Time // zero: until it is released
	ReleasedAt  time.Time
	ReleasedBy  string
}

// Covers says whether the hold applies to a service in an environment.
func (h Hold) Covers(service, environment string) bool {
	return (h.Service == "" || h.Service == service) && (h.Environment == "" || h.Environment == environment)
}

const selectHold = `SELECT id, kind, service, environment, why, actor, held_at, held_until, released_at, released_by FROM holds `

func scanHold(r row) (Hold, error) {
	var h Hold
	var at, until, released int64
	err := r.Scan(&h.ID, &h.Kind, &h.Service, &h.Environment, &h.Why, &h.Actor, &at, &until, &released, &h.ReleasedBy)
	h.At, h.Until, h.ReleasedAt = fromMicros(at), fromMicros(until), fromMicros(released)
	return h, err
}

// inForce selects the holds in force at $1.
const inForce = `WHERE released_at = 0 AND (held_until = 0 OR held_until > $1) `

// SetHold stores a hold and the messages about it, which messages makes of the
// stored hold. If a hold of this kind, service and environment is in force already,
// stored is that one, set is false, and nothing is stored.
func (s *Store) SetHold(ctx context.Context, h Hold, messages func(Hold) []Outgoing) (stored Hold, set bool, err error) {
	err = s.transact(ctx, func(tx *sql.Tx) error {
		// The counter's row stays locked until the end of the transaction, so that
		// two replicas cannot set the same hold at once.
		n, err := nextNumber(ctx, tx, "holds")
		if err != nil {
			return err
		}
		same, err := collect(ctx, tx, scanHold, selectHold+inForce+`AND kind = $2 AND service = $3 AND environment = $4 ORDER BY held_at`,
			micros(h.At), h.Kind, h.Service, h.Environment)
		if err != nil {
			return err
		}
		if len(same) > 0 {
			stored = same[0]
			return nil
		}
		stored, set = h, true
		stored.ID = fmt.Sprint("h", n)
		return insertHold(ctx, tx, stored, messages(stored))
	})
	return stored, set && err == nil, wrap(err, "set hold")
}

func insertHold(ctx context.Context, tx executor, h Hold, messages []Outgoing) error {
	_, err := tx.ExecContext(ctx, `
		INSERT INTO holds (id, kind, service, environment, why, actor, held_at, held_until, released_at, released_by)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 0, '')`,
		h.ID, h.Kind, h.Service, h.Environment, h.Why, h.Actor, micros(h.At), micros(h.Until))
	if err != nil {
		return err
	}
	if _, err := putOutgoing(ctx, tx, messages...); err != nil {
		return err
	}
	var entries []Entry
	if h.Kind == FleetHold {
		where := scope{service: h.Service, environment: h.Environment, from: h.Since, to: h.At}
		entries, err = clearOutage(ctx, tx, where, cause{by: "hold " + h.ID, actor: h.Actor, why: fmt.Sprintf("hold %s: %s", h.ID, h.Why), at: h.At})
		if err != nil {
			return err
		}
	}
	return appendEntries(ctx, tx, append(entries, h.entry("hold", h.Actor, h.At))...)
}

// ReleaseHold ends a hold in the name of actor, and stores the messages about
// it. False, and nothing stored, if the hold has ended already or does not exist.
func (s *Store) ReleaseHold(ctx context.Context, h Hold, actor string, now time.Time, messages ...Outgoing) (released bool, err error) {
	err = s.transact(ctx, func(tx *sql.Tx) error {
		released, err = affected(ctx, tx, `
			UPDATE holds SET released_at = $2, released_by = $3
			WHERE id = $1 AND released_at = 0 AND (held_until = 0 OR held_until > $2)`, h.ID, micros(now), actor)
		if err != nil || !released {
			return err
		}
		if _, err := putOutgoing(ctx, tx, messages...); err != nil {
			return err
		}
		return appendEntries(ctx, tx, h.entry("release", actor, now))
	})
	return released && err == nil, wrap(err, "release hold %s", h.ID)
}

// Holds lists the holds in force at a moment, oldest first.
func (s *Store) Holds(ctx context.Context, now time.Time) ([]Hold, error) {
	hs, err := collect(ctx, s.read, scanHold, selectHold+inForce+`ORDER BY held_at, id`, micros(now))
	return hs, wrap(err, "list holds")
}

func (h Hold) entry(action, actor string, at time.Time) Entry {
	detail, err := json.Marshal(struct {
		Hold        string    `json:"hold"`
		Kind        HoldKind  `json:"kind"`
		Service     string    `json:"service"`
		Environment string    `json:"environment"`
		Why         string    `json:"why"`
		Until       time.Time `json:"until,omitzero"`
	}{h.ID, h.Kind, h.Service, h.Environment, h.Why, h.Until})
	if err != nil {
		panic(err) // strings and times always encode
	}
	return Entry{At: at, Actor: actor, Action: action, Detail: detail}
}
