package engine

import (
	"context"
	"fmt"
	"time"

	"github.com/pushback/pushback/internal/store"
	"github.com/pushback/pushback/notify"
)

const (
	// holdUpFor is how long a message is tried that later ones of its thread wait for: one
	// that its receiver never takes must not keep the outcome of a rollback from people.
	holdUpFor = time.Hour
	// turnWaitFirst and turnWaitMost bound how often a message asks whether it is its turn.
	turnWaitFirst = time.Second
	turnWaitMost  = 30 * time.Second
)

// takeTurn returns what ends the turn of a message, nil while it is not its turn: a receiver
// gets the messages of one thread in the order in which they were made, so that a late retry
// of "waits" never comes after "rolled back".
//
// See adr/0079.
func (d *deliverer) takeTurn(ctx context.Context, o store.Outgoing) (end func(), err error) {
	thread := "to " + o.Receiver + "/" + o.Message.Key
	if !d.inFlight.begin(thread) {
		return nil, nil
	}
	earlier, err := d.Store.EarlierPending(ctx, o)
	if err != nil || earlier {
		d.inFlight.end(thread)
		return nil, wrapTurn(err, o)
	}
	return func() { d.inFlight.end(thread) }, nil
}

func wrapTurn(err error, o store.Outgoing) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("reading the messages before %s: %w", o.ID, err)
}

// turnWait is how long a message waits until it asks again: longer, the longer it has
// waited, because its receiver is then out of order.
func (d *deliverer) turnWait(o store.Outgoing) time.Duration {
	return min(max(d.Now().Sub(o.CreatedAt)/4, turnWaitFirst), turnWaitMost)
}

// deliverFor is how long a message is tried.
func (d *deliverer) deliverFor(ctx context.Context, o store.Outgoing) time.Duration {
	later, err := d.Store.LaterPending(ctx, o)
	if err != nil {
		d.Log.Warn("cannot read whether later messages wait for one that failed; trying it for a day", "message", o.ID, "error", err)
	}
	if later {
		return holdUpFor
	}
	return deliverFor
}

// sentElsewhere reports whether only another replica can send a message, because its receiver is connected to that
// one. The row is then not leased, so that the other one finds it free.
func (d *deliverer) sentElsewhere(ctx context.Context, id string) (bool, error) {
	if !d.hasAbsent() {
		return false, nil
	}
	o, err := d.Store.Outgoing(ctx, id)
	if err != nil {
		return false, fmt.Errorf("reading message %s: %w", id, err)
	}
	return o.State == store.Pending && absent(d.Senders[o.Receiver]), nil
}

// hasAbsent reports whether one of the receivers is not connected to this replica.
func (d *deliverer) hasAbsent() bool {
	for _, s := range d.Senders {
		if absent(s) {
			return true
		}
	}
	return false
}

func absent(s notify.Sender) bool {
	r, is := s.(notify.Resident)
	return is && !r.Listening()
}
