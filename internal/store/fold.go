package store

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"github.com/pushback/pushback/notify"
)

// Messages of single changes are folded into one message about the whole fleet, the
// collecting one of their thread and receiver. Each names the message that speaks for
// it, and that one is a row that will be sent: whatever process dies, nothing that was
// folded goes untold.
//
// See adr/0080.

// FoldOutgoing folds a pending message into the collecting message of a thread and the
// same receiver. Where there is none, because there was none yet or the last one is
// composed already, it stores one at now. False, and nothing stored, if the message is
// not pending any more.
func (s *Store) FoldOutgoing(ctx context.Context, id, thread string, m notify.Message, now time.Time) (folded bool, into Outgoing, err error) {
	err = s.transact(ctx, func(tx *sql.Tx) error {
		o, err := scanOutgoing(tx.QueryRowContext(ctx, selectOutgoing+`WHERE id = $1`, id))
		if err != nil || o.State != Pending {
			return err
		}
		if into, err = collecting(ctx, tx, thread, o.Receiver, m, now); err != nil {
			return err
		}
		folded, err = affected(ctx, tx, `UPDATE outgoing SET state = $2, grouped_in = $3 WHERE id = $1 AND state = $4`, id, Grouped, into.ID, Pending)
		return err
	})
	return folded && err == nil, into, wrap(err, "fold message %s", id)
}

// collecting returns the collecting message of a thread for a receiver, and keeps it
// from being composed until the transaction ends. It stores one if there is none.
func collecting(ctx context.Context, tx executor, thread, receiver string, m notify.Message, now time.Time) (Outgoing, error) {
	all, err := collect(ctx, tx, scanOutgoing, selectOutgoing+`WHERE change_key = $1 AND receiver = $2 ORDER BY created_at, id`, thread, receiver)
	if err != nil {
		return Outgoing{}, err
	}
	for _, o := range all {
		// The update changes nothing: it locks the row, and waits for who composes it.
		if open, err := affected(ctx, tx, `UPDATE outgoing SET state = state WHERE id = $1 AND state = $2`, o.ID, Collecting); err != nil || open {
			return o, err
		}
	}
	o := Outgoing{ID: collectingID(thread, receiver, len(all)), ChangeKey: thread, Receiver: receiver, Message: m, State: Collecting, CreatedAt: now}
	created, err := putOutgoing(ctx, tx, o)
	if err == nil && !created {
		err = fmt.Errorf("message %s was stored at the same time: %w", o.ID, ErrConflict)
	}
	return o, err
}

// collectingID names the messages of a thread to a receiver: the first as Messages does,
// and the later ones by how many there were.
func collectingID(thread, receiver string, earlier int) string {
	if earlier == 0 {
		return thread + "/" + receiver
	}
	return fmt.Sprintf("%s/%d/%s", thread, earlier, receiver)
}

// CloseCollecting composes a collecting message from everything that was folded for its
// thread and receiver, oldest first, and makes it pending. Where compose wants nothing
// sent, it becomes grouped itself. False, and nothing stored, if it is not collecting
// any more.
func (s *Store) CloseCollecting(ctx context.Context, id string, compose func(of Outgoing, folded []Outgoing) (m notify.Message, send bool)) (closed bool, err error) {
	err = s.transact(ctx, func(tx *sql.Tx) error {
		// Who folds into this message holds its row, so that nothing is folded unseen.
		if closed, err = affected(ctx, tx, `UPDATE outgoing SET state = $2 WHERE id = $1 AND state = $3`, id, Pending, Collecting); err != nil || !closed {
			return err
		}
		o, err := scanOutgoing(tx.QueryRowContext(ctx, selectOutgoing+`WHERE id = $1`, id))
		if err != nil {
			return err
		}
		folded, err := collect(ctx, tx, scanOutgoing, selectOutgoing+`
			WHERE grouped_in <> '' AND grouped_in IN (SELECT id FROM outgoing WHERE change_key = $1 AND receiver = $2) ORDER BY created_at, id`, o.ChangeKey, o.Receiver)
		if err != nil {
			return err
		}
		m, send := compose(o, folded)
		if !send {
			_, err = tx.ExecContext(ctx, `UPDATE outgoing SET state = $2 WHERE id = $1`, id, Grouped)
			return err
		}
		message, err := encode(m)
		if err != nil {
			return err
		}
		_, err = tx.ExecContext(ctx, `UPDATE outgoing SET message = $2 WHERE id = $1`, id, message)
		return err
	})
	return closed && err == nil, wrap(err, "compose message %s", id)
}
