package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"time"

	"github.com/pushback/pushback/sources"
)

// Incident is a period that a person has declared unusual. Profiles are learned
// without it, and what turned bad in it is no reason against a version.
//
// See adr/0024.
type Incident struct {
	ID          string    // "i3"; set by the store
	Service     string    // "" for all
	Environment string    // "" for all
	From, To    time.Time // To is zero while it goes on
	Why         string
	Actor       string
	At          time.Time // when it was noted
}

const selectIncident = `SELECT id, service, environment, began_at, ended_at, why, actor, noted_at FROM incidents `

func scanIncident(r row) (Incident, error) {
	var i Incident
	var from, to, at int64
	err := r.Scan(&i.ID, &i.Service, &i.Environment, &from, &to, &i.Why, &i.Actor, &at)
	i.From, i.To, i.At = fromMicros(from), fromMicros(to), fromMicros(at)
	return i, err
}

// Open says whether the incident goes on.
func (i Incident) Open() bool { return i.To.IsZero() }

// scope is what an incident covers, until a moment where it goes on.
func (i Incident) scope(until time.Time) scope {
	if !i.Open() {
		until = i.To
	}
	return scope{service: i.Service, environment: i.Environment, from: i.From, to: until}
}

func (i Incident) cause(at time.Time) cause {
	return cause{by: "incident " + i.ID, actor: i.Actor, why: fmt.Sprintf("incident %s: %s", i.ID, i.Why), at: at}
}

// NoteIncident stores an incident and its journal entry, and returns it with its
// ID. It clears the changes that turned bad in it, of one that goes on those that have until now.
func (s *Store) NoteIncident(ctx context.Context, i Incident) (Incident, error) {
	err := s.transact(ctx, func(tx *sql.Tx) error {
		n, err := nextNumber(ctx, tx, "incidents")
		if err != nil {
			return err
		}
		i.ID = fmt.Sprint("i", n)
		_, err = tx.ExecContext(ctx, `
			INSERT INTO incidents (id, service, environment, began_at, ended_at, why, actor, noted_at, removed_at)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 0)`,
			i.ID, i.Service, i.Environment, micros(i.From), micros(i.To), i.Why, i.Actor, micros(i.At))
		if err != nil {
			return err
		}
		cleared, err := clearOutage(ctx, tx, i.scope(i.At), i.cause(i.At))
		if err != nil {
			return err
		}
		return appendEntries(ctx, tx, append(cleared, i.entry("incident", i.Actor, i.At))...)
	})
	return i, wrap(err, "note incident")
}

// EndIncident ends an incident that goes on, in the name of actor, and clears what turned bad in it. ErrNotFound
// if it does not exist or was removed, and ErrConflict if it has ended.
func (s *Store) EndIncident(ctx context.Context, id, actor string, end, now time.Time) (i Incident, err error) {
	err = s.transact(ctx, func(tx *sql.Tx) error {
		ended, err := affected(ctx, tx, `UPDATE incidents SET ended_at = $2 WHERE id = $1 AND ended_at = 0 AND removed_at = 0 AND began_at < $2`, id, micros(end))
		if err != nil {
			return err
		}
		if i, err = scanIncident(tx.QueryRowContext(ctx, selectIncident+`WHERE id = $1 AND removed_at = 0`, id)); err != nil {
			return err
		}
		if !ended {
			return fmt.Errorf("it has ended, or began later: %w", ErrConflict)
		}
		cleared, err := clearOutage(ctx, tx, i.scope(now), i.cause(now))
		if err != nil {
			return err
		}
		return appendEntries(ctx, tx, append(cleared, i.entry("end incident", actor, now))...)
	})
	return i, wrap(err, "end incident %s", id)
}

// Incident returns an incident that was not removed, or ErrNotFound.
func (s *Store) Incident(ctx context.Context, id string) (Incident, error) {
	i, err := scanIncident(s.read.QueryRowContext(ctx, selectIncident+`WHERE id = $1 AND removed_at = 0`, id))
	return i, wrap(err, "read incident %s", id)
}

// OpenIncidents lists the incidents that go on, those that began last first.
func (s *Store) OpenIncidents(ctx context.Context) ([]Incident, error) {
	is, err := collect(ctx, s.read, scanIncident, selectIncident+`WHERE removed_at = 0 AND ended_at = 0 ORDER BY began_at DESC, id`)
	return is, wrap(err, "list open incidents")
}

// PastIncidents lists the incidents that have ended, those that began last first. Before, unless zero, is when the
// last one of the page before began.
func (s *Store) PastIncidents(ctx context.Context, before time.Time, limit int) ([]Incident, error) {
	is, err := collect(ctx, s.read, scanIncident, selectIncident+`WHERE began_at < $1 AND removed_at = 0 AND ended_at > 0 ORDER BY began_at DESC, id LIMIT $2`,
		beforeOrNow(before), limitOr(limit))
	return is, wrap(err, "list past incidents")
}

// RemoveIncident withdraws an incident in the name of actor: profiles are
// learned from its period again, and what it cleared is as it was before. The row stays, because IncidentsChanged needs the
// time of the removal. ErrNotFound if the incident does not exist or was removed.
func (s *Store) RemoveIncident(ctx context.Context, id, actor string, now time.Time) (i Incident, err error) {
	err = s.transact(ctx, func(tx *sql.Tx) error {
		removed, err := affected(ctx, tx, `UPDATE incidents SET removed_at = $2 WHERE id = $1 AND removed_at = 0`, id, micros(now))
		if err == nil && !removed {
			err = ErrNotFound
		}
		if err != nil {
			return err
		}
		if i, err = scanIncident(tx.QueryRowContext(ctx, selectIncident+`WHERE id = $1`, id)); err != nil {
			return err
		}
		if err := restoreCleared(ctx, tx, "incident "+id); err != nil {
			return err
		}
		return appendEntries(ctx, tx, i.entry("remove incident", actor, now))
	})
	return i, wrap(err, "remove incident %s", id)
}

// Incidents lists the incidents that were not removed, oldest first.
func (s *Store) Incidents(ctx context.Context) ([]Incident, error) {
	is, err := collect(ctx, s.read, scanIncident, selectIncident+`WHERE removed_at = 0 ORDER BY began_at, noted_at`)
	return is, wrap(err, "list incidents")
}

// touchingHistory selects the incidents that overlap a history: of service $1 in
// environment $2, between $3 and $4.
const touchingHistory = `WHERE (service = '' OR service = $1) AND (environment = '' OR environment = $2) AND began_at <= $4 AND (ended_at >= $3 OR ended_at = 0) `

// MaskedWindows returns the windows between from and to that no profile of the
// service may be learned from: those in which a bad version was live, and those
// that a person noted as an incident.
func (s *Store) MaskedWindows(ctx context.Context, service, environment string, from, to time.Time) ([]sources.Window, error) {
	masked, err := s.BadWindows(ctx, service, environment, from, to)
	if err != nil {
		return nil, err
	}
	incidents, err := collect(ctx, s.read, scanIncident, selectIncident+touchingHistory+`AND removed_at = 0 ORDER BY began_at`,
		service, environment, micros(from), micros(to))
	for _, i := range incidents {
		if i.Open() {
			i.To = to
		}
		masked = append(masked, sources.Window{From: i.From, To: i.To})
	}
	return masked, wrap(err, "find incidents of %s", service)
}

// IncidentsChanged returns when an incident that overlaps a history was last
// noted or removed, the zero time for never. A profile learned before that must be
// learned again.
func (s *Store) IncidentsChanged(ctx context.Context, service, environment string, from, to time.Time) (time.Time, error) {
	var at int64
	err := s.read.QueryRowContext(ctx, `
		SELECT COALESCE(MAX(CASE WHEN removed_at > noted_at THEN removed_at ELSE noted_at END), 0) FROM incidents `+touchingHistory,
		service, environment, micros(from), micros(to)).Scan(&at)
	return fromMicros(at), wrap(err, "find incidents of %s", service)
}

func (i Incident) entry(action, actor string, at time.Time) Entry {
	detail, err := json.Marshal(struct {
		Incident    string    `json:"incident"`
		Service     string    `json:"service"`
		Environment string    `json:"environment"`
		From        time.Time `json:"from"`
		To          time.Time `json:"to,omitzero"`
		Why         string    `json:"why"`
	}{i.ID, i.Service, i.Environment, i.From, i.To, i.Why})
	if err != nil {
		panic(err) // strings and times always encode
	}
	return Entry{At: at, Actor: actor, Action: action, Detail: detail}
}
