package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/pushback/pushback/internal/crashpoint"
	"github.com/pushback/pushback/rollback"
)

// mayBeSent is the condition under which an order may enter sending at $2: its
// change is neither superseded nor suspended, and the order has not expired.
const mayBeSent = ` AND suspended_until <= $2 AND (expires_at = 0 OR expires_at > $2)
	AND key IN (SELECT key FROM changes WHERE key = $1 AND superseded_by = '')`

// ClaimOrder gives the right to call the hook to exactly one caller. It succeeds
// if the order is decided and leased to this replica, was made for epoch, and its
// change is neither superseded nor suspended at now. FinishOrder takes the returned
// claim.
//
// epoch is compared with the order's own and not with the slot's present one:
// a newer change that failed has raised the slot's epoch, and lets this one
// resume. What a newer change forbids is stored in the order and the change, by
// the transaction that stored the newer change. The messages are stored in the
// transaction of the claim.
//
// See adr/0034.
func (s *Store) ClaimOrder(ctx context.Context, key string, epoch int64, now time.Time, messages ...Outgoing) (claim int64, ok bool, err error) {
	claim, ok, err = s.claim(ctx, OrderMove{Key: key, At: now, Messages: messages}, `
		UPDATE orders SET state = $3, claim = claim + 1, sent_at = $2, sent_by = $6
		WHERE key = $1 AND state = $4 AND epoch = $5 AND holder = $6`+mayBeSent+` RETURNING claim`,
		key, micros(now), rollback.Sending, rollback.Decided, epoch, s.holder)
	return claim, ok, wrap(err, "claim order %s", key)
}

// ReclaimOrder takes over an order whose sender, under claim, has died. Use it
// for hooks declared idempotent only: any other could run twice. SentAt stays the
// time of the first call.
func (s *Store) ReclaimOrder(ctx context.Context, key string, claim int64, now time.Time) (next int64, ok bool, err error) {
	next, ok, err = s.claim(ctx, OrderMove{Key: key, At: now}, `
		UPDATE orders SET claim = claim + 1, sent_by = $5
		WHERE key = $1 AND state = $3 AND claim = $4 AND holder = $5`+mayBeSent+` RETURNING claim`,
		key, micros(now), rollback.Sending, claim, s.holder)
	return next, ok, wrap(err, "reclaim order %s", key)
}

// claim runs a claiming statement with the slot locked, so that no newer change
// can be stored at the same time.
func (s *Store) claim(ctx context.Context, m OrderMove, statement string, args ...any) (claim int64, ok bool, err error) {
	err = s.transact(ctx, func(tx *sql.Tx) error {
		if err := lockSlotOfChange(ctx, tx, m.Key); err != nil {
			return err
		}
		defer crashpoint.Reach(crashpoint.BeforeClaim)
		if err := tx.QueryRowContext(ctx, statement, args...).Scan(&claim); err != nil {
			return err
		}
		return recordMove(ctx, tx, m, map[string]any{"to": rollback.Sending, "claim": claim, "replica": ReplicaOf(s.holder)})
	})
	crashpoint.Reach(crashpoint.AfterClaim)
	if errors.Is(err, sql.ErrNoRows) {
		return 0, false, nil
	}
	return claim, err == nil, err
}

// lockSlotOfChange locks the slot of the change called key. sql.ErrNoRows if
// there is no such change.
func lockSlotOfChange(ctx context.Context, tx executor, key string) error {
	var slot string
	if err := tx.QueryRowContext(ctx, `SELECT slot FROM changes WHERE key = $1`, key).Scan(&slot); err != nil {
		return err
	}
	return lockSlot(ctx, tx, slot)
}

// NoteReceipt stores what is known of a hook call that is still running. It
// stores nothing unless claim is the order's present one.
func (s *Store) NoteReceipt(ctx context.Context, key string, claim int64, r rollback.Receipt) error {
	receipt, err := encode(r)
	if err != nil {
		return wrap(err, "note receipt of order %s", key)
	}
	_, err = s.write.ExecContext(ctx, `UPDATE orders SET receipt = $3 WHERE key = $1 AND claim = $2 AND state = $4 AND holder = $5`,
		key, claim, receipt, rollback.Sending, s.holder)
	return wrap(err, "note receipt of order %s", key)
}

// NoteProgress stores how far the rollout has come that a hook follows, as the status
// of the order's receipt, whose other fields stay. With messages, it stores these and a
// journal entry as well. False, and nothing stored, unless claim is the order's present
// one, and if the same is stored already.
func (s *Store) NoteProgress(ctx context.Context, key string, claim int64, progress string, at time.Time, messages ...Outgoing) (ok bool, err error) {
	err = s.transact(ctx, func(tx *sql.Tx) error {
		o, err := scanOrder(tx.QueryRowContext(ctx, selectOrder+`WHERE key = $1`, key))
		if err != nil {
			return err
		}
		var now rollback.Receipt
		if o.Receipt != nil {
			now = *o.Receipt
		}
		if now.Status == progress && len(messages) == 0 {
			return nil
		}
		now.At, now.Status = at, progress
		receipt, err := encode(now)
		if err != nil {
			return err
		}
		ok, err = affected(ctx, tx, `UPDATE orders SET receipt = $3 WHERE key = $1 AND claim = $2 AND state = $4 AND holder = $5`,
			key, claim, receipt, rollback.Sending, s.holder)
		if err != nil || !ok || len(messages) == 0 {
			return err
		}
		return recordMove(ctx, tx, OrderMove{Key: key, At: at, Messages: messages}, map[string]any{"in": rollback.Sending, "progress": progress})
	})
	return ok && err == nil, wrap(err, "note the progress of order %s", key)
}

// OrderResult is the result of calling a hook for an order.
type OrderResult struct {
	Key      string         // the order's
	Claim    int64          // under which the hook was called
	State    rollback.State // Done, Failed or Unknown
	Receipt  rollback.Receipt
	Why      string // the hook's error; "" where there was none
	At       time.Time
	Messages []Outgoing // stored in the transaction of the result
}

// FinishOrder stores the result of a hook call, and begins the recovery watch of what is done. False, and nothing stored, if
// another replica holds the order now or the order has ended.
func (s *Store) FinishOrder(ctx context.Context, r OrderResult) (ok bool, err error) {
	if !rollback.Sending.CanMove(r.State) {
		return false, fmt.Errorf("finish order %s: an order cannot move from sending to %s", r.Key, r.State)
	}
	receipt, err := encode(r.Receipt)
	if err != nil {
		return false, wrap(err, "finish order %s", r.Key)
	}
	err = s.transact(ctx, func(tx *sql.Tx) error {
		ok, err = affected(ctx, tx, `
			UPDATE orders SET state = $2, receipt = $3, why = $4, ended_at = $5
			WHERE key = $1 AND state = $6 AND claim = $7 AND holder = $8`,
			r.Key, r.State, receipt, r.Why, micros(r.At), rollback.Sending, r.Claim, s.holder)
		if err != nil || !ok {
			return err
		}
		defer crashpoint.Reach(crashpoint.BeforeOutcome)
		if r.State == rollback.Done {
			if err := s.beginRecovery(ctx, tx, r.Key, r.At); err != nil {
				return err
			}
		}
		m := OrderMove{Key: r.Key, At: r.At, Messages: r.Messages}
		return recordMove(ctx, tx, m, map[string]any{
			"to": r.State, "why": r.Why, "claim": r.Claim, "receipt": r.Receipt, "replica": ReplicaOf(s.holder),
		})
	})
	crashpoint.Reach(crashpoint.AfterOutcome)
	return ok && err == nil, wrap(err, "finish order %s", r.Key)
}
