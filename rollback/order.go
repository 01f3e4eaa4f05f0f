package rollback

import (
	"time"

	"github.com/pushback/pushback/sources"
)

// State is the state of an order. The package comment shows the transitions.
type State string

// The states of an order.
const (
	Proposed  State = "proposed"  // waits for a person
	Approved  State = "approved"  // a person approved it
	Decided   State = "decided"   // waits until the guards permit it
	Sending   State = "sending"   // a replica has claimed it and calls the hook
	Done      State = "done"      // the hook reported success
	Failed    State = "failed"    // the rollback failed, or was not sent
	Unknown   State = "unknown"   // it may have run: the call ended without an answer
	Cancelled State = "cancelled" // a person rejected or cancelled it
	Expired   State = "expired"   // nobody approved it in time
	Refused   State = "refused"   // a guard refused it for good
)

// States are all states of an order.
var States = []State{Proposed, Approved, Decided, Sending, Done, Failed, Unknown, Cancelled, Expired, Refused}

// Unsent are the states in which nothing has been sent, so that a person can still end the order.
var Unsent = []State{Proposed, Approved, Decided}

// Answerable are the states in which a person may move an order to another: what is proposed is approved, and what
// was not sent is cancelled.
func Answerable(to State) []State {
	switch to {
	case Approved:
		return []State{Proposed}
	case Cancelled:
		return Unsent
	}
	return nil
}

// Stoppable reports whether the order waits for something else than a person, and a person can end it.
func (s State) Stoppable() bool { return s == Approved || s == Decided }

// Order is the decision to roll one change back. There is one order for each
// change, however many rules ask for it: its Key is the key of the change.
type Order struct {
	Key            string         `json:"key"`
	Change         sources.Change `json:"change"`
	Rule           string         `json:"rule"`           // the first rule that asked; later rules add evidence
	Team           string         `json:"team,omitempty"` // of the rule; "" in orders that were made before hooks were bound to teams
	Hook           string         `json:"hook"`
	Target         string         `json:"target_version"`
	State          State          `json:"state"`
	Epoch          int64          `json:"epoch"`    // the slot's epoch when the order was made
	Claim          int64          `json:"claim"`    // how often the order entered the state sending
	Evidence       []byte         `json:"evidence"` // the verdict that the order was decided on, as JSON
	CreatedAt      time.Time      `json:"created_at"`
	ExpiresAt      time.Time      `json:"expires_at,omitzero"`
	DecidedAt      time.Time      `json:"decided_at,omitzero"`
	SentAt         time.Time      `json:"sent_at,omitzero"`
	SentBy         string         `json:"sent_by,omitempty"` // the replica that claimed it last, to call the hook
	EndedAt        time.Time      `json:"ended_at,omitzero"`
	Actor          string         `json:"actor,omitempty"` // who approved, rejected or cancelled
	Why            string         `json:"why,omitempty"`   // why it was refused, failed or was rejected, for people
	Receipt        *Receipt       `json:"receipt,omitempty"`
	Verification   *Verification  `json:"verification,omitempty"`   // nil: not verified, or not yet
	SuspendedUntil time.Time      `json:"suspended_until,omitzero"` // until then a newer change of the slot may be rolling out
	Automatic      bool           `json:"automatic"`                // true: the rule acts by itself; false: a person must approve
	Receivers      []string       `json:"tell,omitempty"`           // the receivers that are notified of the outcome
	Runbook        string         `json:"runbook,omitempty"`        // of the rule, for messages
	Watched        time.Duration  `json:"watched,omitempty"`        // how long the rule watches after the change: what the p-values are about; 0 in older orders
}

// TookPlaceAt returns when the rollback took place, as far as is known, and the zero
// time if it did not: from then on the target is the live version. That the hook
// reported success is enough, unless something else was found running. Of an order that
// is unknown or failed, nothing is known.
//
// See adr/0081.
func (o Order) TookPlaceAt() time.Time {
	switch {
	case o.State != Done || o.Verification != nil && o.Verification.State == TargetNotRunning:
		return time.Time{}
	case o.Verification != nil && o.Verification.State == TargetRunning && o.Verification.At.After(o.EndedAt):
		return o.Verification.At
	}
	return o.EndedAt
}
