package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/pushback/pushback/rollback"
	"github.com/pushback/pushback/sources"
)

const selectOrder = `SELECT automatic, state, epoch, claim, created_at, expires_at, decided_at, sent_at, ended_at,
	suspended_until, actor, why, receipt, verification, sent_by, body FROM orders `

func scanOrder(r row) (rollback.Order, error) {
	var o, moved rollback.Order
	var at [6]int64
	var receipt, verification, body string
	err := r.Scan(&moved.Automatic, &moved.State, &moved.Epoch, &moved.Claim, &at[0], &at[1], &at[2], &at[3], &at[4], &at[5],
		&moved.Actor, &moved.Why, &receipt, &verification, &moved.SentBy, &body)
	if err != nil {
		return rollback.Order{}, err
	}
	if err := decode(body, &o); err != nil {
		return rollback.Order{}, err
	}
	o.Automatic, o.State, o.Epoch, o.Claim, o.Actor, o.Why = moved.Automatic, moved.State, moved.Epoch, moved.Claim, moved.Actor, moved.Why
	o.SentBy = ReplicaOf(moved.SentBy)
	for i, field := range []*time.Time{&o.CreatedAt, &o.ExpiresAt, &o.DecidedAt, &o.SentAt, &o.EndedAt, &o.SuspendedUntil} {
		*field = fromMicros(at[i])
	}
	o.Receipt, o.Verification = nil, nil
	if receipt != "" {
		err = decode(receipt, &o.Receipt)
	}
	if verification != "" {
		err = errors.Join(err, decode(verification, &o.Verification))
	}
	return o, err
}

// CreateOrder stores the one order of a change. If the change has an order
// already, stored is that one and created is false. If the change is superseded or
// not known, both are zero. The order takes over the change's suspension.
func (s *Store) CreateOrder(ctx context.Context, o rollback.Order) (stored rollback.Order, created bool, err error) {
	err = s.transact(ctx, func(tx *sql.Tx) error {
		if stored, created, err = createOrder(ctx, tx, o); err != nil || !created {
			return err
		}
		entry, err := createdEntry(stored)
		if err != nil {
			return err
		}
		return appendEntries(ctx, tx, entry)
	})
	if err != nil {
		return rollback.Order{}, false, wrap(err, "create order %s", o.Key)
	}
	return stored, created, nil
}

func createOrder(ctx context.Context, tx executor, o rollback.Order) (stored rollback.Order, created bool, err error) {
	if err := lockSlot(ctx, tx, slotKey(o.Change.Slot())); err != nil {
		return rollback.Order{}, false, err
	}
	if created, err = insertOrder(ctx, tx, o); err != nil {
		return rollback.Order{}, false, err
	}
	stored, err = scanOrder(tx.QueryRowContext(ctx, selectOrder+`WHERE key = $1 AND
		key IN (SELECT key FROM changes WHERE superseded_by = '')`, o.Key))
	if errors.Is(err, sql.ErrNoRows) {
		return rollback.Order{}, false, nil
	}
	return stored, created, err
}

// createdEntry returns the journal entry of a new order, which holds the whole
// order and the verdict behind it.
func createdEntry(o rollback.Order) (Entry, error) {
	return moveEntry(o.Key, "rule "+o.Rule, o.CreatedAt, map[string]any{
		"to": o.State, "order": struct {
			rollback.Order
			Evidence json.RawMessage `json:"evidence"`
		}{o, o.Evidence},
	})
}

// insertOrder inserts the order unless the change has one, or is superseded.
func insertOrder(ctx context.Context, tx executor, o rollback.Order) (bool, error) {
	body, err := encode(o)
	if err != nil {
		return false, err
	}
	return affected(ctx, tx, `
		INSERT INTO orders (key, service, environment, region, automatic, state, epoch, claim, created_at, expires_at,
			decided_at, sent_at, ended_at, suspended_until, actor, why, receipt, body)
		SELECT key, CAST($2 AS TEXT), CAST($3 AS TEXT), CAST($4 AS TEXT), CAST($5 AS BOOLEAN), CAST($6 AS TEXT),
			CAST($7 AS BIGINT), 0, CAST($8 AS BIGINT), CAST($9 AS BIGINT), CAST($10 AS BIGINT), 0, 0,
			suspended_until, CAST($11 AS TEXT), CAST($12 AS TEXT), '', CAST($13 AS TEXT)
		FROM changes WHERE key = $1 AND superseded_by = ''
		ON CONFLICT (key) DO NOTHING`,
		o.Key, o.Change.Service, o.Change.Environment, o.Change.Region, o.Automatic, o.State,
		o.Epoch, micros(o.CreatedAt), micros(o.ExpiresAt), micros(o.DecidedAt), o.Actor, o.Why, body)
}

// cancelOrder cancels the change's order unless a hook may have been called, and
// returns the journal entries to append.
func cancelOrder(ctx context.Context, tx executor, key, why string, now time.Time) ([]Entry, error) {
	cancelled, err := affected(ctx, tx, `
		UPDATE orders SET state = $2, why = $3, ended_at = $4 WHERE key = $1 AND state IN ($5, $6, $7)`,
		key, rollback.Cancelled, why, micros(now), rollback.Proposed, rollback.Approved, rollback.Decided)
	if err != nil || !cancelled {
		return nil, wrap(err, "cancel order")
	}
	entry, err := moveEntry(key, "", now, map[string]any{"to": rollback.Cancelled, "why": why})
	return []Entry{entry}, err
}

// Order returns the order of a change, or ErrNotFound.
func (s *Store) Order(ctx context.Context, key string) (rollback.Order, error) {
	o, err := scanOrder(s.read.QueryRowContext(ctx, selectOrder+`WHERE key = $1`, key))
	return o, wrap(err, "read order %s", key)
}

// OrderStates returns the states of the orders of several changes, as far as there are any.
func (s *Store) OrderStates(ctx context.Context, keys []string) (map[string]rollback.State, error) {
	states := map[string]rollback.State{}
	if len(keys) == 0 {
		return states, nil
	}
	marks, args := oneOf(keys)
	err := eachRow(ctx, s.read, func(r row) error {
		var key string
		var state rollback.State
		err := r.Scan(&key, &state)
		states[key] = state
		return err
	}, `SELECT key, state FROM orders WHERE key IN `+marks, args...)
	return states, wrap(err, "read the states of orders")
}

// Orders lists the orders in any of the states, newest first. No states means
// all; a limit of 0 or less means no limit.
func (s *Store) Orders(ctx context.Context, states []rollback.State, limit int) ([]rollback.Order, error) {
	query, args := selectOrder+`WHERE created_at >= 0`, []any{}
	if len(states) > 0 {
		query, args = withStates(states)
	}
	query += ` ORDER BY created_at DESC, key`
	if limit > 0 {
		query += fmt.Sprintf(` LIMIT %d`, limit)
	}
	found, err := collect(ctx, s.read, scanOrder, query, args...)
	return found, wrap(err, "list orders")
}

func withStates(states []rollback.State) (query string, args []any) {
	marks, args := oneOf(states)
	return selectOrder + `WHERE state IN ` + marks, args
}

// OrderMove is one move of an order from a state to another.
type OrderMove struct {
	Key      string // the order's
	From     []rollback.State
	To       rollback.State // any but Sending, which ClaimOrder alone enters
	Actor    string         // who moves it; "" leaves the actor as it is
	Why      string         // "" leaves the reason as it is
	At       time.Time
	Leased   bool       // move nothing unless this replica holds the order; people need no lease
	Messages []Outgoing // stored in the transaction of the move
}

// MoveOrder moves an order that is in one of the states m.From. False: it is in
// another state by now, and nothing was stored.
func (s *Store) MoveOrder(ctx context.Context, m OrderMove) (ok bool, err error) {
	args := []any{m.Key, m.To, m.Actor, m.Why, micros(decidedAt(m.To, m.At)), micros(endedAt(m.To, m.At))}
	for _, state := range m.From {
		if m.To == rollback.Sending || !state.CanMove(m.To) {
			return false, fmt.Errorf("move order %s: an order cannot move from %s to %s", m.Key, state, m.To)
		}
		args = append(args, state)
	}
	statement := `
		UPDATE orders SET state = $2,
			actor = CASE WHEN CAST($3 AS TEXT) = '' THEN actor ELSE $3 END,
			why = CASE WHEN CAST($4 AS TEXT) = '' THEN why ELSE $4 END,
			decided_at = CASE WHEN CAST($5 AS BIGINT) = 0 THEN decided_at ELSE $5 END,
			ended_at = $6
		WHERE key = $1 AND state IN (` + placeholders(7, len(m.From)) + `)`
	if m.Leased {
		args = append(args, s.holder)
		statement += ` AND holder = ` + placeholders(len(args), 1)
	}
	err = s.transact(ctx, func(tx *sql.Tx) error {
		if ok, err = affected(ctx, tx, statement, args...); err != nil || !ok {
			return err
		}
		return recordMove(ctx, tx, m, map[string]any{"to": m.To, "why": m.Why})
	})
	return ok && err == nil, wrap(err, "move order %s to %s", m.Key, m.To)
}

// recordMove stores the messages of a move and its journal entry, which holds
// detail.
func recordMove(ctx context.Context, tx executor, m OrderMove, detail map[string]any) error {
	if _, err := putOutgoing(ctx, tx, m.Messages...); err != nil {
		return err
	}
	entry, err := moveEntry(m.Key, m.Actor, m.At, detail)
	if err != nil {
		return err
	}
	return appendEntries(ctx, tx, entry)
}

// AskPeople moves a decided order back to proposed, because a person must judge
// what keeps it from being sent. From then on the order is not automatic, and it
// expires at expires. False, and nothing stored, if it is not decided any more.
func (s *Store) AskPeople(ctx context.Context, key, why string, expires, now time.Time, messages ...Outgoing) (ok bool, err error) {
	err = s.transact(ctx, func(tx *sql.Tx) error {
		ok, err = affected(ctx, tx, `
			UPDATE orders SET state = $2, automatic = FALSE, why = $3, expires_at = $4 WHERE key = $1 AND state = $5 AND holder = $6`,
			key, rollback.Proposed, why, micros(expires), rollback.Decided, s.holder)
		if err != nil || !ok {
			return err
		}
		m := OrderMove{Key: key, At: now, Messages: messages}
		return recordMove(ctx, tx, m, map[string]any{"to": rollback.Proposed, "why": why})
	})
	return ok && err == nil, wrap(err, "move order %s back to proposed", key)
}

// NoteWhy stores why a decided order waits, for people to read, and the messages
// that say so. False, and nothing stored, if that is stored already or the order is
// not decided any more.
func (s *Store) NoteWhy(ctx context.Context, key, why string, messages ...Outgoing) (ok bool, err error) {
	err = s.transact(ctx, func(tx *sql.Tx) error {
		ok, err = affected(ctx, tx, `UPDATE orders SET why = $2 WHERE key = $1 AND state = $3 AND why <> $2 AND holder = $4`,
			key, why, rollback.Decided, s.holder)
		if err != nil || !ok {
			return err
		}
		_, err = putOutgoing(ctx, tx, messages...)
		return err
	})
	return ok && err == nil, wrap(err, "note why order %s waits", key)
}

// UntoldReplaced lists the orders that a newer change has cancelled at since or
// later, and about which nobody has been told so.
func (s *Store) UntoldReplaced(ctx context.Context, since time.Time) ([]rollback.Order, error) {
	found, err := collect(ctx, s.read, scanOrder, selectOrder+`
		WHERE state = $1 AND actor = '' AND ended_at >= $2 AND NOT EXISTS (
			SELECT 1 FROM outgoing WHERE change_key = orders.key AND id LIKE 'order/%/cancelled/%')`,
		rollback.Cancelled, micros(since))
	return found, wrap(err, "list orders that newer changes have cancelled")
}

func decidedAt(to rollback.State, now time.Time) time.Time {
	if to == rollback.Decided {
		return now
	}
	return time.Time{}
}

func endedAt(to rollback.State, now time.Time) time.Time {
	if to.Final() {
		return now
	}
	return time.Time{}
}

// RecentRollbacks counts the automatic orders of a slot's service, environment
// and region whose hook may have been called at since or later. The order called
// key does not count.
func (s *Store) RecentRollbacks(ctx context.Context, slot sources.Slot, key string, since time.Time) (n int, err error) {
	err = s.read.QueryRowContext(ctx, `
		SELECT COUNT(*) FROM orders
		WHERE service = $1 AND environment = $2 AND region = $3 AND automatic AND sent_at > 0 AND sent_at >= $4 AND key <> $5`,
		slot.Service, slot.Environment, slot.Region, micros(since), key).Scan(&n)
	return n, wrap(err, "count recent rollbacks")
}
