package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/pushback/pushback/notify"
	"github.com/pushback/pushback/rollback"
)

// Settling says who restores a database from what, and the words for people.
type Settling struct {
	At     time.Time
	Actor  string
	Source string // the name of the backup
	Order  func(o rollback.Order) notify.Message
	Page   func(e Ended) []Outgoing
}

// Ended is what a restore has ended, because nobody can tell what became of it since the backup.
type Ended struct {
	Orders   []rollback.Order // as they are now: expired, or unknown where a hook may have been called
	Messages int64            // that were still to be sent
	KnownTo  time.Time        // when the newest thing in the backup happened
}

// epochGap is how much a restore raises every slot's epoch: by more changes than a slot can have
// had since the backup. Deploy tools may refuse an epoch that is lower than one they have seen.
const epochGap = 1_000_000

// SettleRestored settles a database that another tool has restored, such as pg_restore. Nobody may
// use it meanwhile.
func SettleRestored(ctx context.Context, url string, settling Settling) (e Ended, err error) {
	s, err := Open(ctx, url)
	if err != nil {
		return e, err
	}
	defer func() { err = hidePassword(errors.Join(err, s.Close()), url) }()
	if err := s.alone(ctx); err != nil {
		return e, err
	}
	return s.settle(ctx, settling)
}

// settle ends everything in a restored database that would be done again although it may have
// been done since the backup: no order, message or report of before the restore is sent.
// What the guards must know is stored, see LastRestore. All in one transaction.
func (s *Store) settle(ctx context.Context, settling Settling) (e Ended, err error) {
	err = s.transact(ctx, func(tx *sql.Tx) error {
		if e.KnownTo, err = knownTo(ctx, tx); err != nil {
			return err
		}
		if e.Messages, err = endSending(ctx, tx, settling); err != nil {
			return err
		}
		if e.Orders, err = endOrders(ctx, tx, settling); err != nil {
			return err
		}
		if _, err = putOutgoing(ctx, tx, settling.Page(e)...); err != nil {
			return err
		}
		if err := noteRestore(ctx, tx, settling, e.KnownTo); err != nil {
			return err
		}
		entry, err := restoreEntry(settling, e)
		if err != nil {
			return err
		}
		return appendEntries(ctx, tx, entry)
	})
	return e, wrap(err, "settle the restored database")
}

// endSending ends messages and reports that were not sent, and sessions and named tokens, which may
// have been ended since.
func endSending(ctx context.Context, tx executor, settling Settling) (messages int64, err error) {
	why := fmt.Sprintf("not sent: the database was restored from a backup at %s, and nobody can tell whether it was sent since", settling.At.UTC().Format(time.RFC3339))
	result, err := tx.ExecContext(ctx, `UPDATE outgoing SET state = $1, last_error = $2 WHERE state IN ('pending', 'collecting', 'waiting')`, Failed, why)
	if err != nil {
		return 0, wrap(err, "end messages")
	}
	if messages, err = result.RowsAffected(); err != nil {
		return 0, err
	}
	for _, statement := range []string{
		`UPDATE reports SET posted = revision WHERE posted < revision AND remote = ''`,
		`DELETE FROM sessions`,
		`DELETE FROM replicas`,
	} {
		if _, err := tx.ExecContext(ctx, statement); err != nil {
			return 0, err
		}
	}
	if _, err := tx.ExecContext(ctx, `UPDATE tokens SET revoked_at = $1, revoked_by = 'restore' WHERE revoked_at = 0`, micros(settling.At)); err != nil {
		return 0, wrap(err, "revoke tokens")
	}
	if _, err := tx.ExecContext(ctx, `UPDATE slots SET epoch = epoch + $1`, epochGap); err != nil {
		return 0, wrap(err, "raise the epochs")
	}
	return messages, nil
}

// endOrders ends the orders that had not ended in the backup.
func endOrders(ctx context.Context, tx executor, settling Settling) ([]rollback.Order, error) {
	orders, err := collect(ctx, tx, scanOrder, selectOrder+`WHERE state IN ($1, $2, $3, $4) ORDER BY created_at, key`,
		rollback.Proposed, rollback.Approved, rollback.Decided, rollback.Sending)
	for i, o := range orders {
		before := o.State
		o.State, o.EndedAt = rollback.Expired, settling.At
		o.Why = "the database was restored from a backup, and nobody can tell whether this rollback was sent since"
		if before == rollback.Sending {
			o.State = rollback.Unknown
			o.Why = "the database was restored from a backup that was made while the hook was called"
		}
		orders[i] = o
		if _, err := tx.ExecContext(ctx, `UPDATE orders SET state = $2, why = $3, ended_at = $4, holder = '', leased_until = 0 WHERE key = $1`,
			o.Key, o.State, o.Why, micros(o.EndedAt)); err != nil {
			return nil, err
		}
		m := OrderMove{Key: o.Key, At: settling.At, Messages: OrderMessages(o, "restored", settling.Order(o), settling.At)}
		if err := recordMove(ctx, tx, m, map[string]any{"to": o.State, "why": o.Why}); err != nil {
			return nil, err
		}
	}
	return orders, err
}

// noteRestore stores that the database was restored. known_to is the newest thing that the backup
// knew of.
func noteRestore(ctx context.Context, tx executor, settling Settling, knownTo time.Time) error {
	_, err := tx.ExecContext(ctx, `INSERT INTO restores (at, known_to, actor, source) VALUES ($1, $2, $3, $4)`,
		micros(settling.At), micros(knownTo), settling.Actor, settling.Source)
	return wrap(err, "note the restore")
}

// restoreEntry is the journal's entry of a restore.
func restoreEntry(settling Settling, e Ended) (Entry, error) {
	detail, err := json.Marshal(map[string]any{
		"source": settling.Source, "known_to": e.KnownTo, "ended_orders": len(e.Orders), "ended_messages": e.Messages,
	})
	return Entry{At: settling.At, Actor: settling.Actor, Action: "restore", Detail: detail}, err
}

// LastRestore is when the database was last restored from a backup; zero for never.
func (s *Store) LastRestore(ctx context.Context) (time.Time, error) {
	var at int64
	err := s.read.QueryRowContext(ctx, `SELECT COALESCE(MAX(at), 0) FROM restores`).Scan(&at)
	return fromMicros(at), wrap(err, "read when the database was restored")
}
