package store

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/pushback/pushback/notify"
)

// The states of an outgoing message.
const (
	Pending = "pending"
	Sent    = "sent"
	Failed  = "failed"
	Grouped = "grouped" // not sent: its receiver gets one message about the whole fleet instead

	Collecting = "collecting" // about the whole fleet: pending once it is composed of what is folded into it

	Routed  = "routed"  // to a route, which has passed it on
	Waiting = "waiting" // an escalation: pending if nobody has answered until then
	Spared  = "spared"  // an escalation that somebody's answer has made needless
)

// Outgoing is a message to one receiver. The row is the authority; the job that
// sends it carries only the ID.
type Outgoing struct {
	ID        string // messages with the same ID are the same message
	ChangeKey string // the change it is about; "" for none, as where a metric store is out
	Receiver  string
	Message   notify.Message
	State     string // one of those above
	GroupedIn string // of a grouped message: the message that speaks for it
	Attempts  int
	LastError string
	CreatedAt time.Time
	SentAt    time.Time
}

// HeldBack reports whether the message is an escalation that has told nobody.
func (o Outgoing) HeldBack() bool { return o.State == Waiting || o.State == Spared }

const selectOutgoing = `SELECT id, change_key, receiver, state, attempts, last_error, created_at, sent_at, grouped_in, message FROM outgoing `

func scanOutgoing(r row) (Outgoing, error) {
	var o Outgoing
	var created, sent int64
	var message string
	err := r.Scan(&o.ID, &o.ChangeKey, &o.Receiver, &o.State, &o.Attempts, &o.LastError, &created, &sent, &o.GroupedIn, &message)
	if err != nil {
		return Outgoing{}, err
	}
	o.CreatedAt, o.SentAt = fromMicros(created), fromMicros(sent)
	return o, decode(message, &o.Message)
}

// PutOutgoing stores a message to be sent. created is false, and nothing stored,
// if there is one with its ID already.
func (s *Store) PutOutgoing(ctx context.Context, o Outgoing) (created bool, err error) {
	return putOutgoing(ctx, s.write, o)
}

// putOutgoing stores messages, and says whether the last one was new. A message is
// created after all earlier ones to its receiver about its change, though two may be made
// in one moment, or by replicas whose clocks differ: the order of creation is the order
// in which they are sent.
func putOutgoing(ctx context.Context, db executor, messages ...Outgoing) (created bool, err error) {
	for _, o := range messages {
		message, err := encode(o.Message)
		if err != nil {
			return false, wrap(err, "store message %s", o.ID)
		}
		created, err = affected(ctx, db, `
			INSERT INTO outgoing (id, change_key, receiver, state, attempts, last_error, created_at, sent_at, message)
			SELECT CAST($1 AS TEXT), CAST($2 AS TEXT), CAST($3 AS TEXT), CAST($4 AS TEXT), 0, '',
				CASE WHEN MAX(created_at) >= CAST($5 AS BIGINT) THEN MAX(created_at) + 1 ELSE CAST($5 AS BIGINT) END, 0, CAST($6 AS TEXT)
			FROM outgoing WHERE change_key = $2 AND receiver = $3
			ON CONFLICT (id) DO NOTHING`,
			o.ID, o.ChangeKey, o.Receiver, cmp.Or(o.State, Pending), micros(o.CreatedAt), message)
		if err != nil {
			return false, wrap(err, "store message %s", o.ID)
		}
	}
	return created, nil
}

// Outgoing returns the message called id, or ErrNotFound.
func (s *Store) Outgoing(ctx context.Context, id string) (Outgoing, error) {
	o, err := scanOutgoing(s.read.QueryRowContext(ctx, selectOutgoing+`WHERE id = $1`, id))
	return o, wrap(err, "read message %s", id)
}

// PendingOutgoing lists the messages that are to be sent, now or once they are composed or
// due, oldest first.
func (s *Store) PendingOutgoing(ctx context.Context) ([]Outgoing, error) {
	os, err := collect(ctx, s.read, scanOutgoing, selectOutgoing+`WHERE state IN ('pending', 'collecting', 'waiting') ORDER BY created_at, id`)
	return os, wrap(err, "list pending messages")
}

// EarlierPending says whether an earlier message of the thread of o is still to be sent
// to its receiver.
func (s *Store) EarlierPending(ctx context.Context, o Outgoing) (bool, error) {
	return s.anyPending(ctx, o, `state IN ('pending', 'collecting') AND created_at < $3`)
}

// LaterPending says whether a later message of the thread of o is to be sent to its
// receiver.
func (s *Store) LaterPending(ctx context.Context, o Outgoing) (bool, error) {
	return s.anyPending(ctx, o, `state = 'pending' AND created_at > $3`)
}

// anyPending says whether a message of the thread of o that holds is to be sent to its
// receiver.
func (s *Store) anyPending(ctx context.Context, o Outgoing, holds string) (bool, error) {
	found, err := collect(ctx, s.read, scanOutgoing,
		selectOutgoing+`WHERE change_key = $1 AND receiver = $2 AND `+holds, o.ChangeKey, o.Receiver, micros(o.CreatedAt))
	return slices.ContainsFunc(found, func(e Outgoing) bool { return e.Message.Key == o.Message.Key }), wrap(err, "list pending messages beside %s", o.ID)
}

// OutgoingOf lists the messages about a change, oldest first.
func (s *Store) OutgoingOf(ctx context.Context, changeKey string) ([]Outgoing, error) {
	os, err := collect(ctx, s.read, scanOutgoing, selectOutgoing+`WHERE change_key = $1 ORDER BY created_at, id`, changeKey)
	return os, wrap(err, "list messages of change %s", changeKey)
}

// SentOutgoing lists the messages that were sent to a receiver and created at
// since or later, oldest first. Receivers that forget are reminded of these.
func (s *Store) SentOutgoing(ctx context.Context, receiver string, since time.Time) ([]Outgoing, error) {
	os, err := collect(ctx, s.read, scanOutgoing,
		selectOutgoing+`WHERE receiver = $1 AND state = 'sent' AND created_at >= $2 ORDER BY created_at, id`,
		receiver, micros(since))
	return os, wrap(err, "list messages sent to %s", receiver)
}

// FinishOutgoing counts an attempt to send a pending message, and moves it to
// state; Pending means that another attempt follows. False, and nothing stored, if
// the message is not pending any more, or is held by another replica. A message that
// was folded while it was being sent was sent, and is recorded so.
func (s *Store) FinishOutgoing(ctx context.Context, id, state, lastError string, now time.Time) (bool, error) {
	var sent time.Time
	switch state {
	case Sent:
		sent = now
	case Pending, Failed:
	default:
		return false, fmt.Errorf("finish message %s: an attempt cannot end in state %q", id, state)
	}
	ok, err := affected(ctx, s.write, `
		UPDATE outgoing SET state = $2, attempts = attempts + 1, last_error = $3, sent_at = $4
		WHERE id = $1 AND (state = 'pending' OR state = 'grouped' AND $2 = 'sent') AND holder = $5`,
		id, state, lastError, micros(sent), s.holder)
	return ok, wrap(err, "finish message %s", id)
}

// MoveOutgoing moves a message that needs no attempt: one to a route, or an escalation that is
// due or needless. False, and nothing stored, if it is not in state from.
func (s *Store) MoveOutgoing(ctx context.Context, id, from, to string) (bool, error) {
	ok, err := affected(ctx, s.write, `UPDATE outgoing SET state = $3 WHERE id = $1 AND state = $2`, id, from, to)
	return ok, wrap(err, "move message %s to %s", id, to)
}
